"""Confirming trials: a rate of the search for longer, by the job that was searched with or by a fresh one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from streambench.experiment.job_loads import JobLoads
from streambench.experiment.kept_job import KeptJob
from streambench.experiment.one import PlannedTrial, WarmedFirst, run_one, warmed_and_risen
from streambench.experiment.rate_search import rounded
from streambench.experiment.request import Contender, Request
from streambench.experiment.search_policy import USUAL, SearchPolicy
from streambench.experiment.session import Session
from streambench.experiment.warming import WarmUp, rising_to
from streambench.load.trace import PARTIAL, Trace
from streambench.model.conditions import Guarantee
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.pace import Limit, Pace
from streambench.model.search import Confirmation, SearchRecord
from streambench.model.sweep import AxisName, Point
from streambench.model.trial import Completed, Failed, Invalid, TrialRecord
from streambench.results.limits import limit_kept
from streambench.results.sustained import judge_pace
from streambench.runtime.scratch import memory_folder
from streambench.trial.job import RunningJob
from streambench.trial.observer import Phase, Status
from streambench.trial.schedule import duration_ms
from streambench.trial.timeline import Timeline
from streambench.trial.workspace import passing_folder, scratch_bytes

_LOADS_AT_ONCE: Final = 2
# The load, the broker's log of it and the engine beside them.
_ROOM_FACTOR: Final = 3


@dataclass(frozen=True)
class ToConfirm:
    """A rate that a search found, for trial `number` of the run, of the `search`-th engine.

    `limited`: its delay counts, too.
    """

    contender: Contender
    found: SearchRecord
    rate_per_s: int
    number: int
    search: int
    limited: bool

    @property
    def point(self) -> Point:
        """Where the trial is."""
        return ((AxisName.RATE, float(self.rate_per_s)),)

    def request(self, request: Request, warm_up_s: float, measured_s: float) -> Request:
        """What the trial is asked."""
        return dataclasses.replace(
            request,
            rate_per_s=self.rate_per_s,
            point=self.point,
            warm_up_s=warm_up_s,
            measured_s=measured_s,
            recovery_s=0.0,
            faults=(),
        )


class Confirms(Protocol):
    """Makes confirming trials; each is in the bundle at once."""

    def takes_s(self, *, limited: bool) -> float:
        """How long one takes in all."""
        ...

    def trial(self, asked: ToConfirm) -> TrialRecord | None:
        """Make a trial; None where none can be made any more."""
        ...


class ConfirmingInJob:
    """Makes them with the job that was searched with; `error` is what it died of."""

    def __init__(
        self,
        kept: KeptJob,
        request: Request,
        job: RunningJob,
        loads: JobLoads,
        policy: SearchPolicy = USUAL,
    ) -> None:
        self._kept = kept
        self._request = request
        self._job = job
        self._loads = loads
        self._policy = policy.confirm
        self._over = False
        self.error: EngineFailed | InstrumentFailed | None = None

    def takes_s(self, *, limited: bool) -> float:
        """How long one takes in all."""
        return self._policy.trial_s(self._request.workload.played_window)

    def trial(self, asked: ToConfirm) -> TrialRecord | None:
        """Make a trial; None where the job is over, or the broker has no room for the load."""
        policy, window = self._policy, self._request.workload.played_window
        request = asked.request(self._request, policy.settle_s, policy.measured_for_s(window))
        load_ms = duration_ms(request.spans)
        if self._over or not self._loads.have_room(asked.rate_per_s, load_ms):
            return None
        kept = self._kept
        shown = Timeline(
            kept.session.observer.trial_begins(
                asked.search, len(request.contenders), kept.contender.title, asked.point
            )
        )
        self._job.shown_by(shown)
        shown.status(Status(Phase.COMPILE))
        try:
            record = kept.measure(
                self._job, request, self._loads.of(asked.rate_per_s, load_ms), asked.number, shown
            )
        except (EngineFailed, InstrumentFailed) as error:
            self._over, self.error = True, error
            return kept.ended(asked.number, request, error)
        # What it left undone would count against the next load.
        self._over = isinstance(record.outcome, Failed) or not kept.complete
        return record


class ConfirmingFresh:
    """Makes each with a fresh job, which is warmed like the one that was searched with."""

    def __init__(
        self,
        request: Request,
        session: Session,
        most_per_s: int,
        policy: SearchPolicy = USUAL,
    ) -> None:
        self._request = request
        self._session = session
        self._most_per_s = most_per_s
        self._policy = policy

    def takes_s(self, *, limited: bool) -> float:
        """How long one takes in all."""
        window = self._request.workload.played_window
        return self._policy.confirm.fresh_trial_s(window, limited=limited)

    def trial(self, asked: ToConfirm) -> TrialRecord | None:
        """Make a trial. Raises what `run_one` does."""
        confirm = self._policy.confirm
        request = asked.request(
            self._request,
            confirm.limited_warm_up_s if asked.limited else confirm.warm_up_s,
            confirm.measured_for_s(self._request.workload.played_window),
        )
        # Some GB, played once.
        with passing_folder(self._room(request), prefix=PARTIAL) as folder:
            return self._tried(request, asked, folder)

    def _room(self, request: Request) -> Path:
        """Memory where there is so much: what is compiled to a disk has to be written out at once."""
        first = self._session.loads.broker_warm_up(request)
        records = (request.rate_per_s or 0) * duration_ms(request.spans) // 1_000
        load_bytes = int(first.records_bytes / first.ref.records * records)
        needed_bytes = scratch_bytes(records=records, load_bytes=load_bytes)
        return memory_folder(_ROOM_FACTOR * needed_bytes) or first.folder.parent

    def _tried(self, request: Request, asked: ToConfirm, folder: Path) -> TrialRecord:
        contender = asked.contender
        trace = self._session.loads.of_length(request, duration_ms(request.spans), folder)
        warmed = self._warmed(request, asked, folder)
        job = len(request.contenders) + asked.number  # behind those that were searched with
        planned = PlannedTrial(asked.number, job, 0, request, contender, trace, warmed)
        shown = self._session.observer.trial_begins(
            asked.search, len(request.contenders), contender.title, request.point
        )
        return run_one(planned, self._session, Timeline(shown))

    def _warmed(self, request: Request, asked: ToConfirm, folder: Path) -> WarmedFirst:
        """Records at once, as the search's job had them at first, and then what rises to the rate."""

        def at_once(rate_per_s: float, load_ms: int) -> Trace:
            rate = min(rounded(rate_per_s), self._most_per_s)
            return self._session.loads.of_length(
                dataclasses.replace(request, rate_per_s=rate), load_ms, folder
            )

        policy = self._policy
        rising = self._session.loads.of_length(rising_to(request), policy.confirm.rising_ms, folder)
        first = at_once(policy.at_once_per_s, policy.at_once_ms)
        drained_per_s = asked.found.drain_per_s or policy.at_once_per_s
        again = at_once(drained_per_s, policy.later_at_once_ms)
        return warmed_and_risen(WarmUp(first, lambda _: again, _LOADS_AT_ONCE), rising, request)


def confirmation(
    record: TrialRecord, rate_per_s: int, limit: Limit | None, guarantee: Guarantee
) -> Confirmation:
    """What a confirming trial says: that the engine kept up and, where there is one, kept the limit."""

    def told(held: bool, why: str) -> Confirmation:
        return Confirmation(
            rate_per_s,
            record.number,
            held,
            why,
            limited=limit is not None,
            fresh=record.job is None,
            spoilt=isinstance(record.outcome, Invalid),
        )

    if not isinstance(record.outcome, Completed):
        return told(False, getattr(record.outcome, "reason", record.outcome.kind))
    if not record.outcome.verdict.right:
        return told(False, "its result was not right")
    found = judge_pace(record.measures, record.measured_windows)
    if found.pace is not Pace.KEPT_UP or limit is None:
        return told(found.pace is Pace.KEPT_UP, found.why)
    held = limit_kept(record, limit, guarantee)
    return told(held.kept is True, f"{found.why}; {held.why}")
