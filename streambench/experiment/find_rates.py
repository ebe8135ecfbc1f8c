"""Searches for all contenders, one after another, each confirmed in fresh jobs."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from streambench.experiment.candidates import candidate, next_below, untried
from streambench.experiment.clock_patience import ClockPatience, spoilt_by_clocks
from streambench.experiment.confirming import (
    ConfirmingFresh,
    Confirms,
    ToConfirm,
    confirmation,
)
from streambench.experiment.find_rate import ended_early, search
from streambench.experiment.narrowing import SearchTask
from streambench.experiment.not_made import not_run
from streambench.experiment.questions import kept_up, within_limit
from streambench.experiment.request import Contender, Request
from streambench.experiment.search_policy import USUAL, SearchPolicy
from streambench.experiment.session import Session
from streambench.model.disturbance import disturbance
from streambench.model.errors import ClocksApart
from streambench.model.plan import Plan, Unsupported
from streambench.model.search import Confirmation, SearchRecord, SearchTerms
from streambench.model.trial import Invalid, TrialRecord
from streambench.results.schema import RunRecord
from streambench.workload.schema import MAX_RATE_PER_S

# As a search that ends without a rate is of no use.
_TRIES_AT_LEAST: Final = 2


@dataclass(frozen=True)
class Found:
    """All that a run of searches made."""

    searches: tuple[SearchRecord, ...]
    trials: tuple[TrialRecord, ...]


def find_rates(
    request: Request,
    terms: SearchTerms,
    run: RunRecord,
    session: Session,
    policy: SearchPolicy = USUAL,
) -> Found:
    """Search and confirm for every contender; each step is in the bundle at once.

    Raises ClocksApart where clocks are, or may be, so far apart that no rate could be told.
    """
    finding = _Finding(request, terms, run, session, policy)
    for contender in request.contenders:
        finding.find(contender)
    finding.use_the_rest()
    return Found(tuple(finding.searches.values()), tuple(finding.trials))


class _Finding:
    """A `Searching` for one contender after another."""

    def __init__(
        self,
        request: Request,
        terms: SearchTerms,
        run: RunRecord,
        session: Session,
        policy: SearchPolicy,
    ) -> None:
        self._policy = policy
        self._request = request
        self._terms = terms
        self._run = run
        self._session = session
        capacity = run.capacity
        # No rate is tried that the generator cannot bear without an engine.
        most_per_s = None if capacity is None else capacity.most_per_s
        self._most_per_s = most_per_s or MAX_RATE_PER_S
        self._fresh = ConfirmingFresh(request, session, self._most_per_s, policy)
        limited = terms.limit is not None
        self._confirm_s = (
            self._fresh.takes_s(limited=limited)
            if terms.cold
            else policy.confirm.trial_s(request.workload.played_window)
        )
        self._begun_s = time.monotonic()
        self._now = request.contenders[0]  # whose search goes on
        self._patience = ClockPatience()
        self._planned = [c for c in request.contenders if isinstance(c.plan, Plan)]
        self.searches: dict[str, SearchRecord] = {}
        self.trials: list[TrialRecord] = []

    def find(self, contender: Contender) -> None:
        """Search, then confirm what was found."""
        match contender.plan:
            case Unsupported() as gap:
                record = not_run(len(self.trials) + 1, 0, contender, gap, ())
                self._session.writer.add_trial(record, {})
                self._ended(record)
            case Plan():
                self._now = contender
                try:
                    self._search_and_confirm(contender)
                except ClocksApart as apart:
                    self.know(
                        dataclasses.replace(
                            self.searches[contender.variant.label], ended=ended_early(apart)
                        )
                    )
                    raise

    def _search_and_confirm(self, contender: Contender) -> None:
        self._search(contender)
        found = self.searches[contender.variant.label]
        # Also where the job that was searched with ended before it could.
        tried = {each.trial for each in found.confirmations}
        if len(tried) < _TRIES_AT_LEAST and found.lag_bounded_per_s is None:
            self.confirm(self._fresh)

    def use_the_rest(self) -> None:
        """Spend what is left of the time on engines that have no rate within the limit yet."""
        for contender in self._planned:
            found = self.searches.get(contender.variant.label)
            if self._terms.limit is None or found is None or found.within_limit_per_s is not None:
                continue
            tried = [each for each in found.confirmations if each.limited]
            if tried and isinstance(contender.plan, Plan) and self._time_for_another():
                self._hold(contender, self._fresh, self._below(tried[-1]), limited=True)

    def _search(self, contender: Contender) -> None:
        number = len(self.searches) + 1
        begun_s = time.monotonic()
        budget_s = self._until_s(number) - begun_s - self._confirm_s
        own_s = self._begun_s + number * self._terms.budget_s - begun_s - self._confirm_s
        terms = dataclasses.replace(
            self._terms, budget_s=max(self._policy.least_search_s, budget_s)
        )
        task = SearchTask(terms, number, own_s, self._most_per_s, self._policy)
        search(task, self._request, contender, self._session, self)

    def confirm(self, trials: Confirms) -> None:
        """First the rate within the limit, which is lag-bounded, too; then a higher lag-bounded one."""
        contender, precision = self._now, self._terms.precision
        label = contender.variant.label
        found = self.searches[label]
        # Where clocks do not tell of any delay, only whether it keeps up is confirmed.
        limited = self._terms.limit is not None and not found.limit_unknown
        if limited:
            rate = self._next(found) or candidate(found, within_limit, precision) or untried(found)
            if rate is not None:
                self._hold(contender, trials, rate, limited=True)
        found = self.searches[label]
        rate = self._next(found) or candidate(found, kept_up, precision) or untried(found)
        known = found.lag_bounded_per_s
        if rate is None or (known is not None and rate <= known * (1 + precision)):
            return
        tried = (each for each in found.confirmations if not each.limited and not each.spoilt)
        fallen = any(not each.held for each in tried)
        if not limited or (not fallen and self._time_for_another()):
            self._hold(contender, trials, rate, limited=False)

    def _hold(self, contender: Contender, trials: Confirms, rate: int, *, limited: bool) -> None:
        """Try the rate for longer; less when it does not hold, while there is time.

        At least twice where nothing is confirmed. Raises ClocksApart.
        """
        label = contender.variant.label
        for tried in range(1, self._policy.confirm.tries + 1):
            record = trials.trial(
                ToConfirm(
                    contender,
                    self.searches[label],
                    rate,
                    number=len(self.trials) + 1,
                    search=list(self.searches).index(label) + 1,
                    limited=limited,
                )
            )
            if record is None:
                return
            self._ended(record)
            last = self._noted(label, record, rate, limited=limited)
            if last.held:
                return
            self._patience.heard(record)
            nothing = self.searches[label].lag_bounded_per_s is None
            if not (self._time_for_another() or (nothing and tried < _TRIES_AT_LEAST)):
                return
            rate = self._below(last)

    def _noted(self, label: str, record: TrialRecord, rate: int, *, limited: bool) -> Confirmation:
        """Put into the search what a trial says of its rate; the word on what it was made for."""
        found = self.searches[label]
        guarantee = self._request.conditions.guarantee
        plain = confirmation(record, rate, None, guarantee)
        lag_bounded = max(rate, found.lag_bounded_per_s or 0) if plain.held else None
        found = dataclasses.replace(
            found,
            confirmations=(*found.confirmations, plain),
            lag_bounded_per_s=lag_bounded or found.lag_bounded_per_s,
        )
        last = plain
        if limited:
            last = confirmation(record, rate, self._terms.limit, guarantee)
            found = dataclasses.replace(
                found,
                confirmations=(*found.confirmations, last),
                within_limit_per_s=rate if last.held else found.within_limit_per_s,
            )
        self.know(found)
        return last

    def _next(self, found: SearchRecord) -> int | None:
        """What comes after a trial of the job that was searched with; None where it confirmed, or made none."""
        if found.lag_bounded_per_s is not None or not found.confirmations:
            return None
        return self._below(found.confirmations[-1])

    def _below(self, last: Confirmation) -> int:
        """The rate to try after this one, which did not hold."""
        (record,) = (trial for trial in self.trials if trial.number == last.trial)
        machine, limits = record.machine, self._request.machine_limits
        if machine is not None and disturbance(machine, limits).invalid is not None:
            return last.rate_per_s  # what something else spoilt is no word on the rate
        if spoilt_by_clocks(record):
            return last.rate_per_s  # at a lower rate they would be as far apart
        return next_below(
            last.rate_per_s,
            self._terms.precision,
            spoilt=isinstance(record.outcome, Invalid),
            slope_ms_per_s=record.measures.get("lag_slope_ms_per_s"),
        )

    def _time_for_another(self) -> bool:
        """Whether another trial leaves the engines that wait for their search what is theirs."""
        return time.monotonic() + self._confirm_s <= self._until_s(len(self.searches))

    def _until_s(self, engines: int) -> float:
        """When so many engines have to be done with: not so late that the others cannot be."""
        policy = self._policy
        least_s = max(
            policy.least_share * self._terms.budget_s, policy.least_search_s + self._confirm_s
        )
        waiting = len(self._planned) - engines
        return self._begun_s + len(self._planned) * self._terms.budget_s - waiting * least_s

    def know(self, found: SearchRecord) -> None:
        """A step of a search is over."""
        self.searches[found.label] = found
        self._run = dataclasses.replace(self._run, searches=tuple(self.searches.values()))
        self._session.writer.update(self._run)

    def replace(self, records: Iterator[TrialRecord]) -> None:
        """More is known of trials."""
        for record in records:
            self.trials[record.number - 1] = record

    def _ended(self, record: TrialRecord) -> None:
        self.trials.append(record)
        self._session.observer.trial_ends(record)
