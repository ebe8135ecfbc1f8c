"""A confirming trial takes minutes: it is made at a rate that a job is likely to bear for so long."""

from __future__ import annotations

from streambench.experiment.candidates import candidate, next_below, untried
from streambench.experiment.questions import kept_up, within_limit
from streambench.model.conditions import Variant
from streambench.model.pace import Pace
from streambench.model.search import RateProbe, SearchRecord

PRECISION = 0.05


def probe(
    rate: int,
    pace: Pace = Pace.KEPT_UP,
    *,
    idle: float | None = 0.4,
    within: bool | None = True,
) -> RateProbe:
    return RateProbe(rate, 12, 24, pace, "", right=True, within_limit=within, idle_share=idle)


def found(*probes: RateProbe) -> SearchRecord:
    return SearchRecord(Variant("flink", "2.2.1", ()), probes=probes)


def test_the_highest_rate_that_passed_below_every_failure_is_confirmed() -> None:
    record = found(probe(100_000), probe(120_000, Pace.FELL_BEHIND), probe(150_000), probe(110_000))
    assert candidate(record, kept_up, PRECISION) == 110_000
    assert candidate(found(probe(100_000, Pace.UNDECIDED)), kept_up, PRECISION) is None


def test_one_that_left_the_machine_no_room_is_not_tried_for_a_minute() -> None:
    assert candidate(found(probe(110_000, idle=0.05)), kept_up, PRECISION) == 100_000
    # But no lower than what passed besides and left some.
    both = found(probe(105_000), probe(110_000, idle=0.05))
    assert candidate(both, kept_up, PRECISION) == 105_000
    scarce = found(probe(105_000, idle=0.02), probe(110_000, idle=0.05))
    assert candidate(scarce, kept_up, PRECISION) == 100_000
    assert candidate(found(probe(110_000, idle=None)), kept_up, PRECISION) == 110_000


def test_the_limit_has_a_candidate_of_its_own() -> None:
    record = found(probe(100_000), probe(120_000, within=False))
    assert candidate(record, kept_up, PRECISION) == 120_000
    assert candidate(record, within_limit, PRECISION) == 100_000
    assert candidate(found(probe(9_000, within=False)), within_limit, PRECISION) is None


def test_where_nothing_passed_it_is_well_below_all_of_it() -> None:
    record = found(probe(100_000, Pace.FELL_BEHIND), probe(80_000, Pace.FELL_BEHIND))
    assert untried(record) == 52_000
    assert untried(found()) is None


def test_the_next_rate_is_lower_by_what_was_left_undone() -> None:
    def after(slope: float | None, *, spoilt: bool = False) -> int:
        return next_below(100_000, PRECISION, spoilt=spoilt, slope_ms_per_s=slope)

    assert after(None) == after(-90.0) == after(2.0) == 90_900
    assert after(300.0) == 66_700  # it worked off seven tenths
    assert after(10_000.0) == 47_600  # a slope of a few seconds may say anything
    assert after(300.0, spoilt=True) == 95_200  # it says nothing of the engine
