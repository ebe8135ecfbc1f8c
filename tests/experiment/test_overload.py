"""An engine is not tried above a rate that it was seen not to bear."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from streambench.experiment.build import Options, sweep
from streambench.experiment.overload import beyond_reach
from streambench.experiment.request import Request
from streambench.model.conditions import Conditions, Guarantee
from streambench.model.sweep import Axis, AxisName
from streambench.model.trial import Completed, Failed, Invalid, LeftOut, Outcome, TrialRecord
from streambench.model.verdict import Damage, Verdict
from tests.report.test_sweep import FLAT, STEEP, at

UNSURE = {**FLAT, "lag_slope_upper_ms_per_s": 30.0}
RIGHT = Completed(Verdict(10, 10, Damage(), (), True, True, True))


def request_at(rate: float, name: AxisName = AxisName.RATE) -> Request:
    (request, _) = sweep(
        Options(
            engines=("reference",),
            conditions=Conditions(guarantee=Guarantee.AT_LEAST_ONCE),
            measured_s=2.0,
            warm_up_s=1.0,
        ),
        (Axis(name, (rate, rate + 1)),),
    )
    return request


def left_out(rate: float, *before: TrialRecord) -> LeftOut | None:
    request = request_at(rate)
    return beyond_reach(request, request.contenders[0], before)


def tried(
    rate: float, lag: Mapping[str, float], outcome: Outcome = RIGHT, label: str = "reference"
) -> TrialRecord:
    return at(1, label, rate, dict(lag), outcome)


def test_only_above_a_rate_at_which_it_fell_behind() -> None:
    fell = tried(10_000, STEEP)
    said = left_out(20_000, tried(5_000, FLAT), fell)
    assert said == LeftOut("at 10,000 events/s it fell behind")
    assert left_out(10_000, fell) is None  # the repetition of that point
    assert left_out(5_000, fell) is None


def test_the_lowest_such_rate_is_told() -> None:
    said = left_out(40_000, tried(20_000, STEEP), tried(10_000, STEEP))
    assert said is not None
    assert "at 10,000 events/s" in said.reason


def test_a_failure_is_one_as_well() -> None:
    said = left_out(20_000, tried(10_000, {}, Failed("load", "the job failed: no memory")))
    assert said == LeftOut("at 10,000 events/s it failed: the job failed: no memory")


@pytest.mark.parametrize(
    "before",
    [
        tried(10_000, FLAT),
        tried(10_000, UNSURE),
        tried(10_000, STEEP, Invalid("the load came late")),
        tried(10_000, STEEP, label="kafka-streams"),
        tried(10_000, STEEP, LeftOut("at 5,000 events/s it fell behind")),
    ],
    ids=["kept up", "not decided", "invalid", "another engine", "left out"],
)
def test_nothing_else_leaves_a_rate_out(before: TrialRecord) -> None:
    assert left_out(20_000, before) is None


def test_where_no_rate_is_varied_nothing_is_left_out() -> None:
    request = request_at(100, AxisName.KEYS)
    assert beyond_reach(request, request.contenders[0], [tried(50, STEEP)]) is None
