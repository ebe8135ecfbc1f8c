"""The search finds the edge of any engine, in few probes, and knows when to stop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streambench.experiment.questions import Question
from streambench.experiment.rate_search import (
    bracket,
    ceiling,
    ending,
    next_rate,
    rounded,
    why_tried,
)
from streambench.model.conditions import Guarantee
from streambench.model.pace import Limit, Pace, Quantile
from streambench.model.search import RateProbe
from streambench.workload.schema import MAX_RATE_PER_S

MOST = MAX_RATE_PER_S


def probe(rate: int, pace: Pace | None) -> RateProbe:
    return RateProbe(rate, 12, 24, pace, "", right=True)


KEPT_UP = Question(Guarantee.AT_LEAST_ONCE)
IN_TIME = Question(Guarantee.AT_LEAST_ONCE, Limit(Quantile.P99, 2_000))
passed = KEPT_UP.passed


def searched(
    edge_per_s: int,
    start_per_s: float,
    precision: float = 0.05,
    overloaded_share: float | None = None,
) -> list[RateProbe]:
    """All probes of an engine that bears exactly `edge_per_s`.

    Given more, it works off `overloaded_share` of that; None: how fast its lag grows is not known.
    """
    done: list[RateProbe] = []
    while True:
        rate = next_rate(done, KEPT_UP, start_per_s=start_per_s, precision=precision, most=MOST)
        if rate is None:
            return done
        tried = probe(rate, Pace.KEPT_UP if rate <= edge_per_s else Pace.FELL_BEHIND)
        if overloaded_share is not None and not tried.passed:
            left = max(0.011, 1 - overloaded_share * edge_per_s / rate)
            tried = replace(tried, measures={"lag_slope_ms_per_s": 1000 * left})
        done.append(tried)
        assert len(done) < 40


@pytest.mark.parametrize("edge_per_s", [900, 12_345, 75_000, 222_000, 1_800_000])
@pytest.mark.parametrize("share", [0.6, 1.3, 3.0])
def test_the_edge_is_found_to_the_precision_wherever_it_starts(
    edge_per_s: int, share: float
) -> None:
    low, high = bracket(searched(edge_per_s, edge_per_s * share), passed)
    assert low is not None
    assert high is not None
    assert low <= edge_per_s < high
    assert high / low <= 1.05


@pytest.mark.parametrize("overloaded_share", [0.5, 0.8, 1.0, 1.15])
@pytest.mark.parametrize("share", [0.6, 1.0, 1.3, 3.0])
def test_what_an_overloaded_engine_works_off_leads_to_the_edge_and_never_past_it(
    share: float, overloaded_share: float
) -> None:
    told = searched(222_000, 222_000 * share, overloaded_share=overloaded_share)
    low, high = bracket(told, passed)
    assert low is not None
    assert high is not None
    assert low <= 222_000 < high
    assert high / low <= 1.05
    # What misleads costs some probes and not the result.
    assert len(told) <= len(searched(222_000, 222_000 * share)) + 5


def test_what_an_overloaded_engine_works_off_saves_probes_when_it_was_given_far_too_much() -> None:
    def probes(overloaded_share: float | None) -> list[int]:
        starts = (222_000 * share for share in (1.5, 2.0, 3.0))
        return [len(searched(222_000, s, overloaded_share=overloaded_share)) for s in starts]

    assert probes(None) == [8, 8, 10]
    assert probes(1.0) == [3, 4, 5]


def test_an_engine_that_is_given_far_too_much_tells_where_to_go_on() -> None:
    failed = replace(probe(243_000, Pace.FELL_BEHIND), measures={"lag_slope_ms_per_s": 250.0})

    def after(*done: RateProbe) -> int | None:
        return next_rate(done, KEPT_UP, start_per_s=1.0, precision=0.05, most=MOST)

    assert after(failed) == 178_000  # it worked off 182,000
    # Between what passed and what failed: what is just beyond that would most likely fail,
    assert after(probe(178_000, Pace.KEPT_UP), failed) == 186_000
    # or a tenth up, where one step is not beyond it,
    assert after(probe(174_000, Pace.KEPT_UP), failed) == 191_000
    # unless a tenth is not, either, or more was borne.
    assert after(probe(160_000, Pace.KEPT_UP), failed) == 197_000
    assert after(probe(200_000, Pace.KEPT_UP), failed) == 220_000


def test_a_delay_above_the_limit_tells_how_far_to_go_down() -> None:
    def after(*delays_ms: float) -> int | None:
        rates = (207_000, 172_000)
        done = [
            replace(
                probe(rate, Pace.KEPT_UP),
                within_limit=False,
                measures={"delay_max_ms": delay_ms, "lag_slope_ms_per_s": -30.0},
            )
            for rate, delay_ms in zip(rates, delays_ms, strict=False)
        ]
        return next_rate(done, IN_TIME, start_per_s=1.0, precision=0.05, most=MOST)

    assert after(2_401) == 168_000  # 2,000 / 2,401 of it, and half of the precision less
    assert after(2_001) == 197_000  # a step down at least
    assert after(2_401, 2_004) == 156_000  # the second step is twice as wide
    assert after(2_401, 9_000) == 112_000  # no farther than this


def test_what_was_not_decided_is_tried_again_only_when_a_higher_rate_fails() -> None:
    unclear = probe(670_000, Pace.UNDECIDED)

    def after(*done: RateProbe) -> int | None:
        return next_rate(done, KEPT_UP, start_per_s=1.0, precision=0.05, most=MOST)

    assert after(unclear) == 704_000
    passes, fails = probe(804_000, Pace.KEPT_UP), probe(804_000, Pace.FELL_BEHIND)
    assert after(unclear, passes) == 884_000
    assert after(unclear, fails) == 670_000
    # And before any other rate between: the middle would be 634,000.
    assert after(probe(500_000, Pace.KEPT_UP), unclear, fails) == 670_000
    # A second time it is an answer.
    assert after(unclear, fails, unclear) == 609_000
    assert after(unclear, fails, probe(670_000, Pace.KEPT_UP)) == 734_000
    # Nothing is gained where the bracket is narrow, and where its lag grew it did not keep up.
    near = [probe(650_000, Pace.KEPT_UP), unclear, probe(680_000, Pace.FELL_BEHIND)]
    assert after(*near) is None
    grew = replace(unclear, measures={"lag_slope_ms_per_s": 88.0})
    assert after(grew) == 596_000  # it worked off 611,000


def test_what_the_generator_spoilt_is_tried_again_at_once_and_nothing_above_it() -> None:
    spoilt = probe(100_000, None)

    def after(*done: RateProbe) -> int | None:
        return next_rate(done, KEPT_UP, start_per_s=1.0, precision=0.05, most=MOST)

    assert after(spoilt) == 100_000
    assert after(spoilt, spoilt) == 95_200


def test_why_a_rate_is_tried_is_told() -> None:
    low, high = probe(100_000, Pace.KEPT_UP), probe(120_000, Pace.FELL_BEHIND)
    unclear, spoilt = probe(110_000, Pace.UNDECIDED), probe(110_000, None)
    assert why_tried([], KEPT_UP, 100_000) == "the first rate"
    assert why_tried([high], KEPT_UP, 100_000) == "120,000 failed"
    assert why_tried([low, unclear], KEPT_UP, 132_000) == "100,000 passed, 110,000 not decided"
    assert why_tried([low, unclear, high], KEPT_UP, 110_000) == "100,000 passed, longer, to decide"
    assert why_tried([low, high], KEPT_UP, 110_000) == "100,000 passed, 120,000 failed"
    assert why_tried([low, spoilt], KEPT_UP, 110_000) == "100,000 passed, once more"


def test_what_was_not_decided_at_the_most_that_the_generator_bears_is_tried_again() -> None:
    def after(*done: RateProbe) -> int | None:
        return next_rate(done, KEPT_UP, start_per_s=1.0, precision=0.05, most=100_000)

    unclear = probe(100_000, Pace.UNDECIDED)
    assert after(unclear) == 100_000
    assert after(unclear, probe(100_000, Pace.KEPT_UP)) is None


def test_a_start_near_the_edge_takes_few_probes() -> None:
    def probes(share: float) -> int:
        """As an engine tells by how much it was given too much."""
        return len(searched(100_000, 100_000 * share, overloaded_share=1.0))

    assert [probes(share) for share in (0.9, 1.0, 1.1, 1.2, 1.3)] == [5, 4, 3, 3, 3]
    assert max(probes(share) for share in (0.5, 0.8, 1.5, 2.0)) <= 9


def test_steps_are_larger_while_the_machine_has_nothing_to_do() -> None:
    def after(idle_share: float | None) -> int | None:
        done = [replace(probe(100_000, Pace.KEPT_UP), idle_share=idle_share)]
        return next_rate(done, KEPT_UP, start_per_s=1.0, precision=0.05, most=MOST)

    assert after(0.7) == 180_000
    assert (
        after(0.3) == 143_000
    )  # three tenths are left, and a load costs less by event as it grows
    assert after(0.1) == after(None) == 105_000
    tiny = [probe(1, Pace.KEPT_UP)]  # a fifth more is the same in whole events
    assert next_rate(tiny, KEPT_UP, start_per_s=1.0, precision=0.05, most=MOST) == 2


def test_an_engine_that_bears_nothing_or_everything_ends_it() -> None:
    nothing = searched(0, 20_000)
    assert bracket(nothing, passed)[0] is None
    assert "no rate passed" in ending(nothing, KEPT_UP, most=MOST)
    assert "precision" in ending(searched(20_000, 20_000), KEPT_UP, most=MOST)
    everything = searched(MOST, MOST)
    assert everything[-1].rate_per_s == MOST
    assert bracket(everything, passed) == (MOST, None)
    assert "no higher rate can be asked for" in ending(everything, KEPT_UP, most=MOST)
    # Less than that was tried on this machine before.
    carried = [probe(MOST // 2, Pace.KEPT_UP)]
    assert "generator" in ending(carried, KEPT_UP, most=MOST // 2)


def test_a_longer_probe_replaces_the_one_that_did_not_decide() -> None:
    undecided = [probe(1_000, Pace.UNDECIDED), probe(1_000, Pace.KEPT_UP)]
    assert bracket(undecided, passed) == (1_000, None)
    assert ceiling(undecided, passed) is None
    for unknown in (undecided[:1], [probe(1_000, None)]):  # it bounds the tries, and is no failure
        assert bracket(unknown, passed) == (None, None)
        assert ceiling(unknown, passed) == 1_000


def test_the_upper_end_of_the_bracket_has_failed_and_is_not_merely_undecided() -> None:
    passes = probe(650_000, Pace.KEPT_UP)
    grew = replace(probe(670_000, Pace.UNDECIDED), measures={"lag_slope_ms_per_s": 88.0})

    def after(*done: RateProbe) -> int | None:
        return next_rate(done, KEPT_UP, start_per_s=1.0, precision=0.05, most=MOST)

    assert after(passes, grew) == 670_000  # for longer, to see it fail
    fails = probe(670_000, Pace.FELL_BEHIND)
    assert after(passes, grew, fails) is None
    assert "precision" in ending([passes, grew, fails], KEPT_UP, most=MOST)
    assert after(passes, grew, grew) is None
    assert "neither passed nor failed" in ending([passes, grew, grew], KEPT_UP, most=MOST)
    # Nor does a failure farther up make it one.
    far = probe(900_000, Pace.FELL_BEHIND)
    assert bracket([passes, far, grew, grew], passed) == (650_000, 900_000)
    assert "neither passed nor failed" in ending([passes, far, grew, grew], KEPT_UP, most=MOST)


def test_a_success_above_a_failure_was_luck() -> None:
    done = [
        probe(1_000, Pace.KEPT_UP),
        probe(2_000, Pace.FELL_BEHIND),
        probe(3_000, Pace.KEPT_UP),
    ]
    assert bracket(done, passed) == (1_000, 2_000)
    # What was not decided is no failure there.
    done[1] = probe(2_000, Pace.UNDECIDED)
    assert bracket(done, passed) == (3_000, None)


def test_a_result_that_is_not_right_never_passes() -> None:
    wrong = RateProbe(1_000, 12, 24, Pace.KEPT_UP, "", right=False)
    assert not wrong.passed


def test_rates_have_three_digits() -> None:
    assert rounded(123_456.7) == 123_000
    assert rounded(1_234) == 1_230
    assert rounded(0.2) == 1


def test_a_rate_of_which_clocks_do_not_tell_whether_it_kept_the_limit_neither_passes_nor_fails() -> (
    None
):
    """Up to 90,000/s the delay is surely within the limit, from 110,000 on surely not."""
    done: list[RateProbe] = []
    while True:
        rate = next_rate(done, IN_TIME, start_per_s=100_000, precision=0.05, most=MOST)
        if rate is None:
            break
        within = True if rate <= 90_000 else False if rate >= 110_000 else None
        delays = {"delay_max_ms": 2_000 * rate / 100_000}
        tried = replace(probe(rate, Pace.KEPT_UP), within_limit=within, measures=delays)
        done.append(tried)
        assert len(done) < 40
    low, high = bracket(done, IN_TIME.passed)
    between = ceiling(done, IN_TIME.passed)
    assert low is not None
    assert between is not None
    assert low <= 90_000 < between <= 1.05 * low
    assert between < 110_000
    assert high is None or high >= 110_000
    assert "neither passed nor failed" in ending(done, IN_TIME, most=MOST)
