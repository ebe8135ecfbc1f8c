"""A running job of the run whose every load is judged and kept in the bundle as soon as it is over."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

from streambench.experiment.assess import Assessed, assess
from streambench.experiment.at_once import AtOnce, Seen, judged_at_once
from streambench.experiment.costs import with_broker_alone
from streambench.experiment.dirt import stopped_by_dirt
from streambench.experiment.judging import not_right
from streambench.experiment.keeping import keep_load
from streambench.experiment.not_made import ended_by, not_made
from streambench.experiment.request import Contender, Request
from streambench.experiment.session import Session
from streambench.experiment.warming import WarmedBy, WarmUp
from streambench.load.trace import Trace
from streambench.model.dirt import DirtEffect
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.plan import Plan
from streambench.model.sweep import AxisName
from streambench.model.trial import (
    LoadKind,
    Purpose,
    Segment,
    Span,
    TrialRecord,
    TrialSpec,
    WarmedUp,
)
from streambench.oracle.expected import Due, Expected
from streambench.trial.job import RunningJob
from streambench.trial.load import BETWEEN_LOADS_S, Load, Played
from streambench.trial.measured_load import caused_bytes, evidence_of, play_measured
from streambench.trial.observer import Phase, Status
from streambench.trial.timeline import Timeline
from streambench.trial.without_engine import Again, may_play_again

_WARM_UP: Final = "warm-up"
_KINDS: Final = {
    Phase.WARM_UP: LoadKind.WARM_UP,
    Phase.RAMP: LoadKind.RAMP,
    Phase.PROBE: LoadKind.PROBE,
}


@dataclass(frozen=True)
class Probed:
    """A load at a rate that is no trial, and what was found of it."""

    assessed: Assessed
    record: TrialRecord


@dataclass(frozen=True)
class _Measured:
    """A trial, and how a part of it is played again."""

    record: TrialRecord
    again: Callable[[], Again]


@dataclass
class KeptJob:
    """Job `number` of a contender that has a plan, in one round.

    `shared`: several of its loads are trials. `warnings` are of its place. Its first trial says
    `first_result_s`, the time since the launch. `complete`: all rows of its last load came. `settled`: the
    delay no longer fell when it was warmed; None: that was not tested.
    """

    number: int
    round: int
    contender: Contender
    session: Session
    shared: bool = True
    settled: bool | None = None
    warnings: tuple[str, ...] = ()
    first_result_s: float | None = None
    complete: bool = True
    _before: list[Played] = field(default_factory=list)
    _loads: int = 0  # those that are no trials
    _at_once_records: int = 0
    _at_pace_ms: int = 0
    _measured: list[_Measured] = field(default_factory=list)

    def warm(self, job: RunningJob, warm_up: WarmUp) -> Iterator[WarmedBy]:
        """Have it work off loads that come at once, until it is compiled.

        Raises EngineFailed, also when a result is not right.
        """
        spec, promised = job.spec, self.session.promised
        rows = partial(promised.rows, query=spec.query, clock=spec.plan.event_clock)
        for step in warm_up.steps(job, rows):
            yield step
            seen = self.worked_off(job, step.played, step.expected)
            if not seen.verdict.right:
                records, damage = step.played.trace.ref.records, seen.verdict.damage
                wrong = not_right("that came at once", records, damage)
                raise EngineFailed(wrong, stage=_WARM_UP)

    def worked_off(
        self,
        job: RunningJob,
        played: Played,
        expected: Expected,
        launched_ns: int | None = None,
    ) -> Seen:
        """Judge and keep a load that came at once, or lay there when the job was launched (ns, realtime)."""
        self._had(played)
        self._at_once_records += played.trace.ref.records
        self._loads += 1
        kind = LoadKind.WARM if launched_ns is None else LoadKind.COLD
        start_ns = played.start_realtime_ns if launched_ns is None else launched_ns
        load = AtOnce(self._loads, self.round, kind, played, expected, start_ns)
        return judged_at_once(load, job, self.session.writer)

    def due(self, job: RunningJob, trace: Trace) -> Due:
        """The rows of a load."""
        return self.session.promised.due(trace, job.spec.query, job.spec.plan.event_clock)

    def warm_at_pace(self, job: RunningJob, request: Request, trace: Trace, note: str) -> Probed:
        """Have it work off a load when it is due. Raises EngineFailed, also when a result is not right."""
        segment = Segment(trace.ref, (Span(Purpose.MEASURED, 0, trace.meta.duration_ms),))
        load = Load(trace, self.due(job, trace), Phase.WARM_UP, note)
        probed = self.probe(job, request, segment, load)
        verdict, records = probed.assessed.verdict, trace.ref.records
        if not self.complete or not verdict.right:
            wrong = not_right("of the warm-up", records, verdict.damage)
            raise EngineFailed(wrong, stage=_WARM_UP)
        return probed

    def probe(self, job: RunningJob, request: Request, segment: Segment, load: Load) -> Probed:
        """Play a load that is no trial when it is due. Raises as `RunningJob.play`."""
        bytes_before = caused_bytes(job.testbed)
        started_at = _now()
        played = job.play(dataclasses.replace(load, silence_s=BETWEEN_LOADS_S))
        self._at_pace(played)
        self._loads += 1
        kind = _KINDS[load.phase]
        point = ((AxisName.RATE, float(request.load_rate_per_s)),)
        spec = self._spec(request, segment, self._loads, kind)
        assessed = assess(
            dataclasses.replace(spec, point=point),
            evidence_of(job, played, segment, bytes_before),
            workload=request.workload,
            launched=job.spec,
            started_at=started_at,
        )
        record = keep_load(self.session.writer, assessed, played.start_monotonic_ns)
        return Probed(assessed, record)

    def measure(
        self, job: RunningJob, request: Request, trace: Trace, number: int, shown: Timeline
    ) -> TrialRecord:
        """Play trial `number`. Raises as `RunningJob.play`."""
        started_at = _now()
        spec = self._spec(request, request.segment(trace, self.round), number)
        due = self.due(job, trace)
        evidence = play_measured(spec, job, due, tuple(self._before))
        shown.status(Status(Phase.JUDGE))
        if (found := stopped_by_dirt(evidence, request, job)) is not None:
            failed, effects = found
            return self.ended(number, request, failed, effects)
        assessed = assess(
            spec,
            evidence,
            workload=request.workload,
            launched=job.spec,
            started_at=started_at,
        )
        head_ms = spec.segment.span(Purpose.MEASURED).start_ms
        record = dataclasses.replace(
            assessed.record,
            measures={**assessed.record.measures, "submit_to_first_result_s": self.first_result_s},
            warmed_records=self._at_once_records,
            warmed_up=WarmedUp((self._at_pace_ms + head_ms) / 1000, self.settled),
            expectation=self.session.writer.add_expectation(assessed.expected),
            warnings=(*assessed.record.warnings, *self.warnings),
            timeline=shown.phases(),
        )
        self.session.writer.add_trial(record, assessed.tables)
        self._at_pace(evidence.load)
        if may_play_again(spec, evidence.load) and evidence.load.dirt is None:
            # Of one trial the reader starts while the job ends; many of them would be in the way.
            part = partial(job.again, spec.segment, evidence.load)
            again = part if self.shared else _already(part())
            self._measured.append(_Measured(record, again))
        self.first_result_s = None
        return record

    def ended(
        self,
        number: int,
        request: Request,
        error: EngineFailed | InstrumentFailed,
        dirt: tuple[DirtEffect, ...] = (),
    ) -> TrialRecord:
        """Keep trial `number`, with which the job ended; `request` is what was to be played.

        `dirt` is what dirty records did until then.
        """
        plan = self.contender.plan
        assert isinstance(plan, Plan)
        record = dataclasses.replace(
            not_made(number, self.round, self.contender, ended_by(error), request.point),
            settings=plan.settings,
            programs=plan.programs,
            warnings=(*plan.warnings, *self.warnings),
            cold=request.quick,
            job=self._job,
            dirt=dirt,
        )
        self.session.writer.add_trial(record, {})
        return record

    @property
    def has_more_to_play(self) -> bool:
        """Whether there are trials to be played again in part."""
        return bool(self._measured)

    def play_again(self) -> Iterator[TrialRecord]:
        """What the broker took for a part of each trial's load alone, and how fast the machine was.

        The job must have gone.
        """
        for each in self._measured:
            alone = each.again().play()
            figures = each.record.measures
            known = with_broker_alone(
                figures.get("engine_cpu_s_per_million"),
                figures.get("broker_cpu_s_per_million"),
                alone,
            )
            record = dataclasses.replace(each.record, measures={**figures, **known})
            self.session.writer.replace_trial(record)
            yield record

    def _at_pace(self, played: Played) -> None:
        self._had(played)
        self._at_pace_ms += played.trace.meta.duration_ms

    def _had(self, played: Played) -> None:
        """One more load; its rows are not asked for again."""
        self.complete = played.complete
        # Not a slice: that would hold all of them.
        self._before.append(dataclasses.replace(played, rows=played.rows.schema.empty_table()))

    def _spec(
        self, request: Request, segment: Segment, number: int, kind: LoadKind = LoadKind.MEASURED
    ) -> TrialSpec:
        return TrialSpec(
            number=number,
            round=self.round,
            variant=self.contender.variant,
            conditions=request.conditions,
            segment=segment,
            cold=request.quick,
            point=request.point,
            machine_limits=request.machine_limits,
            missing_s=request.missing_s,
            kind=kind,
            job=self._job if kind is LoadKind.MEASURED else self.number,
        )

    @property
    def _job(self) -> int | None:
        """What a trial says of its job."""
        return self.number if self.shared else None


def _already(again: Again) -> Callable[[], Again]:
    return lambda: again


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
