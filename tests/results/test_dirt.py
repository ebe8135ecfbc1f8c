"""What a dirty record did is told from rows: each outcome by rows that a script writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from streambench.load.trace import Trace, compile_trace
from streambench.model.columns import bound_columns, value_column
from streambench.model.dirt import (
    CameBack,
    Dirt,
    DirtEffect,
    DirtKind,
    DirtyInstant,
    OthersLost,
    PassedOver,
    StoppedForGood,
    TakenIn,
)
from streambench.model.plan import EventClock
from streambench.oracle.expected import Expected, expect
from streambench.results.dirt import DirtyLoad, dirt_effects
from streambench.trial.dirt_watch import DirtSeen, SaidBehind, StoppedAt
from streambench.workload.locate import find
from streambench.workload.parse import load_workload

WORKLOAD = load_workload(find("dirt"))
ALIASES = ("orders", "turnover", "smallest")
AT_MS = 3_000
OFFSET_MS = 1_000_000_000
START_MS = 1_000_000_500.0


@dataclasses.dataclass(frozen=True)
class Played:
    """A load with one or two dirty records, what is expected of it, and its right rows."""

    trace: Trace
    clean: Expected
    counted: Expected

    @property
    def due_ms(self) -> list[int]:
        return [(quantum + 1) * 5 for quantum in self.trace.dirt.column("quantum").to_pylist()]

    def rows(self, expected: Expected | None = None) -> list[dict[str, Any]]:
        """As they would come 100 ms behind their closing instants."""
        of = expected or self.clean
        table = of.table.filter(of.table.column("must"))
        quanta = table.column("closing_quantum").fill_null(of.quanta - 1).to_numpy()
        return [
            {
                "key": row["key"],
                "window_start_ms": row["window_start_ms"] + OFFSET_MS,
                "appended_ms": int(START_MS + (quantum + 1) * 5 + 100),
                "partition": 0,
                "offset": offset,
                **{value_column(alias): row[bound_columns(alias)[0]] for alias in ALIASES},
            }
            for offset, (row, quantum) in enumerate(zip(table.to_pylist(), quanta, strict=True))
        ]

    def effects(
        self,
        rows: list[dict[str, Any]],
        *,
        said: Mapping[str, Any] | None = None,
        stopped: StoppedAt | None = None,
        malformed: tuple[str, ...] = (),
        timed: bool = True,
    ) -> tuple[DirtEffect, ...]:
        seen = tuple(SaidBehind(due, **(said or {})) for due in self.due_ms)
        return dirt_effects(
            DirtyLoad(
                self.trace.dirt,
                DirtSeen(seen, stopped),
                pa.Table.from_pylist(rows),
                malformed,
                self.clean,
                self.counted,
                WORKLOAD.query,
                START_MS,
                OFFSET_MS,
                5,
                until_ms=10_000.0,
                timed=timed,
            )
        )

    def own(self, rows: list[dict[str, Any]], at: int = 0) -> dict[str, Any]:
        """The row of the group and window that the dirty record falls into."""
        fact = self.trace.dirt.to_pylist()[at]
        start = fact["event_ms"] // 500 * 500 + OFFSET_MS
        (found,) = (r for r in rows if (r["key"], r["window_start_ms"]) == (fact["key"], start))
        return found


Make = Callable[..., Played]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    cache = tmp_path_factory.mktemp("traces")
    made: dict[tuple[DirtKind, ...], Played] = {}

    def of(*kinds: DirtKind) -> Played:
        if kinds not in made:
            instants = tuple(
                DirtyInstant(kind, AT_MS + 3_000 * number) for number, kind in enumerate(kinds)
            )
            dirty = dataclasses.replace(WORKLOAD, dirt=Dirt(instants))
            trace = compile_trace(
                dirty, duration_ms=10_000, seed=1, cache=cache, rate_per_s=2_000
            )
            clean = expect(trace, WORKLOAD.query, EventClock.PER_PARTITION)

            @dataclasses.dataclass(frozen=True)
            class With:
                columns_glob: str = trace.counted_glob
                meta: Any = trace.meta

            made[kinds] = Played(
                trace, clean, expect(With(), WORKLOAD.query, EventClock.PER_PARTITION)
            )
        return made[kinds]

    return of


def test_left_out_and_said_so(make: Make) -> None:
    played = make(DirtKind.NOT_JSON)
    line = "2026 WARN worker left out record 5"
    (silent,), (told,) = (
        played.effects(played.rows()),
        played.effects(played.rows(), said={"lines": (line,), "counted": 1}),
    )
    assert (silent.dirt, silent.due_ms, silent.partition) == (DirtKind.NOT_JSON, AT_MS, 0)
    assert silent.outcome == PassedOver(None)
    assert told.outcome == PassedOver(f"its own counter rose by 1; its log: {line}")
    assert silent.right is told.right is True


def test_a_good_record_that_is_left_out_is_not_right(make: Make) -> None:
    played = make(DirtKind.UNKNOWN_FIELD)
    (effect,) = played.effects(played.rows())
    assert effect.outcome == PassedOver(None)
    assert effect.right is False


@pytest.mark.parametrize(
    "kind",
    [DirtKind.UNKNOWN_FIELD, DirtKind.NULL_KEY, DirtKind.NULL_NUMBER, DirtKind.MISSING_FIELD],
)
def test_counted_as_it_should_be(make: Make, kind: DirtKind) -> None:
    played = make(kind)
    (effect,) = played.effects(played.rows(played.counted))
    assert isinstance(effect.outcome, TakenIn)
    assert effect.right is True
    (row,) = effect.outcome.rows
    own = played.own(played.rows())
    changed = {each.alias: (each.clean, each.got) for each in row.values}
    orders = own["value:orders"]
    assert changed["orders"] == (str(orders), str(orders + 1))
    if kind in (DirtKind.NULL_NUMBER, DirtKind.MISSING_FIELD):
        assert set(changed) == {"orders"}  # the sum leaves it out
    else:
        assert "turnover" in changed


def test_a_missing_number_that_is_taken_for_nought_is_counted_wrongly(make: Make) -> None:
    played = make(DirtKind.MISSING_FIELD)
    rows = played.rows(played.counted)
    played.own(rows)["value:smallest"] = 0
    (effect,) = played.effects(rows)
    assert isinstance(effect.outcome, TakenIn)
    assert not effect.outcome.rightly
    (row,) = effect.outcome.rows
    assert {each.alias: each.got for each in row.values}["smallest"] == "0"


def test_what_should_be_left_out_is_counted_wrongly_whatever_it_counts(make: Make) -> None:
    played = make(DirtKind.FRACTION_IN_WHOLE)
    rows = played.rows()
    played.own(rows)["value:orders"] += 1
    (effect,) = played.effects(rows)
    assert isinstance(effect.outcome, TakenIn)
    assert effect.right is False


def test_a_row_of_a_group_that_nobody_expects_is_the_records_doing(make: Make) -> None:
    played = make(DirtKind.TOMBSTONE)
    rows = played.rows()
    stranger = {**played.own(rows), "key": "nobody", "value:orders": 1}
    (effect,) = played.effects([*rows, stranger])
    assert isinstance(effect.outcome, TakenIn)
    assert [row.key for row in effect.outcome.rows] == ["nobody"]
    start = stranger["window_start_ms"]
    text = f'{{"shop":"nobody","window_start":{start},"orders":1,"turnover":null,"smallest":null}}'
    (unread,) = played.effects(rows, malformed=(text, "not even JSON"))
    assert isinstance(unread.outcome, TakenIn)
    (row,) = unread.outcome.rows
    assert {each.alias: each.got for each in row.values}["turnover"] == "null"


def test_all_others_lost_from_then_on(make: Make) -> None:
    played = make(DirtKind.FAR_AHEAD)
    rows = played.rows()
    late = [row for row in rows if row["appended_ms"] > START_MS + AT_MS + 100]
    fact = played.trace.dirt.to_pylist()[0]
    in_partition = [row for row in late if row["key"] == fact["key"]]
    others = [row for row in late if row not in in_partition][:40]
    kept = [row for row in rows if row not in others]
    (effect,) = played.effects(kept)
    records = sum(row["value:orders"] for row in others)
    assert effect.outcome == OthersLost(40, records)
    # One that misses records is counted by what it misses.
    fewer = [dict(row) for row in rows]
    for row in fewer:
        if row in others:
            row["value:orders"] -= 1
            row["value:turnover"] -= 5
    (effect,) = played.effects(fewer)
    assert effect.outcome == OthersLost(40, 40)


def test_it_came_back_and_how_late_its_results_were(make: Make) -> None:
    played = make(DirtKind.CUT_OFF)
    rows = played.rows()
    back_ms = START_MS + AT_MS + 2_500
    for row in rows:
        if row["appended_ms"] > START_MS + AT_MS + 100:
            row["appended_ms"] = max(row["appended_ms"], int(back_ms))
    (effect,) = played.effects(rows, said={"ended": 2})
    # Of what it had not written, the newest is not late: it came within a second and a half.
    assert effect.outcome == CameBack(1_000, 2, PassedOver(None))


def test_what_was_late_before_is_not_the_records_doing(make: Make) -> None:
    played = make(DirtKind.CUT_OFF)
    rows = played.rows()
    for row in rows:
        if row["appended_ms"] > START_MS + AT_MS - 1_200:
            row["appended_ms"] = max(row["appended_ms"], int(START_MS + AT_MS + 2_500))
    (effect,) = played.effects(rows)
    assert effect.outcome == PassedOver(None)


def test_nothing_is_late_where_times_say_nothing(make: Make) -> None:
    played = make(DirtKind.CUT_OFF)
    rows = played.rows()
    for row in rows:
        if row["appended_ms"] > START_MS + AT_MS + 100:
            row["appended_ms"] = max(row["appended_ms"], int(START_MS + AT_MS + 2_500))
    (effect,) = played.effects(rows, timed=False)
    assert effect.outcome == PassedOver(None)


def test_a_row_that_came_twice_does_not_make_it_late(make: Make) -> None:
    played = make(DirtKind.CUT_OFF)
    rows = played.rows()
    again = [{**row, "appended_ms": row["appended_ms"] + 3_000} for row in rows[-200:]]
    (effect,) = played.effects([*rows, *again])
    assert effect.outcome == PassedOver(None)


def test_stopped_for_good_and_what_those_before_it_did(make: Make) -> None:
    played = make(DirtKind.NOT_JSON, DirtKind.CUT_OFF)
    stopped = StoppedAt("its processes ended 5 times", 8_000.0, by=1)
    rows = [row for row in played.rows() if row["appended_ms"] < START_MS + AT_MS + 3_000]
    first, second = played.effects(rows, stopped=stopped)
    assert first.outcome == PassedOver(None)
    assert second.outcome == StoppedForGood("its processes ended 5 times", 2_000)
    assert second.right is False


def test_a_record_that_was_not_reached_has_no_effect(make: Make) -> None:
    played = make(DirtKind.NOT_JSON, DirtKind.CUT_OFF)
    reached = dataclasses.replace(
        DirtyLoad(
            played.trace.dirt,
            DirtSeen((SaidBehind(3_000),), StoppedAt("it failed", 5_000.0, by=0)),
            pa.Table.from_pylist(played.rows()),
            (),
            played.clean,
            None,
            WORKLOAD.query,
            START_MS,
            OFFSET_MS,
            5,
        )
    )
    (effect,) = dirt_effects(reached)
    assert isinstance(effect.outcome, StoppedForGood)


def test_the_oracle_counts_what_is_right_to_count_and_nothing_else(make: Make) -> None:
    left_out, counted = make(DirtKind.TEXT_NUMBER), make(DirtKind.HUGE_RECORD)
    assert left_out.rows() == left_out.rows(left_out.counted)
    assert counted.rows() != counted.rows(counted.counted)
    assert Path(counted.trace.columns_folder, "..", "counted", "dirt.parquet").is_file()
