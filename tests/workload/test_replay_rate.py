"""A file at a rate that is not its own, and what can be said of its late records."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import duckdb
import pytest

from streambench.load.trace import compile_trace
from streambench.model.errors import UsageError
from streambench.model.expression import FieldReference, FieldType
from streambench.model.plan import EventClock
from streambench.model.workload import Replay, Workload
from streambench.oracle.expected import expect
from streambench.workload.expressions import parse_expression
from streambench.workload.lateness import with_lateness
from streambench.workload.locate import shipped_root
from streambench.workload.paced import at_rate
from streambench.workload.parse import load_workload
from streambench.workload.source import survey
from streambench.workload.validate import findings

FLIGHTS = load_workload(shipped_root() / "flights")


def declared(folder: Path, rows: list[str], input_: str = "", grace: str = "0 ms") -> Workload:
    (folder / "a.csv").write_text("t,k,n\n" + "".join(f"{row}\n" for row in rows))
    (folder / "workload.toml").write_text(f"""
title = "Mine"
[input]
replay = "a.csv"
event_time = "t"
partitions = 1
{input_}
[input.fields]
k = "string"
n = "bigint"
[query]
group_by = ["k"]
window = {{ tumbling = "1 s" }}
grace = "{grace}"
[query.select]
n_sum = "sum(n)"
records = "count(*)"
""")
    return load_workload(folder)


def replay_of(workload: Workload) -> Replay:
    assert isinstance(workload.input, Replay)
    return workload.input


@pytest.mark.parametrize("rate", [5, 20, 1_000, 20_000])
def test_a_replay_has_the_rate_that_is_asked_for(tmp_path: Path, rate: int) -> None:
    paced = at_rate(FLIGHTS, rate)
    trace = compile_trace(paced.workload, duration_ms=None, seed=1, cache=tmp_path)
    assert trace.meta.records * 1_000 / trace.meta.duration_ms == pytest.approx(rate, rel=0.01)
    assert f"at {rate:,} events/s (its own rate is 19.5)" in paced.told
    if rate > 30:
        assert "9E, 9E~2, …" in paced.told


def test_each_copy_is_the_file_again_under_keys_of_its_own(tmp_path: Path) -> None:
    paced = at_rate(FLIGHTS, 97)
    copies = replay_of(paced.workload).copies
    assert copies is not None
    assert copies.count == 5
    trace = compile_trace(paced.workload, duration_ms=None, seed=1, cache=tmp_path)
    plain = compile_trace(FLIGHTS, duration_ms=None, seed=1, cache=tmp_path)
    with duckdb.connect() as connection:

        def rows(glob: str, ending: str, later_ms: int) -> list[tuple[object, ...]]:
            return connection.execute(  # type: ignore[no-any-return]
                f"SELECT replace(carrier, '{ending}', '') AS carrier, event_ms - {later_ms}, distance"
                f" FROM '{glob}' WHERE carrier LIKE '__{ending}' ORDER BY ALL"
            ).fetchall()

        own = rows(plain.columns_glob, "", 0)
        assert len(own) == 1_710
        for number in range(1, 6):
            later_ms = int((number - 1) * copies.apart_ms)
            ending = "" if number == 1 else f"~{number}"
            assert rows(trace.columns_glob, ending, later_ms) == own
    assert (
        survey(replay_of(paced.workload), FLIGHTS.fields, FLIGHTS.query.group_by).rows
        == trace.meta.records
    )


def test_copies_of_records_in_order_are_in_order(tmp_path: Path) -> None:
    rows = [f"2013-06-01 10:{at // 60:02}:{at % 60:02},k{at % 3},{at}" for at in range(300)]
    workload = with_lateness(declared(tmp_path, rows, grace="10 ms"))
    assert not workload.late_records_possible
    paced = with_lateness(at_rate(workload, 50).workload)
    assert not paced.late_records_possible
    trace = compile_trace(paced, duration_ms=None, seed=1, cache=tmp_path / "cache")
    assert expect(trace, paced.query, EventClock.GLOBAL_PER_BATCH).nothing_late


def test_a_copys_key_is_no_key_of_the_file(tmp_path: Path) -> None:
    rows = [f"2013-06-01 10:00:{at:02},a~2,1" for at in range(9)]
    copies = replay_of(at_rate(declared(tmp_path, rows), 10).workload).copies
    assert copies is not None
    assert copies.mark == "#"


def test_records_without_a_key_have_copies_without_one(tmp_path: Path) -> None:
    """That a key is there is asked of every record, by no `where` of the user's."""
    rows = [f"2013-06-01 10:00:{at:02},{'' if at % 3 == 0 else 'a'},1" for at in range(30)]
    folder = tmp_path / "workload"
    folder.mkdir()
    declared(folder, rows)
    file = folder / "workload.toml"
    lacking = file.read_text().replace('k = "string"', 'k = { type = "string", null = true }')
    file.write_text(lacking.replace("partitions = 1", 'partitions = 1\nleave_out = [""]'))
    workload = load_workload(folder)
    where = parse_expression("k IS NOT NULL AND n > 0", workload.fields)
    asking = dataclasses.replace(workload, query=dataclasses.replace(workload.query, where=where))
    for each in (workload, asking):
        trace = compile_trace(
            at_rate(each, 10).workload, duration_ms=None, seed=1, cache=tmp_path / "cache"
        )
        assert trace.meta.records == 300
        assert trace.meta.without_key == 100


def test_a_where_that_asks_for_keys_is_refused_a_rate() -> None:
    where = parse_expression("distance > 5 AND NOT carrier = 'UA'", FLIGHTS.fields)
    asking = dataclasses.replace(FLIGHTS, query=dataclasses.replace(FLIGHTS.query, where=where))
    with pytest.raises(UsageError, match="its `where` asks for keys"):
        at_rate(asking, 1_000)


@pytest.mark.parametrize(
    ("seconds", "grace", "late"),
    [
        ([0, 1, 2, 3], "0 ms", False),
        ([0, 1, 2.5, 2.1, 3], "0 ms", False),  # in its window
        ([0, 1, 2.5, 1.9, 3], "0 ms", True),
        ([0, 1, 2.5, 1.9, 3], "501 ms", False),
        ([0, 1, 2.5, 1.9, 3], "500 ms", True),
    ],
)
def test_whether_a_record_can_be_late_is_told_by_the_file(
    tmp_path: Path, seconds: list[float], grace: str, late: bool
) -> None:
    rows = [f"2013-06-01 10:00:{at:06.3f},a,1" for at in seconds]
    workload = with_lateness(declared(tmp_path, rows, grace=grace))
    assert workload.late_records_possible is late
    trace = compile_trace(workload, duration_ms=None, seed=1, cache=tmp_path / "cache")
    assert expect(trace, workload.query, EventClock.PER_PARTITION).nothing_late is not late
    told = [finding.message for finding in findings(workload)]
    assert any("checked against bounds" in each for each in told) is late


def test_records_of_one_quantum_may_be_read_in_any_order(tmp_path: Path) -> None:
    rows = ["2013-06-01 10:00:00.999,a,1", "2013-06-01 10:00:01.001,a,1"]
    assert with_lateness(declared(tmp_path, rows)).late_records_possible
    later = ["2013-06-01 10:00:00.990,a,1", "2013-06-01 10:00:01.001,a,1"]
    assert not with_lateness(declared(tmp_path, later)).late_records_possible


def test_records_that_fail_where_make_nothing_late(tmp_path: Path) -> None:
    rows = ["2013-06-01 10:00:05,a,-1", "2013-06-01 10:00:00,a,1"]
    workload = declared(tmp_path, rows)
    assert with_lateness(workload).late_records_possible
    where = parse_expression("n > 0", workload.fields)
    asking = dataclasses.replace(workload, query=dataclasses.replace(workload.query, where=where))
    assert not with_lateness(asking).late_records_possible


def test_refunds_can_be_summed_whether_or_not_records_are_late(tmp_path: Path) -> None:
    rows = ["2013-06-01 10:00:05,a,-500", "2013-06-01 10:00:00,a,300"]
    workload = declared(tmp_path, rows)
    assert with_lateness(workload).late_records_possible
    assert not [finding for finding in findings(workload) if finding.fatal]


def test_copies_of_several_group_fields_differ_in_the_first_string_and_need_one() -> None:
    numbered = FieldReference("distance", FieldType.BIGINT)
    both = dataclasses.replace(FLIGHTS.query, group_by=(numbered, *FLIGHTS.query.group_by))
    paced = at_rate(dataclasses.replace(FLIGHTS, query=both), 50).workload
    groups = survey(replay_of(paced), paced.fields, both.group_by).groups
    own = [group for group in groups if "~" not in str(group[1])]
    assert len(groups) > len(own) > 20
    assert {(number, str(name).partition("~")[0]) for number, name in groups} == set(own)
    number_alone = dataclasses.replace(FLIGHTS.query, group_by=(numbered,))
    with pytest.raises(UsageError, match="no field that it groups by is a string"):
        at_rate(dataclasses.replace(FLIGHTS, query=number_alone), 1_000)
