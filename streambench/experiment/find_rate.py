"""A search for the highest rate that an engine bears, in one warm job.

1. Records come at once until the job works them off no faster: it is compiled then.
2. A load rises from somewhat below that rate to well above it. Where the lag begins to grow is the first guess.
3. Rates around the guess are tried, until one that passed and one that failed are near to each other.
4. The highest that passed is tried for longer, by the same job or by a fresh one.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import pyarrow.compute as pc

from streambench.experiment.clock_patience import ClockPatience
from streambench.experiment.confirming import ConfirmingInJob, Confirms
from streambench.experiment.job_loads import JobLoads, job_room
from streambench.experiment.kept_job import KeptJob, Probed
from streambench.experiment.narrowing import Attempt, Narrowing, SearchTask
from streambench.experiment.onset import onset_s
from streambench.experiment.probing import rate_probe
from streambench.experiment.rate_search import rounded
from streambench.experiment.request import Contender, Request
from streambench.experiment.runner import Launch, run_job
from streambench.experiment.session import Session
from streambench.experiment.warming import WarmUp
from streambench.model.errors import ClocksApart, EngineFailed, EngineSlow, InstrumentFailed
from streambench.model.plan import Plan
from streambench.model.search import RampRecord, RateProbe, SearchRecord
from streambench.model.shape import Ramp
from streambench.model.trial import Completed, Segment, TrialRecord
from streambench.model.workload import shaped
from streambench.trial.job import RunningJob
from streambench.trial.load import Load
from streambench.trial.observer import Phase
from streambench.trial.schedule import duration_ms, spans
from streambench.trial.timeline import Timeline
from streambench.trial.workspace import Workspace


class Searching(Protocol):
    """Whoever a search is made for."""

    def know(self, found: SearchRecord) -> None:
        """Hears of every step, so that nothing measured is lost."""
        ...

    def confirm(self, trials: Confirms) -> None:
        """The bracket is there, and the job still runs."""
        ...

    def replace(self, records: Iterator[TrialRecord]) -> None:
        """More is known of trials, as the job has gone."""
        ...


@dataclass
class BracketOnly:
    """A search of which nothing is confirmed; `found` is what is known, and `told` hears of it."""

    told: Callable[[SearchRecord], None]
    found: SearchRecord | None = None

    def know(self, found: SearchRecord) -> None:
        """A step is over."""
        self.found = found
        self.told(found)

    def confirm(self, trials: Confirms) -> None:
        """Nothing."""

    def replace(self, records: Iterator[TrialRecord]) -> None:
        """There are none."""


def search(
    task: SearchTask, request: Request, contender: Contender, session: Session, told: Searching
) -> None:
    """Search in one job. An engine that fails ends the search, as a finding.

    Raises ClocksApart: other engines would be searched by the same clocks.
    """
    assert isinstance(contender.plan, Plan)
    plan = contender.plan
    guarantee, window = request.conditions.guarantee, request.workload.played_window
    known = Narrowing(task, contender.variant, guarantee, window, told.know)
    kept = KeptJob(task.number, 0, contender, session)
    launch = Launch(
        session.job(task.number, request, contender, task.most_per_s),
        job_room(session.loads, request, plan),
    )
    ended = False

    def script(job: RunningJob, place: Workspace) -> None:
        nonlocal ended
        prober = _InOneJob(task, request, kept, known, JobLoads(session.loads, request, place), job)
        known.run(prober, prober.first_guess_per_s())
        ended = True
        known.know(timeline=shown.phases())
        if task.terms.cold:
            return
        trials = ConfirmingInJob(kept, request, job, prober.loads, task.policy)
        told.confirm(trials)
        if trials.error is not None:
            raise trials.error

    shown = Timeline(
        session.observer.trial_begins(task.number, len(request.contenders), contender.title, ())
    )
    try:
        run_job(kept, launch, shown, script, told.replace)
    except (EngineFailed, InstrumentFailed) as error:
        if not ended:
            known.know(ended=ended_early(error), timeline=shown.phases())
        if isinstance(error, ClocksApart):
            raise


def ended_early(error: EngineFailed | InstrumentFailed) -> str:
    """Why a search is over before its bracket is narrow."""
    return f"it ended early: {error.message}"


class _InOneJob:
    """Tries rates in one warm job; a `Prober`."""

    def __init__(
        self,
        task: SearchTask,
        request: Request,
        kept: KeptJob,
        known: Narrowing,
        loads: JobLoads,
        job: RunningJob,
    ) -> None:
        self._task = task
        self._request = request
        self._kept = kept
        self._known = known
        self._job = job
        self._patience = ClockPatience()
        self.loads = loads

    def first_guess_per_s(self) -> float:
        """Warm the job, and let a load rise until its lag grows. Raises EngineFailed."""
        at_once_per_s = self._worked_off_per_s() or float(self._request.load_rate_per_s)
        policy, most_per_s = self._task.policy, self._task.most_per_s
        first, last = policy.ramp_from * at_once_per_s, policy.ramp_to * at_once_per_s
        borne_per_s = at_once_per_s
        for number in range(1, policy.ramps_at_most + 1):
            ramp = RampRecord(min(rounded(first), most_per_s), min(rounded(last), most_per_s))
            if not self.loads.have_room((ramp.first_per_s + ramp.last_per_s) // 2, policy.ramp_ms):
                break
            found, valid = self._rose(ramp)
            if not valid:
                break
            if found.onset_per_s is not None:
                return float(found.onset_per_s)
            borne_per_s = float(found.last_per_s)
            if found.last_per_s == most_per_s or number == policy.ramps_at_most:
                break
            first, last = borne_per_s, policy.ramp_on * borne_per_s
        return borne_per_s

    def _rose(self, ramp: RampRecord) -> tuple[RampRecord, bool]:
        """Play a load that rises; (what it showed, whether that is valid)."""
        upto = f"up to {ramp.last_per_s:,} events/s"
        probed = self._play(self._rising(ramp), self._task.policy.ramp_ms, Phase.RAMP, upto)
        found = replace(ramp, onset_per_s=_onset_per_s(ramp, probed), load=probed.record.number)
        self._known.know(ramp=found, earlier_ramps=self._known.record.ramps)
        self._patience.heard(probed.record)
        self._must_be_complete(f"a load that rose to {ramp.last_per_s:,} events/s")
        return found, isinstance(probed.record.outcome, Completed)

    def has_room(self, attempt: Attempt) -> bool:
        """Whether the broker has room for another load."""
        return self.loads.have_room(attempt.rate_per_s, attempt.measured_ms)

    def probe(self, attempt: Attempt) -> RateProbe:
        """Play the rate.

        Raises EngineSlow when rows are missing: they would count against the next. Raises ClocksApart when
        clocks spoilt it, as they did the load before.
        """
        request, rate = self._request, attempt.rate_per_s
        probed = self._play(
            replace(request, rate_per_s=rate, warm_up_s=attempt.settle_ms / 1000),
            attempt.measured_ms,
            Phase.PROBE,
            attempt.note,
        )
        probe = rate_probe(
            probed.record,
            rate,
            self._task.terms.limit,
            request.conditions.guarantee,
            request.machine_limits,
        )
        before = self._known.record.probes
        try:
            self._patience.heard(probed.record)
            self._must_be_complete(f"{rate:,} events/s")
        except (ClocksApart, EngineSlow):
            self._known.know(probes=(*before, probe))
            raise
        return probe

    def _worked_off_per_s(self) -> float | None:
        """Warm the job by loads that come at once; how fast it works them off, in records/s.

        The first loads compile it, and tell how many records take some seconds.
        """
        policy, most_per_s = self._task.policy, self._task.most_per_s
        window = self._request.workload.played_window
        first = self.loads.of(min(policy.at_once_per_s, most_per_s), policy.at_once_ms)
        self._kept.first_result_s = self._job.ready(first)
        warm_up = WarmUp(
            first,
            lambda per_s: self.loads.of(
                # More than the last: it will be faster.
                min(rounded(policy.growth * per_s), most_per_s),
                policy.later_at_once_ms,
            ),
        )
        per_s = None
        for step in self._kept.warm(self._job, warm_up):
            lot, per_s = step.played.trace, step.per_s
            self._known.know(
                drain_per_s=per_s,
                drain_records=lot.ref.records,
                drain_records_per_window=lot.records_in(window.advance_ms),
            )
        return per_s

    def _rising(self, ramp: RampRecord) -> Request:
        request = self._request
        rising = shaped(request.workload.input, Ramp(ramp.first_per_s, ramp.last_per_s))
        workload = replace(request.workload, input=rising)
        return replace(request, workload=workload, rate_per_s=None, warm_up_s=0.0)

    def _play(self, request: Request, measured_ms: int, phase: Phase, note: str) -> Probed:
        parts = spans(
            request.workload, warm_up_ms=round(request.warm_up_s * 1000), measured_ms=measured_ms
        )
        load = self.loads.compiled(request, duration_ms(parts))
        due = self._kept.due(self._job, load)
        segment = Segment(load.ref, parts)
        probed = self._kept.probe(self._job, request, segment, Load(load, due, phase, note))
        shutil.rmtree(load.folder)
        return probed

    def _must_be_complete(self, load: str) -> None:
        """Rows that are missing would count against the next load."""
        if not self._kept.complete:
            raise EngineSlow(f"rows were still missing long after {load}", stage="last rows")


def _onset_per_s(ramp: RampRecord, probed: Probed) -> int | None:
    """At which rate the lag began to grow for good; None where it did not, or cannot be told."""
    windows = probed.assessed.tables["windows"]
    windows = windows.filter(pc.is_valid(windows.column("closing_ms")))
    windows = windows.sort_by("closing_ms")
    due_s = windows.column("closing_ms").to_numpy() / 1000
    delay_ms = windows.column("complete_ms").fill_null(math.inf).to_numpy()
    rises_per_s = (ramp.last_per_s - ramp.first_per_s) / (duration_ms(probed.record.spans) / 1000)
    if not rises_per_s:
        return None
    found_s = onset_s(due_s, delay_ms, ramp.first_per_s / rises_per_s)
    return None if found_s is None else rounded(ramp.first_per_s + found_s * rises_per_s)
