"""From a played load with dirt to what each dirty record did."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pyarrow.compute as pc

from streambench.experiment.request import Request
from streambench.load.trace import Trace, TraceMeta
from streambench.model.dirt import DirtEffect, StoppedForGood
from streambench.model.disturbance import disturbance
from streambench.model.errors import EngineFailed
from streambench.model.plan import EventClock
from streambench.model.trial import TrialRecord
from streambench.model.verdict import Verdict
from streambench.model.workload import Workload
from streambench.oracle.expected import Expected, expect
from streambench.results.dirt import DirtyLoad, dirt_effects, shared_effects
from streambench.trial.evidence import Evidence
from streambench.trial.job import RunningJob
from streambench.trial.load import Played

MISSING_S = 8.0
"""How long rows that do not come are waited for where dirt may have lost them."""


@dataclass(frozen=True)
class _WithDirt:
    """A trace as the oracle sees it where those dirty records are counted that are right to count."""

    trace: Trace

    @property
    def columns_glob(self) -> str:
        """All good records, and some dirty ones."""
        return self.trace.counted_glob

    @property
    def meta(self) -> TraceMeta:
        """The trace's."""
        return self.trace.meta


def effects_of(
    played: Played,
    workload: Workload,
    clock: EventClock,
    clean: Expected,
    *,
    verdict: Verdict | None = None,
    timed: bool,
) -> tuple[DirtEffect, ...]:
    """What single dirty records did, or shares where there are no single ones; () where there was no dirt.

    Of shares the `verdict` on all rows tells. `timed`: whether nobody else kept the engine from its work.
    """
    if played.dirt is None or not played.dirt.said:
        return ()
    trace, query = played.trace, workload.query
    single = trace.dirt.filter(pc.invert(trace.dirt.column("shared")))
    if not single.num_rows:
        return shared_effects(trace.dirt, played.dirt, verdict, trace.meta.quantum_ms)
    counted = None
    if not workload.lookups and clean.nothing_late:
        counted = expect(_WithDirt(trace), query, clock)
    return dirt_effects(
        DirtyLoad(
            facts=single,
            seen=played.dirt,
            rows=played.rows,
            malformed=tuple(each.value for each in played.malformed),
            clean=clean,
            counted=counted,
            query=query,
            start_realtime_ms=played.start_realtime_ns / 1e6,
            event_offset_ms=played.event_offset_ms,
            quantum_ms=trace.meta.quantum_ms,
            until_ms=float(trace.meta.duration_ms),
            timed=timed,
        )
    )


def stopped_by_dirt(
    evidence: Evidence, request: Request, job: RunningJob
) -> tuple[EngineFailed, tuple[DirtEffect, ...]] | None:
    """The end of a job that a dirty record stopped for good, and what all of them did; None: none did."""
    played = evidence.load
    if played.dirt is None or played.dirt.stopped is None:
        return None
    workload, clock = request.workload, job.spec.plan.event_clock
    clean = expect(played.trace, workload.query, clock)
    timed = disturbance(evidence.machine, request.machine_limits).invalid is None
    effects = effects_of(played, workload, clock, clean, timed=timed)
    kind = effects[-1].dirt.value
    what = "bad records" if played.trace.dirt.column("shared")[0].as_py() else "one record"
    failed = EngineFailed(
        f"{what} stopped it for good ({kind}): {played.dirt.stopped.why}",
        stage="dirt",
        hint=f"streambench run {workload.name} --engine {job.spec.variant.engine}:tolerant "
        f"--dirt {kind}@25s",
    )
    return failed, effects


def rest_of(request: Request, record: TrialRecord) -> Request | None:
    """What is still to be played where a dirty record stopped a job for good: those behind it.

    The first of them comes where the first one came before. None: nothing is left, or it was not stopped.
    """
    done = len(record.dirt)
    instants = sorted(request.dirt.instants, key=lambda each: each.at_ms)
    left = instants[done:]
    if not left or not record.dirt or not isinstance(record.dirt[-1].outcome, StoppedForGood):
        return None
    sooner_ms = left[0].at_ms - instants[0].at_ms
    moved = tuple(dataclasses.replace(each, at_ms=each.at_ms - sooner_ms) for each in left)
    return dataclasses.replace(
        request,
        dirt=dataclasses.replace(request.dirt, instants=moved),
        measured_s=request.measured_s - sooner_ms / 1000,
    )
