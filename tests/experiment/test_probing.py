"""What a probe says of its rate: the instrument, the result and the pace, in this order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streambench.experiment.probing import rate_probe
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound, UnknownClock
from streambench.model.conditions import Guarantee
from streambench.model.machine import MachineUsage, Stranger
from streambench.model.pace import Limit, Pace, Quantile
from streambench.model.search import RateProbe
from streambench.model.trial import Certificate, Completed, Failed, Invalid, Outcome, Purpose, Span
from streambench.model.verdict import Damage, Verdict
from tests.report.example import trial

HELD = Certificate(True, None, 0.7, 1.3, 3.4, 9.1, 2.3, 3.1, 16_400, 0, 0.02)
RIGHT = Verdict(1_000, 1_000, Damage(), (), True, True, True)
FLAT = {
    "lag_slope_ms_per_s": 0.1, "lag_slope_lower_ms_per_s": -1.0,
    "lag_slope_upper_ms_per_s": 1.2, "backlog_end_ms": 4.0, "delay_max_ms": 900.0,
}  # fmt: skip
STEEP = {**FLAT, "lag_slope_ms_per_s": 90.0, "lag_slope_lower_ms_per_s": 80.0}


def machine(idle: float, foreign: float) -> MachineUsage:
    return MachineUsage(idle, 0.0, 0.0, foreign, (Stranger("cc1", foreign),), None, None, None)


def probe(
    measures: dict[str, float],
    *,
    outcome: Outcome | None = None,
    idle: float = 0.5,
    foreign: float = 0.0,
    limit: Limit | None = None,
    saturated: bool = False,
    engine_seen: bool = True,
    certificate: Certificate = HELD,
) -> RateProbe:
    """What is made of a load's record, whose outcome is by default that all was right."""
    record = trial(
        3,
        "flink",
        outcome or Completed(RIGHT),
        certificate=certificate,
        machine=machine(idle, foreign),
        measures=measures,
        measured_windows=24,
        saturated=saturated,
        engine_seen=engine_seen,
        spans=(Span(Purpose.WARM_UP, 0, 3_000), Span(Purpose.MEASURED, 3_000, 15_000)),
    )
    return rate_probe(record, 50_000, limit, Guarantee.AT_LEAST_ONCE)


def test_it_says_of_which_load_it_is_and_how_long_that_was_measured() -> None:
    found = probe(FLAT)
    assert (found.load, found.measured_s, found.windows, found.rate_per_s) == (3, 12, 24, 50_000)
    assert (found.idle_share, found.send_lag_p999_ms) == (0.5, 3.4)


def test_how_idle_another_machine_was_is_not_known() -> None:
    assert probe(FLAT, idle=0.9, engine_seen=False).idle_share is None


def test_a_flat_lag_passes_and_a_steep_one_does_not() -> None:
    assert probe(FLAT).passed
    steep = probe(STEEP)
    assert (steep.pace, steep.passed) == (Pace.FELL_BEHIND, False)
    assert "90.0 ms/s" in steep.why


def test_what_the_instrument_spoilt_says_nothing() -> None:
    spoilt = probe(FLAT, outcome=Invalid("the load came late"))
    assert (spoilt.pace, spoilt.passed, spoilt.why) == (None, False, "the load came late")


def test_one_that_left_the_machine_no_room_is_told_so() -> None:
    saturated = probe(STEEP, idle=0.02, saturated=True)
    assert saturated.pace is Pace.FELL_BEHIND
    assert "no room" in saturated.why


@pytest.mark.parametrize(
    ("damage", "words"),
    [(Damage(lost=1, windows=1), "missing"), (Damage(over_counted=1), "not right")],
)
def test_a_wrong_result_never_passes(damage: Damage, words: str) -> None:
    found = probe(FLAT, outcome=Completed(replace(RIGHT, right=False, damage=damage)))
    assert not found.passed
    assert words in found.why


def test_an_engine_that_failed_fell_behind() -> None:
    found = probe(FLAT, outcome=Failed("last rows", "it did not work off its load"))
    assert (found.pace, found.right) == (Pace.FELL_BEHIND, False)
    assert found.why == "it did not work off its load"


def test_a_limit_is_asked_only_of_what_kept_up() -> None:
    limit = Limit(Quantile.P99, 800)
    found = probe(FLAT, limit=limit)
    assert (found.passed, found.within_limit) == (True, False)
    assert "its max was 900 ms" in found.why
    assert probe(FLAT, limit=Limit(Quantile.P99, 1_000)).within_limit is True
    assert probe(STEEP, limit=limit).within_limit is None


def test_a_limit_that_hangs_on_clocks_is_neither_kept_nor_broken() -> None:
    limit = Limit(Quantile.P99, 900)
    behind = replace(HELD, clocks=(ClockBound(RUN_HOST_CLOCK, "here", -3.0, 3.0, 0),))
    found = probe(FLAT, limit=limit, certificate=behind)
    assert (found.passed, found.within_limit, found.clocks_unknown) == (True, None, False)
    unknown = replace(HELD, unknown_clocks=(UnknownClock(0, "gone"),))
    found = probe(FLAT, limit=Limit(Quantile.P99, 10_000), certificate=unknown)
    assert (found.passed, found.within_limit, found.clocks_unknown) == (True, None, True)


def test_what_ran_beside_it_is_said() -> None:
    marked = probe(FLAT, foreign=0.05)
    assert marked.passed
    assert marked.why.endswith("something else was running: 5% of the machine (cc1 5%)")
