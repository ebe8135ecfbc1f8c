"""What every job of a run is made with: made once, and passed as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

from streambench.experiment.loads import Loads
from streambench.experiment.promised import Promised
from streambench.experiment.request import Contender, Request
from streambench.load.probes import probes_of
from streambench.model.conditions import Variant
from streambench.model.plan import LONGEST_JUMP, Plan
from streambench.model.sweep import Point
from streambench.model.trial import TrialRecord
from streambench.model.workload import Replay
from streambench.oracle.jumps import longest_jump_ms
from streambench.results.bundle import BundleWriter
from streambench.runtime.artifacts import Resolved
from streambench.trial.job import RunningJob, running_job
from streambench.trial.job_spec import JobSpec
from streambench.trial.observer import Observer
from streambench.trial.schedule import event_times
from streambench.trial.testbed import Testbed
from streambench.trial.workspace import Workspace, Workspaces, workspace

# Where records of a file are left out, none comes for longer than in the file itself: by so much at most.
_WITHOUT_RECORDS_MS: Final = 10_000


class RunObserver(Protocol):
    """Whoever shows how the run goes."""

    def trial_begins(self, number: int, total: int, title: str, point: Point) -> Observer:
        """A trial starts; the returned observer hears of its phases."""
        ...

    def trial_ends(self, record: TrialRecord) -> None:
        """A trial is in the bundle."""
        ...


class RunsJob(Protocol):
    """Launches a job, and stops it when its block ends; see `trial.job.running_job`."""

    def __call__(
        self,
        spec: JobSpec,
        place: Workspace,
        observer: Observer,
        *,
        before: Callable[[Testbed], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> AbstractContextManager[RunningJob]:
        """The running job."""
        ...


@dataclass(frozen=True)
class Session:
    """`workspaces` makes the place of each job: by default one of its own, with a broker of its own.

    `running` launches a job there.
    """

    loads: Loads
    artifacts: Mapping[Variant, Resolved]
    writer: BundleWriter
    observer: RunObserver
    workspaces: Workspaces = workspace
    running: RunsJob = running_job
    promised: Promised = field(default_factory=Promised)

    def job(
        self, number: int, request: Request, contender: Contender, most_per_s: int = 0
    ) -> JobSpec:
        """Job `number` of the run: what is launched for a contender that has a plan."""
        assert isinstance(contender.plan, Plan)
        plan, wider = contender.plan, contender.wider
        if LONGEST_JUMP in plan.symbols:
            jump_ms = self._longest_jump_ms(request)
            plan = plan.told_of_jumps(jump_ms)
            wider = None if wider is None else wider.told_of_jumps(jump_ms)
        return JobSpec(
            number=number,
            engine=contender.engine,
            variant=contender.variant,
            plan=plan,
            query=request.workload.query,
            conditions=request.conditions,
            probes=probes_of(request.workload),
            artifacts=self.artifacts[contender.variant],
            broker_warm_up=self.loads.broker_warm_up(request).ref,
            most_per_s=most_per_s,
            machine_limits=request.machine_limits,
            wider=wider,
            speed=request.workload.speed,
            prometheus=request.prometheus,
        )

    def _longest_jump_ms(self, request: Request) -> int:
        trace, query = self.loads.measured(request), request.workload.query
        found_ms = longest_jump_ms(trace, query, event_times(trace, query).flush_ms)
        if isinstance(request.workload.input, Replay) and not request.is_replay:
            # Of loads at lower rates more records are left out.
            found_ms += round(_WITHOUT_RECORDS_MS * request.workload.speed)
        return found_ms
