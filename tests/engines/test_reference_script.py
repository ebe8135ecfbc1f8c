"""The scripted engine does what its script says, and its plan says what the script is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from streambench.engines.common.query_module import QueryProgram, load_query
from streambench.engines.reference import ENGINE
from streambench.engines.reference.damage import Damager, OutputRow
from streambench.engines.reference.script import Script, Stage
from streambench.engines.reference.windows import Windows
from streambench.model.conditions import Conditions, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import EventClock, Plan
from streambench.model.windows import Tumbling
from tests.engines.cluster_lab import CLICKS, VIEW
from tests.engines.snapshot import matches_snapshot

VARIANT = Variant("reference", ENGINE.version)


def rows(count: int) -> list[OutputRow]:
    return [OutputRow(0, f"c{number}", 500, [number, 7]) for number in range(1, count + 1)]


def keys(stage: Stage, now_ms: float) -> list[str]:
    return [row.key for row in stage.take(now_ms)]


def test_a_row_comes_after_the_delay_and_not_before() -> None:
    stage = Stage(Script(delay_ms=40))
    stage.add(rows(2), 1_000)
    assert keys(stage, 1_039.9) == []
    assert stage.next_ms() == 1_040
    assert keys(stage, 1_040) == ["c1", "c2"]
    assert stage.next_ms() is None


def test_a_delay_may_count_from_when_the_closing_record_was_due_by_the_wall_clock() -> None:
    script = Script(delay_ms=40, quantum_ms=5)
    ahead_ms = 100_000.0
    stage = Stage(script, window=Tumbling(100), grace_ms=20)
    # The window from 500 to 600 may be closed by what is due at 625: 10 ms before it was read.
    stage.add([OutputRow(0, "c1", int(ahead_ms) + 500, [1])], 635, ahead_ms)
    assert stage.next_ms() == 625 + 40
    # A row that is read later than that comes at once.
    stage.add([OutputRow(1, "c1", int(ahead_ms) + 300, [1])], 650, ahead_ms)
    assert stage.next_ms() == 650


def test_every_nth_row_is_lost_doubled_or_altered() -> None:
    stage = Stage(Script(lose_every=4))
    stage.add(rows(9), 0)
    assert keys(stage, 0) == ["c1", "c2", "c3", "c5", "c6", "c7", "c9"]
    stage = Stage(Script(double_every=3))
    stage.add(rows(4), 0)
    assert keys(stage, 0) == ["c1", "c2", "c3", "c3", "c4"]
    stage = Stage(Script(raise_every=2))
    stage.add(rows(3), 0)
    assert [row.totals for row in stage.take(0)] == [[1, 7], [3, 8], [3, 7]]
    stage = Stage(Script(lower_every=2))
    stage.add(rows(3), 0)
    assert [row.totals for row in stage.take(0)] == [[0, 6], [2, 7], [2, 6]]


def test_six_kinds_of_damage_of_one_frequency_meet_six_rows_of_it() -> None:
    window_ms = 500
    script = Script(
        lose_every=60,
        double_every=60,
        raise_every=60,
        lower_every=60,
        move_every=60,
        invent_every=60,
    )
    stage = Stage(script, window=Tumbling(window_ms))
    right: list[OutputRow] = []
    for window in range(1, 13):
        # Every other key is not in the window before: there is place for what is moved.
        names = range(window % 2, 40, 2) if window % 3 else range(40)
        right += [OutputRow(0, f"c{name}", window * window_ms, [name + 5]) for name in names]
    right = right[:300]
    stage.add(right, 0)
    assert stage.done == dict.fromkeys(Damager.KINDS, 5)
    written = Counter((row.key, row.window_start_ms, row.totals[0]) for row in stage.take(0))
    due = Counter((row.key, row.window_start_ms, row.totals[0]) for row in right)
    gone, more = due - written, written - due
    # Lost, raised, lowered and moved rows are missing; doubled, invented, raised, lowered, moved are new.
    assert gone.total() == 4 * 5
    assert more.total() == 5 * 5
    inside = {(row.key, row.window_start_ms) for row in right}
    outside = [start for _, start, _ in more if not 0 < start <= 12 * window_ms]
    assert sorted(outside)[0] < 0 < sorted(outside)[-1]
    assert len(outside) == 5
    nobodys = [row for row in more if row[:2] not in inside and 0 < row[1] <= 12 * window_ms]
    assert len(nobodys) == 5


def test_the_count_of_rows_goes_on_over_windows() -> None:
    stage = Stage(Script(lose_every=5))
    for _ in range(5):
        stage.add(rows(2), 0)
    assert len(keys(stage, 0)) == 8
    assert stage.done["lose"] == 2


def test_nothing_comes_in_an_outage_and_all_of_it_afterwards() -> None:
    stage = Stage(Script(outage_start_ms=100, outage_ms=1_000))
    stage.add(rows(1), 50)
    assert keys(stage, 50) == ["c1"]
    stage.add(rows(1), 149)
    stage.add(rows(2), 600)
    assert keys(stage, 150) == ["c1"]
    assert keys(stage, 1_149) == []
    assert keys(stage, 1_150) == ["c1", "c2"]


def test_rows_are_no_quicker_than_the_rate() -> None:
    stage = Stage(Script(rows_per_s=100))
    stage.add(rows(3), 0)
    assert keys(stage, 0) == ["c1"]
    assert stage.next_ms() == 10
    assert keys(stage, 19) == ["c2"]
    assert keys(stage, 20) == ["c3"]


def test_after_an_outage_the_rate_holds_too() -> None:
    stage = Stage(Script(rows_per_s=10, outage_start_ms=1, outage_ms=999))
    stage.add(rows(3), 0)
    assert keys(stage, 0) == ["c1"]
    assert keys(stage, 999) == []
    assert keys(stage, 1_000) == ["c2"]
    assert keys(stage, 1_100) == ["c3"]


def in_each_partition() -> list[OutputRow]:
    return [OutputRow(partition, f"p{partition}", 500, [1]) for partition in range(3)]


def test_stalls_begin_with_each_hit_and_silence_their_partitions_only() -> None:
    stage = Stage(Script(stalls="10+100/0:0+50,1:0+80"))
    stage.add(in_each_partition(), 0)
    assert keys(stage, 0) == ["p0", "p1", "p2"]
    stage.hit(1_000)
    stage.add(in_each_partition(), 1_005)
    assert keys(stage, 1_005) == ["p0", "p1", "p2"]
    stage.add(in_each_partition(), 1_010)
    assert keys(stage, 1_109) == []
    assert keys(stage, 1_110) == ["p0", "p1", "p2"]
    stage.hit(2_000)
    stage.add(in_each_partition(), 2_001)
    assert keys(stage, 2_001) == ["p2"]
    assert stage.next_ms() == 2_050
    assert keys(stage, 2_050) == ["p0"]
    assert keys(stage, 2_080) == ["p1"]
    stage.hit(3_000)  # of which the script says nothing
    stage.add(in_each_partition(), 3_000)
    assert keys(stage, 3_000) == ["p0", "p1", "p2"]


def test_a_stall_that_leads_into_another_lasts_until_that_is_over() -> None:
    stage = Stage(Script(stalls="50+100,0+60"))
    stage.hit(0)
    stage.add(in_each_partition(), 10)
    assert stage.next_ms() == 150


def test_rows_are_due_when_their_records_are_worked_off() -> None:
    stage = Stage(Script(records_per_s=1_000))
    assert stage.read(100, 0, 0) == 100
    assert stage.read(100, 50, 50) == 200
    assert stage.read(100, 500, 500) == 600
    assert Stage(Script()).read(100, 50, 50) == 50


def test_reading_late_takes_nothing_from_the_rate() -> None:
    """At 95 % of the limit, with reading held up for 200 ms once: what came meanwhile is soon done."""
    stage = Stage(Script(records_per_s=1_000))
    done_ms = 0.0
    for at_ms in (*range(20, 420, 20), 620, *range(640, 1_000, 20)):
        since_ms = 180 if at_ms == 620 else 0
        records = 19 * (1 + since_ms // 20)
        done_ms = stage.read(records, at_ms, at_ms - since_ms)
    assert done_ms - 980 < 20


def test_nothing_is_worked_off_before_it_was_read() -> None:
    """A drain's records bear times to come: they were there no later than when they were read."""
    assert Stage(Script(records_per_s=1_000)).read(10, 50, 4_000) == 60


@pytest.fixture
def query(tmp_path: Path) -> QueryProgram:
    made = ENGINE.plan(CLICKS, Conditions(), VARIANT)
    assert isinstance(made, Plan)
    path = tmp_path / "query.py"
    path.write_text(made.programs[0].text)
    return load_query(path)


def event(price: int = 1, action: str = VIEW) -> dict[str, object]:
    return {"campaign": "c1", "action": action, "price": price}


def test_each_partition_has_a_clock_of_its_own(query: QueryProgram) -> None:
    windows = Windows(query, 2, one_clock=False)
    windows.feed(0, 10, event())
    windows.feed(1, 20, event())
    assert windows.feed(1, 600, event()) == [OutputRow(1, "c1", 0, [1, 1, 1, 1])]
    assert windows.feed(0, 30, event()) == []
    assert windows.feed(1, 40, event()) == []
    assert windows.late_records == 1


def test_or_all_have_one_that_goes_with_the_slowest(query: QueryProgram) -> None:
    windows = Windows(query, 2, one_clock=True)
    windows.feed(0, 10, event())
    assert windows.feed(0, 5_000, event()) == []
    assert windows.feed(1, 20, event()) == []
    assert [row.partition for row in windows.feed(1, 600, event())] == [0, 1]
    assert windows.late_records == 0


def test_what_is_filtered_out_moves_no_clock(query: QueryProgram) -> None:
    windows = Windows(query, 1, one_clock=False)
    windows.feed(0, 10, event())
    assert windows.feed(0, 99_999, event(action="click")) == []
    assert windows.feed(0, 600, event()) == [OutputRow(0, "c1", 0, [1, 1, 1, 1])]


def test_the_plan_is_the_one_that_was_read() -> None:
    made = ENGINE.plan(
        CLICKS, Conditions(), replace(VARIANT, settings=(("delay_ms", "25"), ("stalls", "0+3000")))
    )
    assert isinstance(made, Plan)
    matches_snapshot(replace(made, version="VERSION"), "reference")


def test_the_clock_is_the_plans_too() -> None:
    chosen = (("clock", "min-of-partitions"),)
    made = ENGINE.plan(CLICKS, Conditions(), replace(VARIANT, settings=chosen))
    assert isinstance(made, Plan)
    assert made.event_clock is EventClock.MIN_OF_PARTITIONS


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("lose_evry", "3", "lose_every"),
        ("lose_every", "-3", "at least 0"),
        ("delay_ms", "soon", "soon"),
        ("stalls", "0+3000,soon", "soon"),
        ("clock", "per-partion", "per-partition"),
    ],
)
def test_a_setting_that_makes_no_script_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ENGINE.plan(CLICKS, Conditions(), replace(VARIANT, settings=((name, value),)))


def test_a_window_may_be_closed_by_the_clock_without_a_record_that_closes_it(
    query: QueryProgram,
) -> None:
    windows = Windows(query, 2, one_clock=False)
    first_ms, second_ms = 10 * query.WINDOW_MS, 11 * query.WINDOW_MS
    for partition, start_ms in ((0, first_ms), (1, first_ms), (1, second_ms)):
        assert windows.feed(partition, start_ms, event()) == []
    over_ms = windows.next_end_ms()
    assert over_ms == second_ms + query.GRACE_MS
    assert windows.over_by(over_ms - 1) == []
    found = [(row.partition, row.window_start_ms) for row in windows.over_by(over_ms)]
    assert found == [(0, first_ms), (1, first_ms)]
    assert windows.over_by(over_ms) == []
    # What comes for it afterwards is late; the other window is still open.
    assert windows.feed(0, first_ms + 1, event()) == []
    assert windows.late_records == 1
    assert windows.next_end_ms() == over_ms + query.WINDOW_MS
