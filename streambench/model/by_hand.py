"""What a query has that its author wrote himself, in files beside the declaration."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from streambench.model.expression import FieldReference, ValueType


class HandFile(enum.Enum):
    """A file that may lie beside `workload.toml`, by its name."""

    ORACLE = "oracle.sql"
    FLINK = "flink.sql"
    SPARK_SQL = "spark.sql"
    SPARK = "spark.py"
    KAFKA_STREAMS = "KafkaStreams.java"
    CONSUMER = "consumer.py"


@dataclass(frozen=True)
class GivenColumn:
    """A column of a row of output, beside the group and the window; `nullable`: it may have no value.

    A double may lie `within` so much of the right value; None: within a billionth of it.
    """

    name: str
    type: ValueType
    nullable: bool = False
    within: float | None = None


@dataclass(frozen=True)
class HandText:
    """A file as it was read, and where it lies."""

    file: HandFile
    path: str
    text: str


@dataclass(frozen=True)
class ByHand:
    """Rows as `[query.columns]` declares them, and the programs that make them.

    `keys` are the fields of a row's group, of which records need not have all. `files` are those that are there.
    """

    keys: tuple[FieldReference, ...]
    columns: tuple[GivenColumn, ...]
    files: tuple[HandText, ...] = ()

    def text_of(self, file: HandFile) -> HandText | None:
        """A file; None where it is not there."""
        return next((each for each in self.files if each.file is file), None)
