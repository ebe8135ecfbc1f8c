"""Searches for all contenders, one after another, each confirmed in a fresh job."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from streambench.experiment.execute import RunObserver, not_run
from streambench.experiment.find_rate import search, warming_loads
from streambench.experiment.one import run_one
from streambench.experiment.rate_search import FAR_DOWN, rounded
from streambench.experiment.request import Contender, Request
from streambench.load.probes import probes_of
from streambench.load.trace import PARTIAL, Trace
from streambench.model.conditions import Guarantee, Variant
from streambench.model.pace import Limit, Pace
from streambench.model.plan import Plan, Unsupported
from streambench.model.search import Confirmation, SearchRecord, SearchTerms
from streambench.model.sweep import AxisName, Point
from streambench.model.trial import Completed, Invalid, TrialRecord, TrialSpec
from streambench.oracle.expected import Expected, expect
from streambench.results.bundle import BundleWriter
from streambench.results.limits import delay_within
from streambench.results.schema import RunRecord
from streambench.results.sustained import judge_pace
from streambench.runtime.artifacts import Resolved
from streambench.runtime.scratch import memory_folder
from streambench.trial.schedule import duration_ms
from streambench.trial.workspace import scratch_bytes
from streambench.workload.schema import MAX_RATE_PER_S

# A confirming trial: a hundred windows of the default workload earn a p99.
CONFIRM_WARM_UP_S: Final = 15.0
CONFIRM_MEASURED_S: Final = 50.0
# Its load is compiled, a broker and the job are started and warmed, its rows are awaited and judged.
AROUND_A_TRIAL_S: Final = 75.0
LEAST_SEARCH_S: Final = 150.0
CONFIRM_S: Final = CONFIRM_WARM_UP_S + CONFIRM_MEASURED_S + AROUND_A_TRIAL_S
CONFIRM_TRIES: Final = 3
LEAST_WINDOWS: Final = 100
# The load, the broker's log of it and the engine beside them.
_ROOM_FACTOR: Final = 3
Warming = tuple[tuple[Trace, Expected], ...]


@dataclass(frozen=True)
class Found:
    """All that a run of searches made."""

    searches: tuple[SearchRecord, ...]
    trials: tuple[TrialRecord, ...]


def find_rates(
    request: Request,
    terms: SearchTerms,
    run: RunRecord,
    *,
    compiled: Callable[[Request, int, Path | None], Trace],
    broker_warm_up: Trace,
    artifacts: Mapping[Variant, Resolved],
    writer: BundleWriter,
    observer: RunObserver,
) -> Found:
    """Search and confirm for every contender; each step is in the bundle at once.

    `compiled` makes the load of a request's rate and of a length in ms, in a folder or in the cache.
    """
    finding = _Finding(request, terms, run, compiled, broker_warm_up, artifacts, writer, observer)
    for contender in request.contenders:
        finding.find(contender)
    return Found(tuple(finding.searches.values()), tuple(finding.trials))


class _Finding:
    def __init__(
        self,
        request: Request,
        terms: SearchTerms,
        run: RunRecord,
        compiled: Callable[[Request, int, Path | None], Trace],
        broker_warm_up: Trace,
        artifacts: Mapping[Variant, Resolved],
        writer: BundleWriter,
        observer: RunObserver,
    ) -> None:
        self._request = request
        self._terms = terms
        self._run = run
        self._compiled = compiled
        self._broker_warm_up = broker_warm_up
        self._artifacts = artifacts
        self._writer = writer
        self._observer = observer
        self._begun_s = time.monotonic()
        self.searches: dict[str, SearchRecord] = {}
        self.trials: list[TrialRecord] = []

    @property
    def _most_per_s(self) -> int:
        """No rate is tried that the generator cannot bear without an engine."""
        carried = self._run.null_trial
        return MAX_RATE_PER_S if carried is None else carried.most_per_s or MAX_RATE_PER_S

    def find(self, contender: Contender) -> None:
        """Search, then confirm what was found."""
        match contender.plan:
            case Unsupported() as gap:
                record = not_run(len(self.trials) + 1, 0, contender, gap, ())
                self._writer.add_trial(record, {})
                self._ended(record)
            case Plan() as plan:
                self._search(contender, plan)

    def _search(self, contender: Contender, plan: Plan) -> None:
        number = len(self.searches) + 1
        # What one engine leaves of its time is the next one's. Some rates need a second trial.
        until_s = self._begun_s + number * self._terms.budget_s
        budget_s = until_s - time.monotonic() - 1.25 * CONFIRM_S
        told = self._observer.trial_begins(
            number, len(self._request.contenders), contender.engine, ()
        )
        found = search(
            self._request,
            contender,
            plan,
            dataclasses.replace(self._terms, budget_s=max(LEAST_SEARCH_S, budget_s)),
            number=number,
            compiled=self._load,
            broker_warm_up=self._broker_warm_up.ref,
            artifacts=self._artifacts[contender.variant],
            observer=told,
            told=self._know,
            most_per_s=self._most_per_s,
        )
        lag_bounded = [p.rate_per_s for p in found.probes if p.passed] or _untried(found)
        within = [p.rate_per_s for p in found.probes if p.passed and p.within_limit]
        confirmed = self._confirm(contender, plan, found, max(lag_bounded, default=None), until_s)
        if self._terms.limit is not None and within:
            self._confirm_limit(contender, plan, confirmed, max(within), until_s)

    def _confirm(
        self,
        contender: Contender,
        plan: Plan,
        found: SearchRecord,
        rate: int | None,
        until_s: float,
    ) -> SearchRecord:
        """Try the rate for longer, in a fresh job; a little less when it does not hold.

        Half of that when the generator was late, which says nothing of the engine.
        At least twice, as a search that ends without a rate is of no use; a third time if there is time.
        """
        for tried in range(1, CONFIRM_TRIES + 1):
            if rate is None:
                break
            record = self._trial(contender, plan, rate)
            confirmation = _confirmation(record, rate, None, self._guarantee)
            found = dataclasses.replace(found, confirmations=(*found.confirmations, confirmation))
            if confirmation.held:
                found = dataclasses.replace(found, lag_bounded_per_s=rate)
            self._know(found)
            late = time.monotonic() + CONFIRM_S > until_s
            if confirmation.held or (late and tried > 1):
                break
            steps = 1 if isinstance(self.trials[-1].outcome, Invalid) else 2
            rate = rounded(rate / (1 + steps * self._terms.precision))
        return found

    def _confirm_limit(
        self, contender: Contender, plan: Plan, found: SearchRecord, rate: int, until_s: float
    ) -> None:
        """The same for the rate within the limit; a trial that there is already may do."""
        ceiling = found.lag_bounded_per_s
        for _ in range(CONFIRM_TRIES):
            rate = rate if ceiling is None else min(rate, ceiling)
            record = next(
                (t for t in self.trials if t.variant == contender.variant and _rate(t) == rate),
                None,
            ) or self._trial(contender, plan, rate)
            confirmation = _confirmation(record, rate, self._terms.limit, self._guarantee)
            found = dataclasses.replace(found, confirmations=(*found.confirmations, confirmation))
            if confirmation.held:
                found = dataclasses.replace(found, within_limit_per_s=rate)
            self._know(found)
            if confirmation.held or time.monotonic() + CONFIRM_S > until_s:
                return
            rate = rounded(rate / (1 + 2 * self._terms.precision))

    def _trial(self, contender: Contender, plan: Plan, rate: int) -> TrialRecord:
        window_s = self._request.workload.query.window.advance_ms / 1000
        request = dataclasses.replace(
            self._request,
            rate_per_s=rate,
            warm_up_s=CONFIRM_WARM_UP_S,
            measured_s=max(CONFIRM_MEASURED_S, LEAST_WINDOWS * window_s),
            recovery_s=0.0,
            faults=(),
        )
        # Some GB, played once.
        with TemporaryDirectory(prefix=f"{PARTIAL}{os.getpid()}-", dir=self._room(request)) as at:
            return self._tried(request, contender, plan, rate, Path(at))

    def _room(self, request: Request) -> Path:
        """Memory where there is so much: what is compiled to a disk has to be written out at once."""
        first = self._broker_warm_up
        records = (request.rate_per_s or 0) * duration_ms(request.spans) // 1_000
        load_bytes = int(first.records_bytes / first.ref.records * records)
        needed_bytes = scratch_bytes(records=records, load_bytes=load_bytes)
        return memory_folder(_ROOM_FACTOR * needed_bytes) or first.folder.parent

    def _warming(self, plan: Plan, found: SearchRecord, folder: Path) -> Warming:
        """What the job of the search was warmed with: the rate was found in a job that is compiled."""
        loads = [
            self._load(rate_per_s, load_ms, folder)
            for rate_per_s, load_ms in warming_loads(found, self._most_per_s)
        ]
        query = self._request.workload.query
        return tuple((load, expect(load, query, plan.event_clock)) for load in loads)

    def _tried(
        self, request: Request, contender: Contender, plan: Plan, rate: int, folder: Path
    ) -> TrialRecord:
        trace = self._compiled(request, duration_ms(request.spans), folder)
        found = self.searches[contender.variant.label]
        point: Point = ((AxisName.RATE, float(rate)),)
        number = len(self.trials) + 1
        record = run_one(
            TrialSpec(
                number=number,
                round=0,
                variant=contender.variant,
                conditions=request.conditions,
                segment=request.segment(trace, 0),
                cold=False,
                point=point,
            ),
            request=request,
            contender=contender,
            plan=plan,
            probes=probes_of(request.workload),
            promised=expect(trace, request.workload.query, plan.event_clock),
            broker_warm_up=self._broker_warm_up.ref,
            artifacts=self._artifacts[contender.variant],
            writer=self._writer,
            observer=self._observer.trial_begins(
                len(self.searches), len(self._request.contenders), contender.engine, point
            ),
            warming=self._warming(plan, found, folder),
        )
        self._ended(record)
        return record

    @property
    def _guarantee(self) -> Guarantee:
        return self._request.conditions.guarantee

    def _load(self, rate_per_s: int, load_ms: int, folder: Path) -> Trace:
        request = dataclasses.replace(self._request, rate_per_s=rate_per_s)
        return self._compiled(request, load_ms, folder)

    def _know(self, found: SearchRecord) -> None:
        self.searches[found.label] = found
        self._run = dataclasses.replace(self._run, searches=tuple(self.searches.values()))
        self._writer.update(self._run)

    def _ended(self, record: TrialRecord) -> None:
        self.trials.append(record)
        self._observer.trial_ends(record)


def _untried(found: SearchRecord) -> list[int]:
    """Where no probe passed: well below all of them, for a confirming trial to show what it is worth."""
    tried = [probe.rate_per_s for probe in found.probes]
    return [rounded(min(tried) * FAR_DOWN)] if tried else []


def _rate(record: TrialRecord) -> int:
    return int(dict(record.point).get(AxisName.RATE, 0))


def _confirmation(
    record: TrialRecord, rate: int, limit: Limit | None, guarantee: Guarantee
) -> Confirmation:
    def told(held: bool, why: str) -> Confirmation:
        return Confirmation(rate, record.number, held, why, limited=limit is not None)

    if not isinstance(record.outcome, Completed):
        return told(False, getattr(record.outcome, "reason", record.outcome.kind))
    if not record.outcome.verdict.right:
        return told(False, "its result was not right")
    found = judge_pace(record.measures, record.measured_windows)
    if found.pace is not Pace.KEPT_UP or limit is None:
        return told(found.pace is Pace.KEPT_UP, found.why)
    within, why = delay_within(record.measures, limit, guarantee)
    return told(within, f"{found.why}; {why}")
