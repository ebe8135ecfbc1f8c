"""Expressions over timestamps, and what each means for a record, in plain Python: ms since 1970 in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from streambench.model.expression import FieldType
from streambench.model.workload import Field
from tests.workload.meaning_tables import Meaning, Record, Table, remainder

FIELDS = (
    Field("a", FieldType.TIMESTAMP, None),
    Field("b", FieldType.TIMESTAMP, None, nullable=True),
    Field("k", FieldType.BIGINT, None),
)


def ms(text: str) -> int:
    """An instant, in UTC where it names no zone."""
    instant = datetime.fromisoformat(text)
    return round((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() * 1_000)


TIMES = (
    "2013-01-01",
    "2013-01-01 00:00:00.001",
    "1969-12-31 23:59:59.999",
    "1970-01-01",
    "9999-12-31",
)
RECORDS: tuple[Record, ...] = tuple(
    {"a": ms(a), "b": None if b is None else ms(b), "k": k}
    for a in TIMES
    for b in (*TIMES, None)
    for k in (-7, 1_356_998_400_000)
)

VALUES: Mapping[str, Meaning] = {
    "a": lambda r: r["a"],
    "b": lambda r: r["b"],
    "cast(a as bigint)": lambda r: r["a"],
    "cast(a as bigint) % 86400000": lambda r: remainder(r["a"], 86_400_000),
    "cast(b as bigint) - cast(a as bigint)": lambda r: None if r["b"] is None else r["b"] - r["a"],
    "cast(a as bigint) / 1000": lambda r: r["a"] / 1000.0,
    "coalesce(b, a)": lambda r: r["a"] if r["b"] is None else r["b"],
    "coalesce(b, timestamp '2013-01-01 00:00:00.001')": lambda r: (
        1_356_998_400_001 if r["b"] is None else r["b"]
    ),
    "case when k > 0 then a else date '2013-01-01' end": lambda r: (
        r["a"] if r["k"] > 0 else 1_356_998_400_000
    ),
    "case when k > 0 then a end": lambda r: r["a"] if r["k"] > 0 else None,
}
CONDITIONS: Mapping[str, Meaning] = {
    "a < b": lambda r: None if r["b"] is None else r["a"] < r["b"],
    "a = timestamp '2013-01-01'": lambda r: r["a"] == 1_356_998_400_000,
    "a >= timestamp '2013-01-01T01:00:00.001+01:00'": lambda r: r["a"] >= 1_356_998_400_001,
    "a < date '1970-01-01'": lambda r: r["a"] < 0,
    "timestamp '1970-01-01T00:00Z' > a": lambda r: r["a"] < 0,
    "a between date '1970-01-01' and date '2013-01-01'": lambda r: 0 <= r["a"] <= 1_356_998_400_000,
    "a in (date '2013-01-01', timestamp '1969-12-31 23:59:59.999')": lambda r: (
        r["a"] in (1_356_998_400_000, -1)
    ),
    "b not in (date '2013-01-01', date '1970-01-01')": lambda r: (
        None if r["b"] is None else r["b"] not in (1_356_998_400_000, 0)
    ),
    "b is null and a < date '1970-01-01'": lambda r: r["b"] is None and r["a"] < 0,
}

INSTANTS = Table(FIELDS, RECORDS, CONDITIONS, {**VALUES, **CONDITIONS})
