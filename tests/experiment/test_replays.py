"""What can be asked of a replayed file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streambench.experiment.build import Options, chosen_rates, drain, rate_search, single, sweep
from streambench.experiment.curves import shares_a_job
from streambench.experiment.late import late_model
from streambench.experiment.request import Request
from streambench.load.trace import compile_trace
from streambench.model.errors import UsageError
from streambench.model.fault import Fault, FaultKind
from streambench.model.shape import Ramp
from streambench.model.sweep import Axis, AxisName
from streambench.model.workload import Replay, shaped
from streambench.workload.template import generated_template

ENGINE = ("kafka-python",)
LATE = 'event_time = "t"\narrival = "a"'


def late_by_declaration(name: str) -> None:
    file = Path("workloads") / name / "workload.toml"
    text = file.read_text().replace('grace = "1 s"', 'grace = "0 s"')
    file.write_text(text.replace('event_time = "t"', LATE))


@pytest.fixture
def ordered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A workload that replays a file in the order of its times."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "workloads" / "ordered"
    folder.mkdir(parents=True)
    day = "2026-01-01 10:"
    rows = (
        f"{day}{at // 60:02}:{at % 60:02},k{at % 40},{-at},{day}{(at ^ 7) // 60:02}:{(at ^ 7) % 60:02}\n"
        for at in range(900)
    )
    (folder / "data.csv").write_text("t,k,n,a\n" + "".join(rows))
    (folder / "workload.toml").write_text("""
title = "In order"
[input]
replay = "data.csv"
event_time = "t"
speed_up = 10
[input.fields]
k = "string"
n = "bigint"
[query]
group_by = ["k"]
window = { tumbling = "10 s" }
grace = "1 s"
[query.select]
total = "sum(n)"
""")
    return "ordered"


def swept(rates: tuple[float, ...], workload: str) -> tuple[Request, ...]:
    return sweep(Options(workload=workload, engines=ENGINE), (Axis(AxisName.RATE, rates),))


def replay_of(request: Request) -> Replay:
    assert isinstance(request.workload.input, Replay)
    return request.workload.input


def test_a_curve_plays_a_file_in_order_as_it_plays_generated_load(
    ordered: str, tmp_path: Path
) -> None:
    found = swept((50, 100, 1_000), ordered)
    assert [request.load_rate_per_s for request in found] == [50, 100, 1_000]
    assert all(shares_a_job(request) for request in found)
    assert {replay_of(request).speed_up for request in found} == {10}
    for request in found:
        trace = compile_trace(
            request.workload,
            duration_ms=20_000,
            seed=1,
            cache=tmp_path / "cache",
            rate_per_s=request.rate_per_s,
        )
        rate = request.load_rate_per_s
        assert trace.meta.records == pytest.approx(20 * rate, abs=4 * (20 * rate) ** 0.5)


def test_a_curve_plays_a_file_with_late_records_once_at_each_rate(ordered: str) -> None:
    late_by_declaration(ordered)
    slow, same, fast = (replay_of(request) for request in swept((5, 10, 1_000), ordered))
    assert (slow.copies, same.copies) == (None, None)
    assert (slow.speed_up, same.speed_up) == pytest.approx((5, 10), rel=0.01)
    assert fast.copies is not None
    assert fast.copies.count == 100


def test_faults_hit_a_file_in_order_by_the_clock_of_the_load(ordered: str) -> None:
    """Windows of 10 s follow each other by one second: at a speed_up of 10."""
    kill = Fault(FaultKind.WORKER_KILL, 25_000)
    request = single(Options(workload=ordered, engines=ENGINE, faults=(kill,)))
    assert not request.is_replay
    assert "data.csv is played again and again at its own rate, 9.9" in request.warnings[0]
    assert request.measured_s == 22
    assert request.recovery_s >= 30
    trace = compile_trace(request.workload, duration_ms=60_000, seed=1, cache=Path("cache"))
    instants = {
        strike.at_ms for number in range(20) for strike in request.segment(trace, number).strikes
    }
    begin_ms = request.head_s * 1_000 + 25_000
    longest_ms = 1_000 + request.conditions.commit_interval_ms
    assert len(instants) == 20
    assert all(begin_ms <= at_ms <= begin_ms + longest_ms for at_ms in instants)


@pytest.mark.parametrize(
    "asked",
    [{"measured_s": 40.0}, {"shape": Ramp(10, 100)}, {"measured_s": 40.0, "rate_per_s": 50}],
)
def test_a_file_in_order_has_the_length_and_the_course_that_are_asked_for(
    ordered: str, asked: dict[str, Any]
) -> None:
    request = single(Options(workload=ordered, engines=ENGINE, faults=(), **asked))
    assert not request.is_replay
    assert request.measured_s == asked.get("measured_s", 60.0)
    assert request.load_rate_per_s == asked.get("rate_per_s", 55 if "shape" in asked else 10)


def test_searches_and_drains_take_a_file_in_order(ordered: str) -> None:
    options = Options(workload=ordered, engines=ENGINE)
    request, _ = rate_search(options, limit=None, precision=0.05, budget_s=None)
    assert not request.is_replay
    request, records = drain(options, None)
    assert (request.is_replay, records) == (False, 1_000_000)
    # As many windows as a minute of it holds, and not those of a day.
    assert request.load_rate_per_s == pytest.approx(1_000_000 / 60, rel=0.01)
    assert not chosen_rates(options).is_replay


def test_a_file_can_have_any_number_of_partitions(ordered: str) -> None:
    axis = Axis(AxisName.PARTITIONS, (2.0, 4.0))
    found = sweep(Options(workload=ordered, engines=ENGINE), (axis,))
    assert [request.workload.partitions for request in found] == [2, 4]


def test_a_file_in_order_is_checked_exactly_and_a_disordered_one_is_not(ordered: str) -> None:
    request = single(Options(workload=ordered, engines=ENGINE))
    assert not request.workload.late_records_possible
    assert single(Options(workload="flights", engines=ENGINE)).workload.late_records_possible


def test_of_a_file_in_order_no_late_records_are_told(ordered: str, tmp_path: Path) -> None:
    """Else its delays would be ranked by nobody, and a headline would tell of what cannot be."""
    told = {}
    for name in (ordered, "flights"):
        request = single(Options(workload=name, engines=ENGINE))
        trace = compile_trace(
            request.workload, duration_ms=20_000, seed=1, cache=tmp_path / "cache"
        )
        told[name] = late_model(request, trace)
    assert told[ordered] is None
    assert told["flights"] is not None


def test_a_record_of_several_windows_is_not_told_as_several_records(
    ordered: str, tmp_path: Path
) -> None:
    file = Path("workloads") / ordered / "workload.toml"
    text = file.read_text().replace('tumbling = "10 s"', 'hopping = "10 s", every = "2 s"')
    file.write_text(text.replace('"1 s"', '"0 s"').replace('event_time = "t"', LATE))
    request = single(Options(workload=ordered, engines=ENGINE))
    trace = compile_trace(request.workload, duration_ms=20_000, seed=1, cache=tmp_path / "cache")
    model = late_model(request, trace)
    assert model is not None
    assert model.whole == (
        "the whole file (4,500 records, one counted for each window that it is in) at real time"
    )


def test_what_a_file_with_late_records_cannot_have_is_refused_with_the_reason(
    ordered: str,
) -> None:
    late_by_declaration(ordered)
    options = Options(workload=ordered, engines=ENGINE)
    for asked in (
        lambda: drain(options, None),
        lambda: rate_search(options, limit=None, precision=0.05, budget_s=None),
        lambda: chosen_rates(options),
        lambda: single(replace(options, measured_s=30.0)),
        lambda: single(replace(options, faults=(Fault(FaultKind.WORKER_KILL, 25_000),))),
    ):
        with pytest.raises(UsageError, match="does not fit ordered: some of its records") as caught:
            asked()
        assert 'grace = "' in (caught.value.hint or "")


def sparse_at_first(name: str) -> None:
    """The second half of the file has nine of ten records."""
    rows = [f"2026-01-01 10:{at // 60:02}:{at % 60:02},k{at % 40},1,x\n" for at in range(600)]
    kept = [row for at, row in enumerate(rows) for _ in range(1 if at < 300 else 9)]
    (Path("workloads") / name / "data.csv").write_text("t,k,n,a\n" + "".join(kept))


@pytest.mark.parametrize("seconds", [10, 25, 60, 200])
def test_a_rate_is_the_mean_of_a_load_whatever_part_of_the_file_it_plays(
    ordered: str, tmp_path: Path, seconds: int
) -> None:
    """Else a search would call a rate borne of which a tenth was played."""
    sparse_at_first(ordered)
    request, _ = rate_search(
        Options(workload=ordered, engines=ENGINE), limit=None, precision=0.05, budget_s=None
    )
    for workload, rate in (
        (request.workload, 400),
        (replace(request.workload, input=shaped(request.workload.input, Ramp(100, 700))), None),
    ):
        trace = compile_trace(
            workload,
            duration_ms=1_000 * seconds,
            seed=1,
            cache=tmp_path / "cache",
            rate_per_s=rate,
        )
        assert trace.meta.records == pytest.approx(400 * seconds, rel=0.02)


def test_at_its_own_rate_each_record_of_a_file_comes_once(ordered: str, tmp_path: Path) -> None:
    sparse_at_first(ordered)
    request = single(Options(workload=ordered, engines=ENGINE, faults=(), measured_s=60.0))
    trace = compile_trace(
        request.workload,
        duration_ms=61_000,
        seed=1,
        cache=tmp_path / "cache",
        rate_per_s=request.rate_per_s,
    )
    assert trace.meta.records == 300 + 9 * 300


def keyed_by_number(name: str) -> None:
    file = Path("workloads") / name / "workload.toml"
    text = file.read_text().replace('k = "string"', "").replace('"k"', '"n"')
    file.write_text(text.replace("sum(n)", "count(*)"))
    rows = "".join(f"2026-01-01 10:{at // 60:02}:{at % 60:02},k,{at % 7},x\n" for at in range(837))
    (Path("workloads") / name / "data.csv").write_text("t,k,n,a\n" + rows)


def test_a_file_without_texts_for_keys_is_played_at_its_own_rate_and_below(ordered: str) -> None:
    """Its own rate is 9.8 here, which is no whole number."""
    keyed_by_number(ordered)
    options = Options(workload=ordered, engines=ENGINE, faults=(), measured_s=60.0)
    assert single(options).load_rate_per_s == 10
    assert single(replace(options, rate_per_s=10)).load_rate_per_s == 10
    assert single(replace(options, rate_per_s=3)).load_rate_per_s == 3
    once = Options(workload=ordered, engines=ENGINE, rate_per_s=5)
    assert replay_of(single(once)).speed_up == pytest.approx(5, rel=0.02)
    with pytest.raises(UsageError, match="no field that it groups by is a string") as caught:
        single(replace(options, rate_per_s=50))
    assert caught.value.hint == "streambench run ordered --rate 10"
    assert drain(Options(workload=ordered, engines=ENGINE), None)[1] == 1_000_000


def test_what_needs_copies_of_a_file_that_can_have_none_names_a_command_that_works(
    ordered: str,
) -> None:
    keyed_by_number(ordered)
    options = Options(workload=ordered, engines=ENGINE)
    at_own = "streambench run ordered --rate 10 --duration 1m"
    for asked, hint in (
        (lambda: rate_search(options, limit=None, precision=0.05, budget_s=None), at_own),
        (lambda: chosen_rates(options), at_own),
        (
            lambda: sweep(replace(options, measured_s=60.0), (Axis(AxisName.WORKERS, (1, 2)),)),
            "streambench sweep ordered",
        ),
    ):
        with pytest.raises(UsageError, match="no field that it groups by is a string") as caught:
            asked()
        assert caught.value.hint == hint


def test_what_is_done_with_a_file_is_told_with_the_rate_that_is_played(ordered: str) -> None:
    options = Options(workload=ordered, engines=ENGINE, faults=())
    copied = ", records as often as that takes, copies under keys of their own (k0, k0~2, …)"
    often = "; about 41 copies of a record come at once, about every 101 ms"
    again = "data.csv is played again and again"
    search, _ = rate_search(options, limit=None, precision=0.05, budget_s=None)
    drained, _ = drain(options, 24_000)
    told = (
        (search, f"{again}, at each rate that is tried (its own rate is 9.9 events/s){copied}"),
        (chosen_rates(options), f"{again}, at each rate that is tried (its own rate is 9.9"),
        (drained, f"{again} at 400 events/s (its own rate is 9.9 events/s){copied}{often}"),
        (swept((50, 100), ordered)[1], f"{again}, at each rate that is tried (its own"),
        (
            single(replace(options, shape=Ramp(2, 8))),
            f"{again}, at a rate that changes (its own rate is 9.9 events/s)",
        ),
        (single(replace(options, measured_s=60.0)), f"{again} at its own rate, 9.9 events/s"),
        (
            single(replace(options, measured_s=60.0, rate_per_s=5)),
            f"{again} at 5 events/s (its own rate is 9.9 events/s)",
        ),
    )
    for request, words in told:
        assert request.warnings[0].startswith(words)
        assert len([each for each in request.warnings if "again and again" in each]) == 1


def test_the_template_has_a_title() -> None:
    assert 'title = "My orders"' in generated_template("My orders")
