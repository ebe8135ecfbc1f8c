"""After a load all awaited rows are waited for, whatever else comes, and then nothing more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, cast

from streambench.kafka.raw_rows import NO_ROWS, RawRow, RawRows
from streambench.model.windows import Tumbling
from streambench.oracle.expected import Due
from streambench.trial.last_rows import Awaited, LastRows, read_last_rows
from streambench.trial.own_rows import OwnRows
from tests.oracle.stand_in import COUNT, keyed_windows, pairs, query

MUST = keyed_windows([("a", 0), ("b", 0), ("a", 100)])


def row(offset: int, value: Any) -> RawRow:
    return RawRow(0, offset, 1, 1, None, json.dumps(value).encode())


def result(offset: int, key: str, start_ms: int) -> RawRow:
    return row(offset, {"key": key, "window_start": start_ms, "n": 1})


class Polled:
    """A reader that has the rows of one look after another, and then none."""

    def __init__(self, looks: Iterable[list[RawRow]]) -> None:
        self._looks: Iterator[list[RawRow]] = iter(looks)
        self.polls = 0

    def poll(self) -> RawRows:
        self.polls += 1
        return RawRows.of(next(self._looks, [])) if self._looks else NO_ROWS


def read(*looks: list[RawRow], missing_s: float = 60.0) -> tuple[LastRows, Polled]:
    reader = Polled(looks)
    bed = SimpleNamespace(reader=reader, supervisor=SimpleNamespace(deaths=lambda: ()))
    awaited = Awaited(MUST, missing_s=missing_s, silence_s=0.0)
    return read_last_rows(cast(Any, bed), query(COUNT), awaited), reader


def test_it_reads_on_until_every_awaited_row_has_come() -> None:
    strange = [result(5, "a", 200), result(6, "c", 0), row(7, {"key": "b"})]
    looks = [[result(0, "a", 0), result(1, "a", 0)], [], strange, [result(8, "b", 0)], []]
    last, reader = read(*looks, [result(9, "a", 100)])
    assert not last.timed_out
    assert reader.polls > len(looks) + 1
    assert last.rows.column("offset").to_pylist() == [0, 1, 5, 6, 8, 9]
    assert (last.malformed_count, [each.offset for each in last.malformed]) == (1, [7])


def test_what_never_comes_is_given_up_and_told() -> None:
    last, _ = read([result(0, "a", 0), result(1, "b", 0)], missing_s=0.2)
    assert last.timed_out
    assert last.rows.num_rows == 2


def test_without_any_row_the_columns_are_there() -> None:
    last, _ = read(missing_s=0.1)
    assert last.timed_out
    assert last.rows.num_rows == 0
    assert "window_start_ms" in last.rows.column_names


def test_what_comes_of_a_load_before_is_not_this_ones() -> None:
    own = OwnRows()
    own.sent("probe", 1_234)
    own.played(
        Due(keyed_windows([("a", 0)]), keyed_windows([("a", 0), ("b", 0)])), event_offset_ms=700
    )
    looks = [result(0, "b", 700), result(1, "b", 0), result(2, "a", 800), result(3, "b", 700)]
    looks += [result(4, "a", 0), result(5, "b", 0), result(6, "a", 100)]
    last, _ = read(looks)
    found = own.among(last.rows, Tumbling(100))
    # Of own records all, of a load before only what came again.
    assert set(pairs(found)) == {("probe", 1_200), ("b", 700)}
