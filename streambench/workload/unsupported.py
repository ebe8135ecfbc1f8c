"""Keys that users try and that there are not, each with what is nearest to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from streambench.workload.field_schema import GeneratedField
from streambench.workload.schema import QuerySpec, ReplaySpec, ShapeSpec, SyntheticSpec, WindowSpec

_RANGE: Final = "{ int = [low, high] }"
_REAL: Final = "{ double = [low, high] }"
_CHOICE: Final = "{ choice = … }"
_OF_A_QUERY: Final = "a query of one input: where, group_by, window, grace, select and having"
_LOOKUP: Final = "lookup, which joins records with a small table"
_BY_HAND: Final = "columns, for a query by hand (docs/by-hand-workloads.md)"
_TUMBLING: Final = "windows that follow each other, tumbling"
_HOPPING: Final = "windows that overlap, hopping"

NEAREST: Final[Mapping[type[BaseModel], Mapping[str, str]]] = {
    WindowSpec: {
        **dict.fromkeys(("cumulate", "cumulative", "global", "count", "rows"), _TUMBLING),
        **dict.fromkeys(("sliding", "hop"), _HOPPING),
        "gap": "a session, which has it",
    },
    QuerySpec: {
        **dict.fromkeys(("join", "joins", "left_join", "table", "tables"), _LOOKUP),
        **dict.fromkeys(("union", "from", "with"), _OF_A_QUERY),
        **dict.fromkeys(("sql", "by_hand", "program", "output", "rows"), _BY_HAND),
        **dict.fromkeys(
            ("order_by", "limit", "top", "distinct"), "select, every row of which is checked"
        ),
        **dict.fromkeys(
            ("emit", "trigger", "early", "retract"), "final results, one for each window"
        ),
        **dict.fromkeys(("keys", "partition_by"), "group_by"),
        "key": "group_by, or key in [input]: what records are keyed by in Kafka",
        **dict.fromkeys(("aggregate", "aggregates", "sum", "avg"), "select"),
    },
    GeneratedField: {
        **dict.fromkeys(("float", "number", "real", "normal", "uniform"), _REAL),
        **dict.fromkeys(("bigint", "integer", "long", "range", "min", "max"), _RANGE),
        **dict.fromkeys(("string", "text", "uuid", "values", "enum"), _CHOICE),
        "boolean": "{ bool = share }",
        **dict.fromkeys(("date", "time"), "timestamp, or the event time that every record has"),
        **dict.fromkeys(("nulls", "optional", "nullable"), "null, a share"),
        **dict.fromkeys(("log", "loguniform", "magnitude"), "int with by_magnitude = true"),
        **dict.fromkeys(("sequence", "counter", "id", "serial"), "growing"),
    },
    SyntheticSpec: {
        **dict.fromkeys(("file", "path", "csv", "parquet", "json"), "replay, the name of a file"),
        **dict.fromkeys(
            ("topic", "broker", "kafka"), "records that are made, or replayed from a file"
        ),
        **dict.fromkeys(("format", "schema"), "JSON, which all records are"),
        **dict.fromkeys(("keys", "keyed_by", "partition_by"), "key, a field of the records"),
        "seed": "--seed of `streambench run`",
        "duration": "--duration of `streambench run`",
    },
    ReplaySpec: dict.fromkeys(
        ("topic", "broker", "kafka"), "records that are replayed from a file"
    ),
    ShapeSpec: dict.fromkeys(("square", "spikes", "random", "poisson"), "bursts"),
}


def nearest_supported(model: type[BaseModel], key: str) -> str | None:
    """What is nearest to a key that is not supported; None for a key that nobody expects."""
    return NEAREST.get(model, {}).get(key.lower())
