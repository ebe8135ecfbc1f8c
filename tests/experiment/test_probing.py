"""What a probe says of its rate: the instrument, the result and the pace, in this order."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from streambench.experiment.probing import Seen, probe_record
from streambench.model.conditions import Guarantee
from streambench.model.machine import MachineUsage, Stranger
from streambench.model.pace import Limit, Pace, Quantile
from streambench.model.search import RateProbe
from streambench.model.trial import Certificate
from streambench.model.verdict import Damage, Verdict
from streambench.oracle.judge import Judged
from streambench.results.measure import Measured

HELD = Certificate(True, None, 0.7, 1.3, 3.4, 9.1, 2.3, 3.1, 16_400, 0, 0.02)
LATE = replace(HELD, held=False, reason="the load came late", only_late=True)
RIGHT = Verdict(1_000, 1_000, Damage(), (), True, True, True)
FLAT = {
    "lag_slope_ms_per_s": 0.1, "lag_slope_lower_ms_per_s": -1.0,
    "lag_slope_upper_ms_per_s": 1.2, "backlog_end_ms": 4.0, "delay_max_ms": 900.0,
}  # fmt: skip
STEEP = {**FLAT, "lag_slope_ms_per_s": 90.0, "lag_slope_lower_ms_per_s": 80.0}


def machine(idle: float, foreign: float) -> MachineUsage:
    return MachineUsage(idle, 0.0, 0.0, foreign, (Stranger("cc1", foreign),), None, None, None)


def record(
    measures: dict[str, float],
    *,
    certificate: Certificate = HELD,
    verdict: Verdict = RIGHT,
    idle: float = 0.5,
    foreign: float = 0.0,
    limit: Limit | None = None,
    complete: bool = True,
) -> RateProbe:
    judged = Judged(verdict, pa.table({}))
    measured = Measured(measures, pa.table({}), pa.table({}), 24, 0, None, ())
    return probe_record(
        Seen(judged, measured, certificate, machine(idle, foreign)),
        rate_per_s=50_000,
        measured_s=12,
        limit=limit,
        guarantee=Guarantee.AT_LEAST_ONCE,
        complete=complete,
    )


def test_a_flat_lag_passes_and_a_steep_one_does_not() -> None:
    assert record(FLAT).passed
    steep = record(STEEP)
    assert (steep.pace, steep.passed) == (Pace.FELL_BEHIND, False)
    assert "90.0 ms/s" in steep.why


def test_a_load_that_came_late_says_nothing_unless_the_engine_left_no_room() -> None:
    spoilt = record(FLAT, certificate=LATE)
    assert (spoilt.pace, spoilt.passed, spoilt.why) == (None, False, "the load came late")
    saturated = record(STEEP, certificate=LATE, idle=0.02)
    assert saturated.pace is Pace.FELL_BEHIND
    assert "no room" in saturated.why
    # A load that is not whole proves nothing, however busy the machine was.
    torn = replace(LATE, only_late=False, reason="3 of 9 batches were never acknowledged")
    assert record(FLAT, certificate=torn, idle=0.02).pace is None


@pytest.mark.parametrize(("complete", "words"), [(False, "missing"), (True, "not right")])
def test_a_wrong_result_never_passes(complete: bool, words: str) -> None:
    wrong = replace(RIGHT, right=False, damage=Damage(lost=1, windows=1))
    found = record(FLAT, verdict=wrong, complete=complete)
    assert not found.passed
    assert words in found.why


def test_a_limit_is_asked_only_of_what_kept_up() -> None:
    limit = Limit(Quantile.P99, 800)
    found = record(FLAT, limit=limit)
    assert (found.passed, found.within_limit) == (True, False)
    assert "its max was 900 ms" in found.why
    assert record(FLAT, limit=Limit(Quantile.P99, 1_000)).within_limit is True
    assert record(STEEP, limit=limit).within_limit is None


def test_what_something_else_spoilt_says_nothing_and_is_never_the_engines_fault() -> None:
    spoilt = record(STEEP, foreign=0.2)
    assert (spoilt.pace, spoilt.passed) == (None, False)
    assert spoilt.why == "something else was running: 20% of the machine (cc1 20%)"
    late = record(FLAT, certificate=LATE, idle=0.01, foreign=0.05)
    assert (late.pace, late.why) == (None, "the load came late")
    assert record(FLAT, certificate=LATE, idle=0.01, foreign=0.01).passed
    marked = record(FLAT, foreign=0.05)
    assert marked.passed
    assert marked.why.endswith("something else was running: 5% of the machine (cc1 5%)")
