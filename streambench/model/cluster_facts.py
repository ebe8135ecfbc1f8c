"""What a cluster of an engine that streambench did not start says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

VERSION_THERE: Final = "version that runs there"
"""What an engine says only once a job runs, among its own words in a trial's record."""


@dataclass(frozen=True)
class ClusterFacts:
    """The version that runs there, and settings in effect; None is what the cluster does not tell.

    Of several processes that differ values are joined by ` | `.
    """

    version: str | None = None
    settings: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class ClusterFound:
    """What was seen before a job is given to a cluster: in words, as facts, and what weakens a run's word."""

    shown: str
    facts: ClusterFacts
    notes: tuple[str, ...] = ()
