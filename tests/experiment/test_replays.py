"""What can be asked of a replayed file."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.experiment.build import Options, drain, rate_search, single, sweep
from streambench.experiment.late import late_model
from streambench.load.trace import compile_trace
from streambench.model.errors import UsageError
from streambench.model.sweep import Axis, AxisName
from streambench.model.workload import Replay
from streambench.workload.template import generated_template

ENGINE = ("kafka-python",)
LATE = 'event_time = "t"\narrival = "a"'


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


def replay_at(rates: tuple[float, ...], workload: str) -> list[Replay]:
    found = sweep(Options(workload=workload, engines=ENGINE), (Axis(AxisName.RATE, rates),))
    assert [request.rate_per_s for request in found] == [None] * len(rates)
    assert all(
        f"at {rate:,.0f} events/s" in r.warnings[0] for rate, r in zip(rates, found, strict=True)
    )
    inputs = [request.workload.input for request in found]
    return [each for each in inputs if isinstance(each, Replay)]


def test_a_curve_plays_a_file_at_each_rate(ordered: str) -> None:
    slow, same, fast = replay_at((5, 10, 1_000), ordered)
    assert (slow.copies, same.copies) == (None, None)
    assert (slow.speed_up, same.speed_up) == pytest.approx((5, 10), rel=0.01)
    assert fast.copies is not None
    assert fast.copies.count == 100


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


def test_what_a_file_cannot_have_is_refused_with_the_reason(ordered: str) -> None:
    options = Options(workload=ordered, engines=ENGINE)
    with pytest.raises(UsageError, match="each time later in event time"):
        drain(options, None)
    with pytest.raises(UsageError, match="plays loads of any length") as caught:
        rate_search(options, limit=None, precision=0.05, budget_s=None)
    assert caught.value.hint == "streambench curve ordered --rates 10,20,40"


def test_the_template_has_a_title() -> None:
    assert 'title = "My orders"' in generated_template("My orders")
