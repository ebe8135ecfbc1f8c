"""How a sweep is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.cli.curve import doubled
from streambench.cli.planning import make_requests
from streambench.cli.sweeps import sweep_axes
from streambench.engines.registry import CONTENDERS
from streambench.experiment.request import Request
from streambench.model.conditions import Conditions, Profile
from streambench.model.errors import UsageError
from streambench.model.plan import Plan
from streambench.model.shape import Ramp, Shape
from streambench.model.sweep import Axis, AxisName, point_words
from streambench.model.workload import Choice


def requests(
    *sweeps: str,
    workload: str = "clicks",
    rate_per_s: int | None = None,
    shape: Shape | None = None,
    engines: tuple[str, ...] = ("reference",),
    profile: Profile = Profile.TUNED,
) -> tuple[Request, ...]:
    return make_requests(
        sweep_axes(None, sweeps, None),
        workload=workload,
        engines=engines,
        settings=(),
        conditions=Conditions(profile=profile),
        rate_per_s=rate_per_s,
        shape=shape,
        measured_s=None,
        warm_up_s=None,
        faults=None,
        quick=False,
        repeats=1,
        seed=1,
        out=Path("results"),
        command="test",
    )


def keys(request: Request) -> Choice:
    source = request.workload.field(request.workload.query.group_by).source
    assert isinstance(source, Choice)
    return source


def test_rates_are_an_axis_and_rise() -> None:
    assert sweep_axes("20k,5k,1.5M", [], None) == (Axis(AxisName.RATE, (5_000, 20_000, 1_500_000)),)


@pytest.mark.parametrize(
    ("rates", "sweeps", "rate_per_s", "said"),
    [
        (None, ("key=1,2",), None, "did you mean 'keys'"),
        (None, ("keys",), None, "fewer than two"),
        (None, ("keys=5",), None, "fewer than two"),
        ("20k", (), None, "'20k' is fewer than two"),
        (None, ("keys=5,many",), None, "not a number"),
        (None, ("keys=5,5",), None, "twice"),
        (None, ("commit=100,970",), None, "'100' is not a duration"),
        (None, ("commit=0.5ms,1s",), None, "whole number of milliseconds"),
        (None, ("commit=1s,1000ms",), None, "twice"),
        ("1k,2k", ("rate=3k,4k",), None, "twice"),
        ("1k,2k", ("keys=3,4", "skew=0,1"), None, "2 at most"),
        ("1k,2k", (), 5_000, "--rate"),
    ],
)
def test_what_makes_no_sweep_is_refused(
    rates: str | None, sweeps: tuple[str, ...], rate_per_s: int | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        sweep_axes(rates, sweeps, rate_per_s)


def test_each_point_changes_what_it_names_and_nothing_else() -> None:
    (plain,) = requests()
    few, many = requests("keys=200,2k")
    assert (len(keys(few).values), len(keys(many).values)) == (200, 2_000)
    assert keys(few).values[:2] == keys(plain).values[:2]
    assert keys(few).skew == keys(plain).skew
    assert [len(keys(r).values) for r in requests("skew=0,0.5,1")] == [len(keys(plain).values)] * 3
    assert [keys(r).skew for r in requests("skew=0,0.5,1")] == [0, 0.5, 1]
    assert [r.load_rate_per_s for r in requests("rate=5k,10k")] == [5_000, 10_000]
    assert [r.conditions.workers for r in requests("workers=1,2,4")] == [1, 2, 4]
    wider = requests("partitions=4,8")
    assert [(r.workload.partitions, r.conditions.partitions) for r in wider] == [(4, 4), (8, 8)]
    narrow, wide = requests("width=0,500")
    (padding,) = (f.source for f in wide.workload.fields if f.name == "padding")
    assert isinstance(padding, Choice)
    assert padding.values == ("x" * 500,)
    assert narrow.workload.query == wide.workload.query == plain.workload.query


def test_a_commit_interval_is_written_with_its_unit() -> None:
    axis = Axis(AxisName.COMMIT, (100, 300, 1_000))
    assert sweep_axes(None, ("commit=1s,100ms,300 ms",), None) == (axis,)
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
        requests("commit=100ms,970ms", profile=Profile.DEFAULTS)


def test_a_shape_is_not_lost_without_a_word_where_the_rate_is_fixed() -> None:
    ramp = Ramp(5_000, 40_000)
    assert all(r.load_rate_per_s == 22_500 for r in requests("keys=50,100", shape=ramp))
    with pytest.raises(UsageError, match="fix what --shape varies"):
        requests("rate=5k,10k", shape=ramp)
    with pytest.raises(UsageError, match="fix what --shape varies"):
        requests(rate_per_s=5_000, shape=ramp)


def test_a_grid_has_every_pair_and_no_faults() -> None:
    found = requests("rate=5k,10k", "workers=1,2")
    assert [(r.load_rate_per_s, r.conditions.workers) for r in found] == [
        (5_000, 1), (5_000, 2), (10_000, 1), (10_000, 2),
    ]  # fmt: skip
    assert found[0].point == ((AxisName.RATE, 5_000), (AxisName.WORKERS, 1))
    assert all(r.faults == () and r.measured_s == 50 for r in found)


def test_the_jobs_of_a_sweep_are_warmed_before_they_are_measured() -> None:
    assert [r.warmed for r in requests()] == [False]
    assert [r.warmed for r in requests("keys=50,100")] == [True, True]
    assert [r.warmed for r in requests("workers=1,2", workload="flights")] == [False, False]


@pytest.mark.parametrize(
    ("sweep", "workload", "said"),
    [
        ("workers=2,9", "clicks", "partitions"),
        ("workers=1,2.5", "clicks", "whole numbers"),
        ("keys=0,10", "clicks", "whole numbers"),
        ("commit=0ms,10ms", "clicks", "whole numbers"),
        ("rate=5k,10k", "flights", "own records"),
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
