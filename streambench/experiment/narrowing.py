"""From a first rate to a bracket: which rate is tried next, for how long, and when it is over.

Knows no job: what a rate showed comes from a prober.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from streambench.experiment.job_loads import NO_ROOM
from streambench.experiment.lengths import PROBE_WINDOWS
from streambench.experiment.questions import Question
from streambench.experiment.rate_search import ENDINGS, ending, next_rate, why_tried
from streambench.experiment.search_policy import USUAL, SearchPolicy
from streambench.model.conditions import Guarantee, Variant
from streambench.model.pace import Pace
from streambench.model.search import RateProbe, SearchRecord, SearchTerms
from streambench.model.windows import Window
from streambench.workload.schema import MAX_RATE_PER_S

_LATE: Final = "its time was over before the precision was reached"
_SECOND_LATE: Final = (
    "the precision was reached for the rate within the limit, and not for the lag-bounded one"
)


@dataclass(frozen=True)
class SearchTask:
    """What one search is asked: up to `most_per_s`, and in which time.

    Of the terms' budget, only `own_s` is for a second question, after the one for the rate within the
    limit.
    """

    terms: SearchTerms
    number: int
    own_s: float
    most_per_s: int = MAX_RATE_PER_S
    policy: SearchPolicy = USUAL


@dataclass(frozen=True)
class Attempt:
    """A rate to be tried, in events/s, and for how long; `note` says why."""

    rate_per_s: int
    settle_ms: int
    measured_ms: int
    note: str


class Prober(Protocol):
    """Whoever can try a rate."""

    def has_room(self, attempt: Attempt) -> bool:
        """Whether its load has room."""
        ...

    def probe(self, attempt: Attempt) -> RateProbe:
        """What the rate showed."""
        ...


Told = Callable[[SearchRecord], None]
"""Hears of every step, so that nothing measured is lost."""


class Narrowing:
    """One search, whose time begins now; `record` holds what is known so far."""

    def __init__(
        self,
        task: SearchTask,
        variant: Variant,
        guarantee: Guarantee,
        window: Window,
        told: Told,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._task = task
        self._guarantee = guarantee
        self._told = told
        self._clock = clock
        begun_s = clock()
        self._until_s = begun_s + task.terms.budget_s
        self._own_until_s = begun_s + min(task.own_s, task.terms.budget_s)
        self._around_s = 0.0  # what a probe took beside its measured part, at most
        self._least_ms = max(task.policy.least_measured_ms, window.span_ms(PROBE_WINDOWS))
        self.record = SearchRecord(variant, job=task.number)

    def know(self, **found: object) -> None:
        """Put something found into the record and tell of it."""
        self.record = replace(self.record, **found)  # type: ignore[arg-type]
        self._told(self.record)

    def run(self, prober: Prober, start_per_s: float) -> None:
        """Probe until the bracket is narrow or the time is over. Raises what the prober raises."""
        # Who sets a limit asks first for the rate within it; what kept up on the way is known as well.
        limit = self._task.terms.limit
        if limit is not None:
            self._answer(prober, Question(self._guarantee, limit), start_per_s)
            if not self.record.limit_unknown:
                if self.record.ended not in ENDINGS:
                    return
                self._until_s = self._own_until_s
        self._answer(prober, Question(self._guarantee), start_per_s)

    def _answer(self, prober: Prober, question: Question, start_per_s: float) -> None:
        task = self._task
        while True:
            probes = self.record.probes
            if question.limit is not None and self.record.limit_unknown:
                return  # at no rate it could be told
            rate = next_rate(
                probes,
                question,
                start_per_s=start_per_s,
                precision=task.terms.precision,
                most=task.most_per_s,
                policy=task.policy,
            )
            if rate is None:
                self.know(ended=ending(probes, question, most=task.most_per_s))
                return
            attempt = self._attempt(rate, why_tried(probes, question, rate))
            next_s = self._around_s + attempt.measured_ms / 1000 if self._around_s else 0.0
            if self._clock() + next_s > self._until_s:
                second = task.terms.limit is not None and question.limit is None
                self.know(ended=_SECOND_LATE if second else _LATE)
                return
            if not prober.has_room(attempt):
                self.know(ended=NO_ROOM)
                return
            self._try(prober, attempt)

    def _attempt(self, rate: int, note: str) -> Attempt:
        return Attempt(rate, self._task.policy.settle_ms, self._measured_ms(rate), note)

    def _measured_ms(self, rate: int) -> int:
        """Longer where so much did not decide; an engine that took longer twice will do so again."""
        last = [probe.pace for probe in self.record.probes if probe.rate_per_s == rate][-1:]
        often = [probe.pace for probe in self.record.probes[-2:]] == [Pace.UNDECIDED] * 2
        if last == [Pace.UNDECIDED] or often:
            return round(self._least_ms * self._task.policy.longer)
        return self._least_ms

    def _try(self, prober: Prober, attempt: Attempt) -> None:
        begun_s = self._clock()
        probe = prober.probe(attempt)
        self.know(probes=(*self.record.probes, probe))
        around_s = self._clock() - begun_s - probe.measured_s
        self._around_s = max(self._around_s, around_s)
