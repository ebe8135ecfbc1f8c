"""The scripted engine as a contender: for tests, and to calibrate the instrument."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import dataclass

from streambench import __version__
from streambench.engines.common.access import kafka_members
from streambench.engines.common.faults import lacking
from streambench.engines.common.launch import prepare
from streambench.engines.common.lookup_tables import json_tables
from streambench.engines.common.query_source import query_source
from streambench.engines.common.workers import Workers, readings_of
from streambench.engines.protocol import Embedded, External, Job, Where
from streambench.engines.reference.job import ReferenceJob
from streambench.engines.reference.settings import clock_of, script_of, settings
from streambench.model.conditions import Conditions, NamedVariant, Variant
from streambench.model.errors import UsageError
from streambench.model.fault import FaultKind
from streambench.model.plan import (
    Artifacts,
    EventClock,
    Plan,
    ProcessPlan,
    Program,
    Role,
    Unsupported,
    Whose,
)
from streambench.model.windows import Sessions
from streambench.model.workload import Workload

_QUERY = "query.py"
_JOB = "job.json"
_NAME = "worker-0"
_GAPS = {
    FaultKind.COORDINATOR_KILL: "the reference engine has one process and no coordinator",
    FaultKind.RESCALE: "the reference engine is one process, whatever is asked for",
    FaultKind.WORKER_KILL: "the reference engine keeps all that it knows in memory: after a kill it "
    "would write every row of the log again",
}


@dataclass(frozen=True)
class Reference:
    """One process with *set* delay, loss, outage and rate; by default it is right and at once.

    Under exactly-once its rows become visible with a transaction in every commit interval. It has no
    state that outlives it: it is not started again when it dies.
    """

    name: str = "reference"
    title: str = "Reference (scripted)"
    version: str = __version__
    versions: tuple[str, ...] = (__version__,)
    event_clock: EventClock = EventClock.PER_PARTITION
    state_exact: bool = True
    variants: tuple[NamedVariant, ...] = ()
    shorthands: tuple[tuple[str, str], ...] = ()

    def requires(self, variant: Variant) -> Artifacts:
        """Nothing beyond streambench itself."""
        return Artifacts()

    def plan(
        self, workload: Workload, conditions: Conditions, variant: Variant
    ) -> Plan | Unsupported:
        """The whole job as data; pure. Raises UsageError for settings that make no script."""
        if isinstance(workload.query.window, Sessions):
            return Unsupported(Whose.OURS, "the reference engine has no sessions")
        if workload.rekeyed:
            return Unsupported(Whose.OURS, "the reference engine moves no records to another key")
        if workload.query.by_hand is not None:
            return Unsupported(Whose.OURS, "the reference engine runs no query by hand")
        chosen = settings(conditions, variant)
        clock = clock_of(chosen)
        job = {
            "bootstrap": "${broker}",
            **kafka_members(conditions),
            "job": "${job_id}",
            "input": "${input_topic}",
            "output": "${output_topic}",
            "partitions": conditions.partitions,
            "guarantee": conditions.guarantee.value,
            "commit_interval_ms": conditions.commit_interval_ms,
            "one_clock": clock is EventClock.MIN_OF_PARTITIONS,
            "query": _QUERY,
            "script": dataclasses.asdict(script_of(chosen)),
        }
        warnings = ["reference: a scripted engine, whose delays and damage are set, not measured"]
        if conditions.workers != 1:
            warnings.append(f"reference: one process, although {conditions.workers} are asked for")
        process = ProcessPlan(
            name=_NAME,
            role=Role.WORKER,
            argv=(
                *("${python}", "-m", "streambench.engines.reference.worker"),
                *(f"${{job_dir}}/{_JOB}", _NAME, readings_of(_NAME)),
            ),
            env={"PYTHONUNBUFFERED": "1"},
        )
        return Plan(
            engine=self.name,
            version=variant.version,
            event_clock=clock,
            programs=(
                Program(_QUERY, "python", query_source(workload)),
                Program(_JOB, "json", json.dumps(job, indent=2) + "\n"),
                *json_tables(workload),
            ),
            processes=(process,),
            settings=chosen,
            warnings=tuple(warnings),
        )

    def lacks(self, fault: FaultKind) -> Unsupported | None:
        """Whatever it could only have by starting over."""
        return lacking(fault, _GAPS)

    def attach(self, plan: Plan, at: Where) -> Job:
        """Start the process. Raises EngineFailed."""
        match at:
            case External():
                raise UsageError(
                    "the reference engine has no cluster to attach to",
                    hint="run it without an external endpoint",
                )
            case Embedded():
                pass
        return ReferenceJob(Workers.start(prepare(plan, at, {"python": sys.executable}), at))
