"""Which confirming trials follow a search, in which order, and what is made of what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from streambench.analysis.searches import bracket
from streambench.experiment import find_rates
from streambench.experiment.build import Options, make_request
from streambench.experiment.confirming import ConfirmingFresh, ToConfirm
from streambench.experiment.find_rate import Searching
from streambench.experiment.find_rates import Found
from streambench.experiment.loads import Loads
from streambench.experiment.narrowing import SearchTask
from streambench.experiment.request import Contender
from streambench.experiment.search_policy import USUAL
from streambench.experiment.session import Session
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound
from streambench.model.errors import ClocksApart
from streambench.model.machine import MachineUsage
from streambench.model.pace import Limit, Pace, Quantile
from streambench.model.search import RateProbe, SearchRecord, SearchTerms
from streambench.model.sweep import AxisName, Point
from streambench.model.trial import Certificate, Completed, Invalid, Outcome, TrialRecord
from streambench.model.windows import Tumbling
from streambench.results.bundle import BundleWriter
from streambench.results.schema import RunRecord
from streambench.trial.observer import Silent
from tests.report.example import HELD, RIGHT, RUN, measures, trial

LIMIT = Limit(Quantile.P99, 2_000)
APART = "the clock of here is not broker 1's"
PLENTY_S = 1e6
WINDOW = Tumbling(500)


@dataclass
class Bears:
    """An engine as its trials show it: up to `per_s`, and with a p99 of `p99_ms` at a rate."""

    per_s: int
    p99_ms: Callable[[int], float] = lambda rate: 100.0
    disturbed: frozenset[int] = (
        frozenset()
    )  # numbers of trials beside which something else was running
    certificate: Certificate = HELD
    apart: frozenset[int] = frozenset()  # numbers of trials whose clocks were too far apart

    def trial(self, number: int, engine: str, rate: int) -> TrialRecord:
        slope = 0.0 if rate <= self.per_s else 200.0
        pace: Mapping[str, float | None] = {
            "lag_slope_ms_per_s": slope,
            "lag_slope_lower_ms_per_s": slope - 1,
            "lag_slope_upper_ms_per_s": slope + 1,
            "backlog_end_ms": 0.0,
        }
        figures = {**measures(30, self.p99_ms(rate), self.p99_ms(rate)), **pace}
        foreign = 0.3 if number in self.disturbed else 0.0
        outcome: Outcome = Completed(RIGHT)
        if foreign:
            outcome = Invalid("something else was running")
        elif number in self.apart:
            outcome = Invalid(APART, by_clocks=True)
        return trial(
            number,
            engine,
            outcome,
            machine=MachineUsage(0.3, 0.0, 0.0, foreign, (), None, None, None),
            measured_windows=100,
            certificate=self.certificate,
            measures=figures,
            point=((AxisName.RATE, float(rate)),),
        )


@dataclass
class Told:
    """A bundle's writer and a run's observer that remember."""

    runs: list[RunRecord] = field(default_factory=list)
    ended: list[TrialRecord] = field(default_factory=list)

    def update(self, run: RunRecord) -> None:
        self.runs.append(run)

    def add_trial(self, record: TrialRecord, tables: Mapping[str, object]) -> None:
        raise AssertionError("the trial itself writes to the bundle")

    def trial_begins(self, number: int, total: int, title: str, point: Point) -> Silent:
        return Silent()

    def trial_ends(self, record: TrialRecord) -> None:
        self.ended.append(record)


def probe(
    rate: int, *, within: bool | None = None, pace: Pace = Pace.KEPT_UP, idle: float = 0.4
) -> RateProbe:
    return RateProbe(rate, 12, 24, pace, "", right=True, within_limit=within, idle_share=idle)


def found_for(
    monkeypatch: pytest.MonkeyPatch,
    probes: Sequence[RateProbe],
    bears: Mapping[str, Bears],
    *,
    limit: Limit | None = LIMIT,
    budget_s: float = PLENTY_S,
    given_s: list[tuple[float, float]] | None = None,
    told: Told | None = None,
) -> Found:
    """The searches of these engines all see `probes`; what is confirmed is up to `bears`.

    `given_s` is told what each search may take, and what of it is its own.
    """

    def searched(
        task: SearchTask,
        request: object,
        contender: Contender,
        session: object,
        told: Searching,
    ) -> None:
        if given_s is not None:
            given_s.append((task.terms.budget_s, task.own_s))
        record = SearchRecord(contender.variant, 1e5, 500_000, tuple(probes), ended="enough")
        told.know(record)

    def tried(self: object, asked: ToConfirm) -> TrialRecord:
        name = asked.contender.engine.name
        record = bears[name].trial(asked.number, name, asked.rate_per_s)
        return replace(record, variant=asked.contender.variant)

    monkeypatch.setattr(find_rates, "search", searched)
    monkeypatch.setattr(ConfirmingFresh, "trial", tried)
    request = make_request(Options(engines=tuple(bears), faults=()))
    told = told or Told()
    found = find_rates.find_rates(
        request,
        SearchTerms(limit, 0.05, budget_s),
        RUN,
        Session(cast(Loads, None), {}, cast(BundleWriter, told), told),
    )
    assert list(found.trials) == told.ended
    assert told.runs[-1].searches == found.searches  # nothing that was found is only in memory
    return found


def rates(found: Found) -> list[int]:
    return [int(dict(record.point)[AxisName.RATE]) for record in found.trials]


def results(found: Found) -> list[tuple[int | None, int | None]]:
    return [(each.lag_bounded_per_s, each.within_limit_per_s) for each in found.searches]


def test_one_trial_confirms_both_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    found = found_for(monkeypatch, [probe(100_000, within=True)], {"flink": Bears(100_000)})
    assert rates(found) == [100_000]
    assert results(found) == [(100_000, 100_000)]
    said = found.searches[0].confirmations
    assert [(each.limited, each.held, each.trial) for each in said] == [
        (False, True, 1), (True, True, 1),
    ]  # fmt: skip


def test_a_rate_whose_trial_something_else_spoilt_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bears = Bears(100_000, disturbed=frozenset({1}))
    found = found_for(monkeypatch, [probe(100_000, within=True)], {"flink": bears})
    assert rates(found) == [100_000, 100_000]
    assert results(found) == [(100_000, 100_000)]


def test_a_rate_whose_trial_clocks_spoilt_is_tried_again_and_no_lower_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    once = Bears(100_000, apart=frozenset({1}))
    found = found_for(monkeypatch, [probe(100_000, within=True)], {"flink": once})
    assert rates(found) == [100_000, 100_000]
    assert results(found) == [(100_000, 100_000)]


def test_a_trial_that_clocks_spoilt_keeps_no_higher_rate_from_being_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = [probe(100_000, within=True), probe(140_000, within=False)]
    bears = Bears(200_000, lambda rate: rate / 60, apart=frozenset({1}))
    found = found_for(monkeypatch, seen, {"spark": bears})
    assert rates(found) == [100_000, 100_000, 140_000]
    assert results(found) == [(140_000, 100_000)]
    said = found.searches[0].confirmations
    assert [each.spoilt for each in said] == [True, True, False, False, False]
    assert bracket(found.searches[0]).not_held == ()


def test_clocks_that_stay_apart_end_the_command_with_no_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    twice = Bears(100_000, apart=frozenset({1, 2}))
    told = Told()
    seen = [probe(100_000, within=True)]
    with pytest.raises(ClocksApart, match=APART):
        found_for(monkeypatch, seen, {"flink": twice, "spark": Bears(100_000)}, told=told)
    assert [dict(record.point)[AxisName.RATE] for record in told.ended] == [100_000, 100_000]
    (search,) = told.runs[-1].searches  # the other engine was not begun with
    assert search.ended == f"it ended early: {APART}"
    assert (search.lag_bounded_per_s, search.within_limit_per_s) == (None, None)
    assert [each.held for each in search.confirmations] == [False] * 4


def test_where_clocks_are_unknown_only_the_lag_bounded_rate_is_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = [replace(probe(100_000), clocks_unknown=True)]
    found = found_for(monkeypatch, seen, {"flink": Bears(100_000)}, budget_s=0)
    assert rates(found) == [100_000]
    assert results(found) == [(100_000, None)]
    assert [each.limited for each in found.searches[0].confirmations] == [False]


def test_a_rate_whose_delay_keeps_the_limit_only_by_some_clocks_is_not_confirmed_within_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doubt = replace(HELD, clocks=(ClockBound(RUN_HOST_CLOCK, "here", -5.0, 15.0, 0),))
    near = Bears(100_000, lambda rate: 1_890.0 + rate / 1_000, certificate=doubt)
    found = found_for(monkeypatch, [probe(100_000, within=True)], {"flink": near})
    # 1,990 ms may be 1,985 or 2,005: only at a lower rate it is surely at most 2,000.
    assert results(found) == [(100_000, 90_900)]
    assert rates(found) == [100_000, 90_900]


def test_without_a_limit_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    found = found_for(monkeypatch, [probe(100_000)], {"flink": Bears(100_000)}, limit=None)
    assert results(found) == [(100_000, None)]
    assert [each.limited for each in found.searches[0].confirmations] == [False]


def test_a_rate_that_is_borne_but_too_slow_is_lag_bounded_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = Bears(100_000, lambda rate: rate / 40)  # 2,500 ms at 100,000/s
    found = found_for(monkeypatch, [probe(100_000, within=True)], {"spark": slow})
    assert rates(found) == [100_000, 90_900, 82_600, 75_100]  # in its own time, and in the rest
    assert results(found) == [(100_000, 75_100)]


def test_a_higher_rate_without_the_limit_is_tried_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [probe(100_000, within=True), probe(140_000, within=False)]
    found = found_for(monkeypatch, seen, {"spark": Bears(200_000, lambda rate: rate / 60)})
    assert rates(found) == [100_000, 140_000]
    assert results(found) == [(140_000, 100_000)]


def test_no_higher_rate_is_tried_when_a_lower_one_fell_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = [probe(100_000, within=True), probe(140_000, within=False)]
    found = found_for(monkeypatch, seen, {"spark": Bears(80_000)})
    assert rates(found) == [100_000, 76_200]  # a fifth was left undone
    assert results(found) == [(76_200, 76_200)]


def test_without_time_there_is_one_more_trial_where_nothing_is_confirmed_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = [probe(100_000, within=True)]
    nothing = found_for(monkeypatch, seen, {"flink": Bears(50_000)}, budget_s=0)
    assert rates(nothing) == [100_000, 76_200]
    assert results(nothing) == [(None, None)]
    slow = Bears(100_000, lambda rate: 3_000.0)
    known = found_for(monkeypatch, seen, {"flink": slow}, budget_s=0)
    assert rates(known) == [100_000]
    assert results(known) == [(100_000, None)]


def test_an_engine_leaves_the_next_ones_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two trials' time beyond what the searches take at least: the first engine gets no third."""
    trial_s = USUAL.confirm.fresh_trial_s(WINDOW, limited=True)
    needed_s = USUAL.least_search_s + trial_s
    slow = Bears(100_000, lambda rate: 3_000.0)
    found = found_for(
        monkeypatch,
        [probe(100_000, within=True)],
        {"flink": slow, "spark": Bears(100_000)},
        # Nothing takes time here, so that only what has to be kept back counts.
        budget_s=(needed_s + trial_s - 1) / 2,
    )
    # None for Flink in its turn; of what is left at the end, as much as there is.
    assert rates(found)[:2] == [100_000, 100_000]
    assert results(found)[1] == (100_000, 100_000)
    assert [record.variant.engine for record in found.trials[2:]] == ["flink"] * 3
    assert rates(found)[2] == 90_900


def test_an_engine_may_take_of_the_others_shares_what_they_need_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bears = {name: Bears(100_000) for name in ("flink", "spark", "kafka-streams")}
    given_s: list[tuple[float, float]] = []
    found_for(monkeypatch, [probe(100_000, within=True)], bears, budget_s=1_000, given_s=given_s)
    # Nothing takes time here, so nothing is used up; a trial of each own is kept back.
    trial_s = USUAL.confirm.fresh_trial_s(WINDOW, limited=True)
    for number, (budget_s, own_s) in enumerate(given_s, start=1):
        waiting = 3 - number
        assert budget_s == pytest.approx(3_000 - waiting * 800 - trial_s, abs=1)
        assert own_s == pytest.approx(number * 1_000 - trial_s, abs=1)
    assert len(given_s) == 3


def test_where_no_probe_passed_a_much_lower_rate_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [probe(100_000, pace=Pace.FELL_BEHIND), probe(83_300, pace=Pace.FELL_BEHIND)]
    found = found_for(monkeypatch, seen, {"flink": Bears(60_000)})
    assert rates(found) == [54_100]
    assert results(found) == [(54_100, 54_100)]
