"""Whether a delay keeps a limit, and what clocks leave open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound, UnknownClock
from streambench.model.conditions import Guarantee
from streambench.model.pace import Limit, Quantile
from streambench.model.trial import Certificate, TrialRecord
from streambench.results.limits import LimitKept, limit_kept
from tests.report.example import HELD, RIGHT, completed

P99 = Limit(Quantile.P99, 2_000)


def load(measures: dict[str, float | None], certificate: Certificate = HELD) -> TrialRecord:
    return replace(completed(1, "flink", RIGHT, measures), certificate=certificate)


def kept(
    p99_ms: float, certificate: Certificate, guarantee: Guarantee = Guarantee.AT_LEAST_ONCE
) -> LimitKept:
    figures: dict[str, float | None] = {"delay_p99_ms": p99_ms, "visible_p99_ms": p99_ms}
    return limit_kept(load(figures, certificate), P99, guarantee)


@pytest.mark.parametrize(
    ("measures", "within", "words"),
    [
        ({"delay_p99_ms": 1_999.0, "delay_max_ms": 9_000.0}, True, "p99 was 1,999"),
        ({"delay_p99_ms": 2_001.0, "delay_max_ms": 9_000.0}, False, "p99 was 2,001"),
        ({"delay_p99_ms": None, "delay_max_ms": 1_500.0}, True, "max was 1,500"),
        ({"delay_p99_ms": None, "delay_max_ms": 2_500.0}, False, "max was 2,500"),
        ({}, False, "not known"),
    ],
)
def test_a_percentile_that_is_not_earned_is_stood_in_for_by_the_slowest(
    measures: dict[str, float | None], within: bool, words: str
) -> None:
    found = limit_kept(load(measures), P99, Guarantee.AT_LEAST_ONCE)
    assert found.kept is within
    assert words in found.why


def test_under_exactly_once_the_visible_delay_counts() -> None:
    record = load({"delay_p99_ms": 10.0, "visible_p99_ms": 3_000.0})
    assert limit_kept(record, P99, Guarantee.AT_LEAST_ONCE).kept
    assert limit_kept(record, P99, Guarantee.EXACTLY_ONCE).kept is False


@pytest.mark.parametrize(
    ("p99_ms", "within"),
    # The broker is 5 to 15 ms ahead of who played: what was measured is 5 to 15 ms too much.
    [(2_004.0, True), (2_006.0, None), (2_014.0, None), (2_016.0, False)],
)
def test_a_delay_keeps_a_limit_only_wherever_the_clocks_were(
    p99_ms: float, within: bool | None
) -> None:
    ahead = replace(HELD, clocks=(ClockBound(RUN_HOST_CLOCK, "here", -15.0, -5.0, 0),))
    found = kept(p99_ms, ahead)
    assert found.kept is within
    assert ("clocks may have it off by +5 to +15 ms" in found.why) is (within is None)
    # One that is visible goes by our clock alone.
    assert kept(p99_ms, ahead, Guarantee.EXACTLY_ONCE).kept is False


@pytest.mark.parametrize("p99_ms", [1.0, 9_000.0])
def test_by_clocks_of_which_nothing_is_known_no_delay_can_be_held_against_a_limit(
    p99_ms: float,
) -> None:
    unknown = replace(HELD, unknown_clocks=(UnknownClock(None, "no topic"),))
    found = kept(p99_ms, unknown)
    assert found.kept is None
    assert found.clocks_unknown
    assert kept(1.0, unknown, Guarantee.EXACTLY_ONCE).kept
