"""The cases that are drawn have in them what can go wrong, and what is wrong with rows is found."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

from tests.properties.agreement import disagreements, json_object, written_rows
from tests.properties.cases import Case
from tests.properties.documents import workload_of
from tests.properties.in_oracle import expected_of, verdict_on
from tests.properties.meaning import meant
from tests.properties.sizes import drawn_cases


@cache
def drawn() -> list[Case]:
    return drawn_cases(150, 10)


def kinds(case: Case) -> Iterator[str]:
    """What there is in a case."""
    spans = case.spans
    yield "session" if spans.gap_ms else "hop" if spans.every_ms < spans.size_ms else "tumble"
    yield from (fold.function for fold in case.folds)
    yield from ("filter" for fold in case.folds if fold.filter is not None)
    yield f"{len(case.keys)} keys"
    yield f"{len({event.partition for event in case.events})} partitions"
    for name in ("where", "having", "lets"):
        if getattr(case, name):
            yield name
    if spans.offset_ms:
        yield "offset"
    if any(a.at_ms > b.at_ms for a, b in itertools.pairwise(case.events)):
        yield "disorder"
    if any(value is None for event in case.events for value in case.sent(event.row).values()):
        yield "no value"
    yield f"{len(case.tables)} tables"
    if any(key in table.names for table in case.tables for key in case.keys):
        yield "a group that is looked up"
    for table in case.tables:
        keys = {key for key, _ in table.rows}
        for event in case.events:
            yield "a row of a table" if event.row[table.on.name] in keys else "no row of a table"
    times_ms: dict[object, list[int]] = {}
    for event in case.events:
        group = tuple(event.row[key] for key in case.keys)
        times_ms.setdefault(group, []).append(event.at_ms)
    apart_ms = {b - a for each in times_ms.values() for a, b in itertools.pairwise(sorted(each))}
    if spans.gap_ms and spans.gap_ms in apart_ms:
        yield "a gap exactly"
    if spans.gap_ms and spans.gap_ms + 1 in apart_ms:
        yield "a millisecond more"


def test_all_that_can_go_wrong_is_drawn() -> None:
    found = {kind for case in drawn() for kind in kinds(case)}
    assert found == {
        *("session", "hop", "tumble", "offset", "disorder", "no value", "where", "having", "lets"),
        *("a gap exactly", "a millisecond more", "filter", "1 keys", "2 keys", "3 keys"),
        *("1 partitions", "2 partitions", "3 partitions"),
        *("0 tables", "1 tables", "2 tables", "a group that is looked up"),
        *("a row of a table", "no row of a table"),
        *("count", "count distinct", "sum", "min", "max", "avg", "first", "last"),
        *("var_pop", "var_samp", "stddev_pop", "stddev_samp"),
    }


def test_a_row_that_is_lost_doubled_or_wrong_is_found(tmp_path: Path) -> None:
    tried = 0
    for number, case in enumerate(drawn()):
        due = meant(case)
        rows = written_rows(case, due)
        if not rows or not all(row.sure for row in due.values()):
            continue
        workload = workload_of(case, tmp_path / str(number))
        expected = expected_of(case, workload, tmp_path / str(number) / "columns")
        members = json.loads(rows[0], parse_float=Decimal)
        moved = json_object({**members, "window_start": members["window_start"] + 1}).encode()
        for changed in (rows[1:], [*rows, rows[0]], [moved, *rows[1:]]):
            assert disagreements(case, due, changed)
            assert verdict_on(case, workload, expected, changed)
        assert disagreements(case, due, rows) == []
        tried += 1
        if tried == 20:
            return
    raise AssertionError("too few cases have rows")
