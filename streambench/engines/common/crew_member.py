"""A host that has joined a run with one worker: it starts what the coordinator plans, with its own Kafka access."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from streambench.engines.common.crew import CrewCommand, read_plan
from streambench.engines.common.symbols import UnknownSymbol
from streambench.engines.common.workers import Workers
from streambench.engines.protocol import Embedded, WorkerEngine
from streambench.kafka.meeting.guest import Guest
from streambench.kafka.meeting.messages import COORDINATOR, Order
from streambench.kafka.meeting.parcels import Parcels
from streambench.kafka.meeting.serving import serve_orders
from streambench.model.conditions import Variant
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess
from streambench.runtime.artifacts import resolve
from streambench.runtime.blanking import blanked
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import tail

_LOG_LINES: Final = 200


@dataclass(frozen=True)
class MemberPlace:
    """Where a host's worker runs: its Kafka, its processes, a folder for its jobs."""

    access: KafkaAccess
    supervisor: Supervisor
    folder: Path


@dataclass(frozen=True)
class _Running:
    """A job's worker; `folder` is all that it has."""

    job_id: str
    workers: Workers
    folder: Path


class CrewMember:
    """Runs one process of every job, that of its seat. `parcels` are what the coordinator sends.

    `engine_named` finds an engine by its name.
    """

    def __init__(
        self,
        place: MemberPlace,
        parcels: Parcels,
        engine_named: Callable[[str], WorkerEngine],
        told: Callable[[str], None],
    ) -> None:
        self._place = place
        self._parcels = parcels
        self._engine_named = engine_named
        self._told = told
        self._running: _Running | None = None
        self._jobs = 0

    def state(self) -> Mapping[str, Any]:
        """What a heartbeat says of the worker that runs; asked by another thread."""
        if (running := self._running) is None:
            return {}
        (line,) = running.workers.newest()
        return {"job": running.job_id, "line": line, "restarts": running.workers.restarts}

    def serve(self, guest: Guest, seat: int) -> None:
        """Do what is ordered. Returns when the run is over; raises InstrumentFailed when nobody orders."""
        try:
            serve_orders(guest, lambda order: self._carry_out(order, seat), self._told)
        finally:
            self._stop()

    def _carry_out(self, order: Order, seat: int) -> Mapping[str, Any]:
        match order.command:
            case CrewCommand.START.value:
                self._start(order.arguments, seat)
                return {}
            case CrewCommand.TELL.value:
                return self._tell()
            case CrewCommand.STOP.value:
                return {"log": self._stop()}
            case unknown:
                raise InstrumentFailed(f"this worker does not know how to {unknown}")

    def _start(self, what: Mapping[str, Any], seat: int) -> None:
        self._stop()
        if not self._parcels.has(COORDINATOR, what["plan"]):
            raise InstrumentFailed("the plan of the job has not arrived")
        file = self._parcels.file(COORDINATOR, what["plan"])
        plan = read_plan(file.read_text(encoding="utf-8"))
        engine = self._engine_named(plan.engine)
        self._told(f"{engine.title} {plan.version}: starting worker {seat}")
        self._jobs += 1
        folder = self._place.folder / f"job-{self._jobs}"
        at = Embedded(
            supervisor=self._place.supervisor,
            artifacts=resolve(engine.requires(Variant(plan.engine, plan.version))),
            kafka=self._place.access,
            input_topic=what["input_topic"],
            output_topic=what["output_topic"],
            job_id=what["job_id"],
            job_dir=folder / "job",
            log_dir=folder / "logs",
            nice=what["nice"],
        )
        try:
            filled = engine.prepared(plan, at)
        except UnknownSymbol as lacking:
            raise InstrumentFailed(
                f"the client properties here and those of the coordinator differ: {lacking.name}"
            ) from lacking
        own = replace(filled, processes=(filled.processes[seat],))
        self._place.supervisor.forget_deaths()  # of the job before
        self._running = _Running(what["job_id"], Workers.start(own, at), folder)

    def _tell(self) -> Mapping[str, Any]:
        if (running := self._running) is None:
            return {"totals": [], "effective": []}
        effective = running.workers.effective()
        return {
            "totals": list(running.workers.totals()),
            "effective": [[scope, name, value] for (scope, name), value in effective.items()],
        }

    def _stop(self) -> str:
        """End the worker and delete its folder; the end of its log."""
        if (running := self._running) is None:
            return ""
        self._running = None
        running.workers.stop()
        (child,) = running.workers.children
        log = blanked(tail(child.log, _LOG_LINES))
        shutil.rmtree(running.folder, ignore_errors=True)
        self._told("the worker was ended")
        return log
