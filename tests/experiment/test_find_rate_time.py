"""A search keeps to its time: all of it for the first question, its own share alone for the second."""

from __future__ import annotations

from dataclasses import replace

from streambench.experiment.narrowing import Attempt, Narrowing, SearchTask
from streambench.experiment.questions import Question
from streambench.experiment.rate_search import ENDINGS, bracket
from streambench.model.conditions import Guarantee, Variant
from streambench.model.pace import Limit, Pace, Quantile
from streambench.model.search import RateProbe, SearchRecord, SearchTerms
from streambench.model.windows import Tumbling

LIMIT = Limit(Quantile.P99, 2_000)
# What the engine bears within the limit, and at all.
IN_TIME_PER_S, BORNE_PER_S = 100_000, 200_000
PROBE_S = 8.0
WINDOW = Tumbling(500)


class Bears:
    """A prober whose engine bears set rates; each probe takes the same time of its clock."""

    def __init__(self, *, clocks_unknown: bool = False) -> None:
        self.now_s = 0.0
        self._clocks_unknown = clocks_unknown

    def has_room(self, attempt: Attempt) -> bool:
        return attempt.rate_per_s > 0

    def probe(self, attempt: Attempt) -> RateProbe:
        assert attempt.note
        self.now_s += PROBE_S
        rate = attempt.rate_per_s
        pace = Pace.KEPT_UP if rate <= BORNE_PER_S else Pace.FELL_BEHIND
        within = rate <= IN_TIME_PER_S if pace is Pace.KEPT_UP else None
        delays = {"delay_max_ms": 1_000.0 if within else 3_000.0}
        probe = RateProbe(rate, 12, 24, pace, "", right=True, within_limit=within, measures=delays)
        if not self._clocks_unknown or within is None:
            return probe
        return replace(probe, within_limit=None, clocks_unknown=True)


def searched(*, budget_s: float, own_s: float, clocks_unknown: bool = False) -> SearchRecord:
    prober = Bears(clocks_unknown=clocks_unknown)
    told: list[SearchRecord] = []
    search = Narrowing(
        SearchTask(SearchTerms(LIMIT, 0.05, budget_s), 1, own_s, most_per_s=1_000_000),
        Variant("reference", "1"),
        Guarantee.AT_LEAST_ONCE,
        WINDOW,
        told.append,
        clock=lambda: prober.now_s,
    )
    search.run(prober, start_per_s=80_000)
    assert told[-1] == search.record
    return search.record


def test_both_questions_are_answered_when_there_is_time() -> None:
    found = searched(budget_s=1_000, own_s=1_000)
    assert found.ended in ENDINGS
    for limit, edge in ((LIMIT, IN_TIME_PER_S), (None, BORNE_PER_S)):
        low, high = bracket(found.probes, Question(Guarantee.AT_LEAST_ONCE, limit).passed)
        assert low is not None
        assert high is not None
        assert low <= edge < high <= 1.05 * low


def test_the_second_question_has_only_its_own_share() -> None:
    """What goes beyond it is the time of the engines that wait."""
    full = searched(budget_s=1_000, own_s=1_000)
    first_only = searched(budget_s=1_000, own_s=0)
    assert first_only.ended not in ENDINGS
    assert "not for the lag-bounded one" in first_only.ended
    asked = len(first_only.probes)
    assert 0 < asked < len(full.probes)
    assert first_only.probes == full.probes[:asked]
    low, high = bracket(first_only.probes, Question(Guarantee.AT_LEAST_ONCE, LIMIT).passed)
    assert low is not None
    assert high is not None
    assert high <= 1.05 * low
    # One more while the share lasts.
    assert len(searched(budget_s=1_000, own_s=PROBE_S * asked + 1).probes) == asked + 1


def test_no_probe_begins_after_the_time_is_over() -> None:
    found = searched(budget_s=1.5 * PROBE_S, own_s=1_000)
    assert len(found.probes) == 2
    assert "its time was over" in found.ended


def test_where_clocks_are_unknown_only_what_they_do_not_tell_is_left_open() -> None:
    """No rate is held against the limit, and all of the time is for the other question."""
    found = searched(budget_s=1_000, own_s=0, clocks_unknown=True)
    assert found.ended in ENDINGS
    low, high = bracket(found.probes, Question(Guarantee.AT_LEAST_ONCE).passed)
    assert low is not None
    assert high is not None
    assert low <= BORNE_PER_S < high <= 1.05 * low
    assert min(probe.rate_per_s for probe in found.probes) > IN_TIME_PER_S / 2
