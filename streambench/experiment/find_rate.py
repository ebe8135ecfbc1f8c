"""A search for the highest rate that an engine bears, in one warm job: drain, then probe by probe."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from streambench.experiment.assess import assess
from streambench.experiment.at_once import AtOnce, judged_at_once
from streambench.experiment.job_loads import RECORDS_IN_ALL, JobLoads, job_room
from streambench.experiment.judging import not_right
from streambench.experiment.keeping import keep_load
from streambench.experiment.narrowing import Attempt, Narrowing, SearchTask, Told
from streambench.experiment.probing import rate_probe
from streambench.experiment.rate_search import rounded
from streambench.experiment.request import Contender, Request
from streambench.experiment.session import Session
from streambench.experiment.warming import WarmUp, expectation
from streambench.model.errors import EngineFailed, EngineSlow, InstrumentFailed
from streambench.model.plan import Plan
from streambench.model.search import RateProbe, SearchRecord
from streambench.model.sweep import AxisName
from streambench.model.trial import LoadKind, Segment, TrialRecord, TrialSpec
from streambench.oracle.expected import expect
from streambench.results.bundle import BundleWriter
from streambench.trial.conduct import caused_bytes, evidence_of
from streambench.trial.job import RunningJob
from streambench.trial.load import BETWEEN_LOADS_S, Load, Played
from streambench.trial.observer import Observer, Phase
from streambench.trial.schedule import duration_ms, spans


def search(
    task: SearchTask,
    request: Request,
    contender: Contender,
    session: Session,
    observer: Observer,
    told: Told,
) -> SearchRecord:
    """Search in one job.

    What is found is not confirmed yet. An engine that fails ends the search, as a finding.
    """
    assert isinstance(contender.plan, Plan)
    with session.workspaces(job_room(session.loads, request, contender.plan)) as place:
        launched = session.job(task.number, request, contender, task.most_per_s)
        loads = JobLoads(session.loads, request, place)
        guarantee, window = request.conditions.guarantee, request.workload.query.window
        known = Narrowing(task, contender.variant, guarantee, window, told)
        try:
            with session.running(launched, place, observer) as job:
                prober = _InOneJob(task, request, job, loads, known, session.writer)
                known.run(prober, prober.worked_off_per_s())
        except (EngineFailed, InstrumentFailed) as error:
            known.know(ended=f"it ended early: {error.message}")
        session.writer.add_logs(task.number, contender.variant, place.log_dir)
        return known.record


class _InOneJob:
    """Tries rates in one warm job; a `Prober`."""

    def __init__(
        self,
        task: SearchTask,
        request: Request,
        job: RunningJob,
        loads: JobLoads,
        known: Narrowing,
        writer: BundleWriter,
    ) -> None:
        self._writer = writer
        self._loads_played = 0
        self._task = task
        self._request = request
        self._job = job
        self._loads = loads
        self._known = known

    def worked_off_per_s(self) -> float:
        """Warm the job by loads that come at once; how fast it works them off, in records/s.

        The first loads compile it, and tell how many records take some seconds. Raises EngineFailed,
        also when a result is not right.
        """
        policy, most_per_s = self._task.policy, self._task.most_per_s
        first = self._loads.of(min(policy.at_once_per_s, most_per_s), policy.at_once_ms)
        self._job.ready(first)
        warm_up = WarmUp(
            first,
            lambda per_s: self._loads.of(
                # More than the last: it will be faster.
                min(rounded(policy.growth * per_s), most_per_s),
                policy.later_at_once_ms,
            ),
            expected=expectation(self._request, self._job.spec.plan),
            records_at_most=RECORDS_IN_ALL,
        )
        per_s = None
        for step in warm_up.steps(self._job):
            lot, per_s = step.played.trace, step.per_s
            self._known.know(
                drain_per_s=per_s,
                drain_records=lot.ref.records,
                drain_records_per_window=lot.records_in(
                    self._request.workload.query.window.advance_ms
                ),
            )
            self._loads_played += 1
            seen = judged_at_once(
                AtOnce(
                    self._loads_played,
                    0,
                    LoadKind.WARM,
                    step.played,
                    step.expected,
                    step.played.start_realtime_ns,
                ),
                self._job,
                self._writer,
            )
            if not seen.verdict.right:
                wrong = not_right(lot.ref.records, seen.verdict.damage)
                raise EngineFailed(wrong, stage="records at once")
        return per_s or float(self._request.load_rate_per_s)

    def has_room(self, attempt: Attempt) -> bool:
        """Whether the broker has room for another load."""
        return self._loads.have_room(attempt.rate_per_s, attempt.measured_ms)

    def probe(self, attempt: Attempt) -> RateProbe:
        """Play the rate. Raises EngineSlow when rows are missing: they would count against the next."""
        request, rate = self._request, attempt.rate_per_s
        parts = spans(
            request.workload, warm_up_ms=attempt.settle_ms, measured_ms=attempt.measured_ms
        )
        load = self._loads.of(rate, duration_ms(parts))
        expected = expect(load, request.workload.query, self._job.spec.plan.event_clock)
        bytes_before = caused_bytes(self._job.testbed)
        played = self._job.play(
            Load(load, expected.due(), Phase.PROBE, attempt.note, silence_s=BETWEEN_LOADS_S)
        )
        record = self._stored(attempt, Segment(load.ref, parts), played, bytes_before)
        probe = rate_probe(
            record,
            rate,
            self._task.terms.limit,
            request.conditions.guarantee,
            request.machine_limits,
        )
        shutil.rmtree(load.folder)
        if not played.complete:
            self._known.know(probes=(*self._known.record.probes, probe))
            raise EngineSlow(
                f"rows were still missing long after {rate:,} events/s", stage="last rows"
            )
        return probe

    def _stored(
        self, attempt: Attempt, segment: Segment, played: Played, bytes_before: int
    ) -> TrialRecord:
        """Judge the load like a trial's, and keep it."""
        job = self._job
        self._loads_played += 1
        spec = TrialSpec(
            number=self._loads_played,
            round=0,
            variant=job.spec.variant,
            conditions=job.spec.conditions,
            segment=segment,
            cold=False,
            point=((AxisName.RATE, float(attempt.rate_per_s)),),
            machine_limits=job.spec.machine_limits,
            kind=LoadKind.PROBE,
            job=job.spec.number,
        )
        assessed = assess(
            spec,
            evidence_of(job, played, segment, bytes_before),
            workload=self._request.workload,
            launched=job.spec,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        return keep_load(self._writer, assessed, played.start_monotonic_ns)
