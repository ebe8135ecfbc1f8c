"""How a sweep is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from streambench.cli.axes import rate_axis, sweep_axes
from streambench.engines.registry import CONTENDERS
from streambench.experiment.build import Options, make_request, sweep
from streambench.experiment.request import Request
from streambench.experiment.sweep import doubled
from streambench.model.conditions import Conditions, Profile
from streambench.model.errors import UsageError
from streambench.model.field_source import Choice
from streambench.model.plan import Plan
from streambench.model.shape import Ramp
from streambench.model.sweep import Axis, AxisName, point_words


def requests(
    *sweeps: str, engines: tuple[str, ...] = ("reference",), **chosen: Any
) -> tuple[Request, ...]:
    return sweep(Options(engines=engines, **chosen), sweep_axes(sweeps))


def plain(**chosen: Any) -> Request:
    return make_request(Options(engines=("reference",), **chosen))


def keys(request: Request) -> Choice:
    source = request.workload.field(request.workload.query.group_by[0].name).source
    assert isinstance(source, Choice)
    return source


def test_rates_are_an_axis_and_rise() -> None:
    axis = Axis(AxisName.RATE, (5_000, 20_000, 1_500_000))
    assert rate_axis("20k,5k,1.5M") == axis
    assert sweep_axes(["rate=20k,5k,1.5M"]) == (axis,)


@pytest.mark.parametrize(
    ("sweeps", "said"),
    [
        ((), "NAME=LIST"),
        (("key=1,2",), "did you mean 'keys'"),
        (("colour=1,2",), "one of rate, keys"),
        (("keys=",), "fewer than two"),
        (("keys=5",), "fewer than two"),
        (("rate=20k",), "rate=20k has fewer than two"),
        (("keys=5,many",), "not a number"),
        (("keys=5,-1",), "not a number"),
        (("keys=5,5",), "twice"),
        (("commit=100,970",), "'100' is not a duration"),
        (("commit=0.5ms,1s",), "whole number of milliseconds"),
        (("commit=1s,1000ms",), "twice"),
        (("rate=1k,2k", "rate=3k,4k"), "twice"),
        (("rate=1k,2k", "keys=3,4", "skew=0,1"), "2 at most"),
    ],
)
def test_what_makes_no_sweep_is_refused_with_a_command(sweeps: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        sweep_axes(sweeps)
    assert (caught.value.hint or "").startswith(("streambench sweep ", "streambench curve "))


def test_each_point_changes_what_it_names_and_nothing_else() -> None:
    usual = plain()
    few, many = requests("keys=200,2k")
    assert (len(keys(few).values), len(keys(many).values)) == (200, 2_000)
    assert keys(few).values[:2] == keys(usual).values[:2]
    assert keys(few).skew == keys(usual).skew
    assert [len(keys(r).values) for r in requests("skew=0,0.5,1")] == [len(keys(usual).values)] * 3
    assert [keys(r).skew for r in requests("skew=0,0.5,1")] == [0, 0.5, 1]
    assert [r.load_rate_per_s for r in requests("rate=5k,10k")] == [5_000, 10_000]
    assert [r.conditions.workers for r in requests("workers=1,2,4")] == [1, 2, 4]
    wider = requests("partitions=4,8")
    assert [(r.workload.partitions, r.conditions.partitions) for r in wider] == [(4, 4), (8, 8)]
    narrow, wide = requests("width=0,500")
    (padding,) = (f.source for f in wide.workload.fields if f.name == "padding")
    assert isinstance(padding, Choice)
    assert padding.values == ("x" * 500,)
    assert narrow.workload.query == wide.workload.query == usual.workload.query


def test_a_commit_interval_is_written_with_its_unit() -> None:
    axis = Axis(AxisName.COMMIT, (100, 300, 1_000))
    assert sweep_axes(["commit=1s,100ms,300 ms"]) == (axis,)
    assert point_words(((AxisName.COMMIT, 970.0),)) == "commit 970 ms"


@pytest.mark.parametrize("workload", ["clicks", "flights"])
def test_a_commit_interval_is_every_engines_own_but_sparks(workload: str) -> None:
    found = requests("commit=100ms,970ms", workload=workload, engines=CONTENDERS)
    assert [r.conditions.commit_interval_ms for r in found] == [100, 970]
    names = {
        "flink": "execution.checkpointing.interval",
        "kafka-streams": "commit.interval.ms",
        "kafka-python": "worker.commit_interval_ms",
    }
    for request, value in zip(found, ("100", "970"), strict=True):
        for contender in request.contenders:
            assert isinstance(contender.plan, Plan)
            settings = {s.name: s.value.removesuffix(" ms") for s in contender.plan.settings}
            if contender.engine.name != "spark":
                assert settings[names[contender.engine.name]] == value
    few, many = (
        [contender.plan for contender in request.contenders if contender.engine.name == "spark"]
        for request in found
    )
    assert few == many
    assert "a batch is its commit" in str(few)


def test_a_commit_interval_that_engines_would_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="does not fit --profile defaults"):
        requests("commit=100ms,970ms", conditions=Conditions(profile=Profile.DEFAULTS))


def test_a_shape_is_not_lost_without_a_word_where_the_rate_is_fixed() -> None:
    ramp = Ramp(5_000, 40_000)
    assert all(r.load_rate_per_s == 22_500 for r in requests("keys=50,100", shape=ramp))
    with pytest.raises(UsageError, match="another rate is fixed"):
        requests("rate=5k,10k", shape=ramp)
    with pytest.raises(UsageError, match="another rate is fixed"):
        plain(rate_per_s=5_000, shape=ramp)


def test_a_grid_has_every_pair_and_no_faults() -> None:
    found = requests("rate=5k,10k", "workers=1,2")
    assert [(r.load_rate_per_s, r.conditions.workers) for r in found] == [
        (5_000, 1), (5_000, 2), (10_000, 1), (10_000, 2),
    ]  # fmt: skip
    assert found[0].point == ((AxisName.RATE, 5_000), (AxisName.WORKERS, 1))
    assert all(r.faults == () and r.measured_s == 50 for r in found)


def test_the_jobs_of_a_sweep_are_warmed_before_they_are_measured() -> None:
    assert not plain().warmed
    assert [r.warmed for r in requests("keys=50,100")] == [True, True]
    assert [r.warmed for r in requests("workers=1,2", workload="flights")] == [False, False]


@pytest.mark.parametrize(
    ("sweep", "workload", "said"),
    [
        ("workers=2,9", "clicks", "partitions"),
        ("workers=1,2.5", "clicks", "whole numbers"),
        ("keys=0,10", "clicks", "whole numbers"),
        ("commit=0ms,10ms", "clicks", "whole numbers"),
        ("skew=0,1", "flights", "own records"),
        ("width=1,2", "flights", "own records"),
        ("partitions=4,900", "clicks", "partition"),
    ],
)
def test_a_point_that_cannot_be_run_is_refused_before_anything_starts(
    sweep: str, workload: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        requests(sweep, workload=workload)


def test_chosen_rates_double_up_to_what_the_generator_carries() -> None:
    assert doubled(20_000, 150_000) == (20_000, 40_000, 80_000, 150_000)
    assert doubled(20_000, 160_000) == (20_000, 40_000, 80_000, 160_000)
    assert doubled(20_000, 20_000) == (20_000,)
