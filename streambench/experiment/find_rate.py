"""A search for the highest rate that an engine bears, in one warm job: drain, then probe by probe."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from streambench.experiment.judging import wrong_at_once
from streambench.experiment.lengths import PROBE_WINDOWS
from streambench.experiment.probing import probe_record, see
from streambench.experiment.questions import Question
from streambench.experiment.rate_search import ENDINGS, ending, next_rate, rounded, why_tried
from streambench.experiment.request import Contender, Request
from streambench.experiment.warming import WarmUp
from streambench.load.probes import probes_of
from streambench.load.trace import Trace
from streambench.model.errors import EngineFailed, EngineSlow, InstrumentFailed
from streambench.model.pace import Pace
from streambench.model.plan import Plan
from streambench.model.search import SearchRecord, SearchTerms
from streambench.model.trial import TraceRef
from streambench.oracle.expected import Expected, expect
from streambench.runtime.artifacts import Resolved
from streambench.runtime.scratch import room_bytes
from streambench.trial.observer import Observer, Phase, Status
from streambench.trial.prober import Played, Prober
from streambench.trial.running import Running, running_job
from streambench.trial.schedule import duration_ms, spans
from streambench.trial.workspace import scratch_bytes, workspace
from streambench.workload.schema import MAX_RATE_PER_S

# What a warm job works off at once: so many records of so much event time.
DRAIN_PER_S: Final = 100_000
DRAIN_MS: Final = 5_000
LATER_DRAIN_MS: Final = 4_000
GROWTH: Final = 1.5
# A probe: the engine gets used to the rate, then so many windows are measured.
SETTLE_MS: Final = 3_000
# The first one in a job: its lag was often still falling.
FIRST_SETTLE_MS: Final = 10_000
LEAST_MEASURED_MS: Final = 12_000
# When that does not decide, the same rate is tried again for so much longer.
LONGER: Final = 2.5


@dataclass(frozen=True)
class Lengths:
    """How long the steps of a search are: what a warm job works off at once, and a probe."""

    drain_per_s: int
    drain_ms: int
    later_drain_ms: int
    first_settle_ms: int
    settle_ms: int
    least_measured_ms: int


def usual_lengths() -> Lengths:
    """Those of `streambench run --find-rate`."""
    return Lengths(
        DRAIN_PER_S, DRAIN_MS, LATER_DRAIN_MS, FIRST_SETTLE_MS, SETTLE_MS, LEAST_MEASURED_MS
    )


Compiled = Callable[[int, int, Path], Trace]
"""The load of a rate (events/s) and a length (ms), compiled into a folder."""
# What all loads of a search may come to, for the room that they need: some probes at a million a second.
_RECORDS_IN_ALL: Final = 60_000_000
# A load, and the broker's copy of it.
_LOADS_OF_ROOM: Final = 2
Told = Callable[[SearchRecord], None]


def search(
    request: Request,
    contender: Contender,
    plan: Plan,
    terms: SearchTerms,
    *,
    number: int,
    compiled: Compiled,
    broker_warm_up: TraceRef,
    artifacts: Resolved,
    observer: Observer,
    told: Told,
    own_s: float,
    most_per_s: int = MAX_RATE_PER_S,
    lengths: Lengths | None = None,
) -> SearchRecord:
    """Search in one job, up to `most_per_s`; `told` hears of every step, so that nothing measured is lost.

    Of the budget, only `own_s` is for a second question, after the one for the rate within the limit.
    What is found is not confirmed yet. An engine that fails ends the search, as a finding.
    """
    first = Trace.open(broker_warm_up)
    record_bytes = first.records_bytes / first.ref.records
    with workspace(
        heap_mib=plan.heap_mib,
        records=_RECORDS_IN_ALL,
        load_bytes=round(record_bytes * _RECORDS_IN_ALL),
    ) as place:
        # These loads are played once and are large: they go with the search.
        loads = partial(_load, compiled, place.scratch / "loads")
        room = partial(room_bytes, place.scratch, in_memory=place.in_memory)
        searching = _Search(
            request,
            contender,
            plan,
            terms,
            loads,
            observer,
            told,
            most_per_s,
            record_bytes,
            room,
            own_s,
            lengths,
        )
        try:
            with running_job(
                number,
                conditions=request.conditions,
                engine=contender.engine,
                plan=plan,
                broker_warm_up=broker_warm_up,
                artifacts=artifacts,
                place=place,
                observer=observer,
                machine_limits=request.machine_limits,
                most_per_s=most_per_s,
            ) as running:
                searching.run(running)
        except (EngineFailed, InstrumentFailed) as error:
            searching.know(ended=f"it ended early: {error.message}")
        return searching.record


class _Search:
    """The steps of one search; `record` holds what is known so far."""

    def __init__(
        self,
        request: Request,
        contender: Contender,
        plan: Plan,
        terms: SearchTerms,
        load: Callable[[int, int], Trace],
        observer: Observer,
        told: Told,
        most_per_s: int,
        record_bytes: float,
        room_bytes: Callable[[], int],
        own_s: float,
        lengths: Lengths | None = None,
    ) -> None:
        self._lengths = lengths or usual_lengths()
        self._record_bytes = record_bytes
        self._room_bytes = room_bytes
        self._request = request
        self._engine = contender.engine
        self._plan = plan
        self._terms = terms
        self._load = load
        self._observer = observer
        self._told = told
        self._most_per_s = most_per_s
        begun_s = time.monotonic()
        self._until_s = begun_s + terms.budget_s
        self._own_until_s = begun_s + min(own_s, terms.budget_s)
        self._around_s = 0.0  # what a probe took beside its measured part, at most
        window_ms = request.workload.query.window.advance_ms
        self._least_ms = max(self._lengths.least_measured_ms, PROBE_WINDOWS * window_ms)
        self.record = SearchRecord(contender.variant)

    def know(self, **found: object) -> None:
        """Put something found into the record and tell of it."""
        self.record = replace(self.record, **found)  # type: ignore[arg-type]
        self._told(self.record)

    def run(self, running: Running) -> None:
        """Drain, then probe until the bracket is narrow or the time is over."""
        request = self._request
        query = request.workload.query
        first = self._load(min(self._lengths.drain_per_s, self._most_per_s), self._lengths.drain_ms)
        self._observer.status(Status(Phase.READY))
        running.ready(first, query, probes_of(request.workload))
        prober = Prober(
            running,
            query=query,
            conditions=request.conditions,
            probes=probes_of(request.workload),
            observer=self._observer,
        )
        self._drain(prober, first)
        # Who sets a limit asks first for the rate within it; what kept up on the way is known as well.
        guarantee = self._request.conditions.guarantee
        if self._terms.limit is not None:
            self._narrow(prober, running, Question(guarantee, self._terms.limit))
            if self.record.ended not in ENDINGS:
                return
            self._until_s = self._own_until_s
        self._narrow(prober, running, Question(guarantee))

    def _expected(self, trace: Trace) -> Expected:
        return expect(trace, self._request.workload.query, self._plan.event_clock)

    def _drain(self, prober: Prober, load: Trace) -> None:
        """How fast a warm job works off what comes at once.

        The first loads compile it, and tell how many records take some seconds.
        """
        warm_up = WarmUp(
            load,
            lambda per_s: self._load(
                _later_drain_per_s(per_s, self._most_per_s), self._lengths.later_drain_ms
            ),
            query=self._request.workload.query,
            clock=self._plan.event_clock,
            records_at_most=_RECORDS_IN_ALL,
        )
        for step in warm_up.steps(prober):
            lot = step.played.trace
            self.know(
                drain_per_s=step.per_s,
                drain_records=lot.ref.records,
                drain_records_per_window=lot.records_in(
                    self._request.workload.query.window.advance_ms
                ),
            )
            wrong = wrong_at_once(
                step.played,
                step.expected,
                guarantee=self._request.conditions.guarantee,
                state_exact=self._engine.state_exact,
            )
            if wrong is not None:
                raise EngineFailed(wrong, stage="records at once")

    def _narrow(self, prober: Prober, running: Running, question: Question) -> None:
        start_per_s = self.record.drain_per_s or float(self._request.load_rate_per_s)
        while True:
            probes = self.record.probes
            rate = next_rate(
                probes,
                question,
                start_per_s=start_per_s,
                precision=self._terms.precision,
                most=self._most_per_s,
            )
            if rate is None:
                self.know(ended=ending(probes, question, most=self._most_per_s))
                return
            measured_ms = self._measured_ms(rate)
            next_s = self._around_s + measured_ms / 1000 if self._around_s else 0.0
            if time.monotonic() + next_s > self._until_s:
                second = self._terms.limit is not None and question.limit is None
                self.know(ended=_SECOND_LATE if second else _LATE)
                return
            if not self._has_room(rate, measured_ms):
                self.know(ended="the broker's files left no memory for another load")
                return
            self._probe(prober, running, rate, measured_ms, note=why_tried(probes, question, rate))

    def _measured_ms(self, rate: int) -> int:
        """Longer where so much did not decide; an engine that took longer twice will do so again."""
        last = [probe.pace for probe in self.record.probes if probe.rate_per_s == rate][-1:]
        often = [probe.pace for probe in self.record.probes[-2:]] == [Pace.UNDECIDED] * 2
        return (
            round(self._least_ms * LONGER) if last == [Pace.UNDECIDED] or often else self._least_ms
        )

    def _has_room(self, rate_per_s: int, measured_ms: int) -> bool:
        """The broker keeps every load of the search: nothing that an engine may read again is deleted."""
        records = rate_per_s * measured_ms // 1_000 * _LOADS_OF_ROOM
        load_bytes = round(records * self._record_bytes)
        needed_bytes = scratch_bytes(records=records, load_bytes=load_bytes)
        return self._room_bytes() > needed_bytes

    def _probe(
        self, prober: Prober, running: Running, rate: int, measured_ms: int, *, note: str
    ) -> None:
        """Try a rate; `note` says why it is tried."""
        begun_s = time.monotonic()
        usual_ms, first_ms = self._lengths.settle_ms, self._lengths.first_settle_ms
        settle_ms = usual_ms if self.record.probes else first_ms
        parts = spans(self._request.workload, warm_up_ms=settle_ms, measured_ms=measured_ms)
        load = self._load(rate, duration_ms(parts))
        expected = self._expected(load)
        played = prober.play(load, expected.due(), phase=Phase.PROBE, note=note)
        seen = see(
            played,
            expected,
            parts,
            guarantee=self._request.conditions.guarantee,
            state_exact=self._engine.state_exact,
            sampler=running.sampler,
            monotonic_start_ns=_monotonic_ns(played),
            machine_limits=self._request.machine_limits,
        )
        probe = probe_record(
            seen,
            rate_per_s=rate,
            measured_s=measured_ms / 1000,
            limit=self._terms.limit,
            guarantee=self._request.conditions.guarantee,
            complete=played.complete,
        )
        self.know(probes=(*self.record.probes, probe))
        shutil.rmtree(load.folder)
        if not played.complete:
            # What is still on its way would count against the next rate.
            raise EngineSlow(
                f"rows were still missing long after {rate:,} events/s", stage="last rows"
            )
        got_used_s = (settle_ms - usual_ms) / 1000
        around_s = time.monotonic() - begun_s - probe.measured_s - got_used_s
        self._around_s = max(self._around_s, around_s)


def _later_drain_per_s(drained_per_s: float, most_per_s: int) -> int:
    """More than the last: it will be faster."""
    return min(rounded(GROWTH * drained_per_s), most_per_s)


_LATE: Final = "its time was over before the precision was reached"
_SECOND_LATE: Final = (
    "the precision was reached for the rate within the limit, and not for the lag-bounded one"
)


def _load(compiled: Compiled, folder: Path, rate_per_s: int, load_ms: int) -> Trace:
    return compiled(rate_per_s, load_ms, folder)


def _monotonic_ns(played: Played) -> int:
    return played.start_realtime_ns - (time.time_ns() - time.monotonic_ns())
