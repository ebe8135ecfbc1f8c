"""What the records of the input are keyed by in Kafka, where that is not the group of the query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class KeyFields:
    """The text of these fields (`workload.keys`), by their names."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class NoKey:
    """Records have no key, and go round the partitions."""


RecordKey: TypeAlias = KeyFields | NoKey
