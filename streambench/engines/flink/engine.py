"""Flink as a contender."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streambench.engines.common.access import ALLOWED_URLS_IN_FLINK, asks_endpoint
from streambench.engines.common.cluster import other_version, start_cluster
from streambench.engines.common.faults import lacking
from streambench.engines.common.hand_files import missing_file
from streambench.engines.common.launch import prepare, start
from streambench.engines.flink.elsewhere import FlinkJobElsewhere
from streambench.engines.flink.inspection import cancel_named, free_slots
from streambench.engines.flink.job import FlinkJob
from streambench.engines.flink.lookups import COMPILER, pack_functions
from streambench.engines.flink.processes import JOB_MANAGER, flink_processes
from streambench.engines.flink.programs import flink_programs
from streambench.engines.flink.query import MOST_DIGITS_BY_TIME, can_go_by_time
from streambench.engines.flink.rest import FlinkRest
from streambench.engines.flink.settings import (
    CHECKPOINT_INTERVAL,
    TRANSACTION_TIMEOUT_MS,
    WORKER_JVM_OPTIONS,
    flink_settings,
    parallelism,
    slots,
    spare_task_managers,
)
from streambench.engines.flink.submission import submit
from streambench.engines.flink.variants import VARIANTS
from streambench.engines.flink.versions import (
    TOKEN_JARS,
    USUAL_VERSION,
    VERSIONS,
    connector_jars,
    connector_words,
)
from streambench.engines.protocol import Embedded, External, Job, Where
from streambench.kafka.access.property_names import TOKEN_URL
from streambench.model.by_hand import HandFile
from streambench.model.conditions import (
    Conditions,
    Guarantee,
    Profile,
    Variant,
)
from streambench.model.errors import EngineFailed
from streambench.model.fault import FaultKind
from streambench.model.plan import (
    Artifacts,
    EventClock,
    Origin,
    Plan,
    Role,
    Setting,
    Unsupported,
    Whose,
)
from streambench.model.windows import Hopping
from streambench.model.workload import Workload
from streambench.runtime.waiting import wait_until

_SCRIPT: Final = Path(__file__).with_name("submit.py")
_SLOTS_TIMEOUT_S: Final = 30.0


class FlinkEngine:
    """JobManager and TaskManagers as processes of their own, one slot a TaskManager; Flink SQL."""

    name = "flink"
    title = "Apache Flink"
    version = USUAL_VERSION
    versions = VERSIONS
    event_clock = EventClock.MIN_OF_PARTITIONS
    state_exact = True
    variants = VARIANTS
    shorthands = (("jvm_options", WORKER_JVM_OPTIONS),)

    def requires(self, variant: Variant) -> Artifacts:
        """A Java runtime, Flink's Python environment (it holds Flink itself), the connector with what a log-in
        by a token needs, and a compiler for the functions of a lookup.
        """
        return Artifacts(
            java=True,
            jar_sets=(connector_jars(variant.version), TOKEN_JARS, COMPILER),
            python_env=f"flink-{variant.version}",
        )

    def plan(
        self, workload: Workload, conditions: Conditions, variant: Variant
    ) -> Plan | Unsupported:
        """Query, configuration and processes, with addresses and folders as symbols."""
        if (other := other_version("Flink", variant.version, VERSIONS)) is not None:
            return other
        if (gap := missing_file(workload, HandFile.FLINK)) is not None:
            return gap
        window, by_hand = workload.query.window, workload.query.by_hand is not None
        if not by_hand and isinstance(window, Hopping) and not window.divided_evenly:
            return Unsupported(
                Whose.UPSTREAM,
                "Flink's HOP takes only windows whose length is a multiple of the distance of their starts "
                f"({window.size_ms} ms is no multiple of {window.advance_ms} ms)",
            )
        if any(
            each.function.goes_by_time and not can_go_by_time(each)
            for each in workload.query.aggregates
        ):
            return Unsupported(
                Whose.UPSTREAM,
                "Flink SQL has no first and last by event time in windows; those of whole numbers and of decimals"
                f" of up to {MOST_DIGITS_BY_TIME} digits are made of texts, and a double has no such text",
            )
        settings = flink_settings(workload.query, conditions, variant)
        cluster = conditions.cluster_of(self.name)
        return Plan(
            engine=self.name,
            version=variant.version,
            event_clock=EventClock.OF_ITS_OWN if by_hand else self.event_clock,
            programs=flink_programs(
                workload, conditions, settings, connector_jars(variant.version)
            ),
            processes=flink_processes(conditions, settings),
            settings=settings,
            warnings=_warnings(conditions, settings, variant.version),
            recovery_terms=() if cluster else (_slots_words(conditions, settings),),
            symbols={
                "flink_home": "${site_packages}/pyflink",
                "commit_interval_ms": str(conditions.commit_interval_ms),
            },
            cluster=None if cluster is None else cluster.endpoint,
        )

    def lacks(self, fault: FaultKind) -> Unsupported | None:
        """Nothing of its own."""
        return lacking(fault, {})

    def attach(self, plan: Plan, at: Where) -> Job:
        """Start the cluster and submit; returns when the JobManager has accepted the job."""
        match at:
            case External(here=here, endpoint=endpoint):
                return _submit_to(endpoint, plan, here)
            case Embedded():
                return start_cluster(plan, at, leader=JOB_MANAGER, script=_SCRIPT, start=_start)


def _submit_to(endpoint: str, plan: Plan, here: Embedded) -> Job:
    """Give the job to a session cluster that runs already, once it has slots for it."""
    _await_slots(endpoint, slots(plan.settings))
    filled = prepare(plan, here, {"script": str(_SCRIPT)})
    pack_functions(filled, here)
    try:
        job = submit(filled, here)
    except BaseException:
        # It may have been taken, and nobody knows its id.
        cancel_named(endpoint, here.job_id)
        raise
    return FlinkJobElsewhere(filled, FlinkRest(endpoint, job))


def _await_slots(endpoint: str, wanted: int) -> None:
    """Wait for free slots: the job of a trial before may still be ending. Raises EngineFailed."""
    free: int | None = None

    def enough() -> bool:
        nonlocal free
        free = free_slots(endpoint)
        return free is not None and free >= wanted

    try:
        wait_until(
            enough,
            what=f"{wanted} free slots of the Flink cluster at {endpoint}",
            timeout_s=_SLOTS_TIMEOUT_S,
        )
    except EngineFailed as error:
        if free is None:
            raise EngineFailed(
                f"no Flink JobManager answers at {endpoint} any more",
                stage="submit",
                hint=f"curl {endpoint}/overview",
            ) from error
        raise EngineFailed(
            f"the Flink cluster at {endpoint} has {free} free slots, and the job needs {wanted}",
            stage="submit",
            hint="start another TaskManager there, or ask for fewer: --workers 1",
        ) from error


def _slots_words(conditions: Conditions, settings: Sequence[Setting]) -> str:
    """What becomes of the job when a TaskManager is lost."""
    spare, used = spare_task_managers(settings), slots(settings)
    adaptive = any(s.name == "jobmanager.scheduler" and s.value == "adaptive" for s in settings)
    have = conditions.workers + spare
    if used < have:
        idle = (
            f"{have - used} of its {have} TaskManagers {'is' if have - used == 1 else 'are'} idle"
        )
        return (
            f"Flink: {idle} until another one is lost; memory and CPU of all of them are counted."
        )
    if adaptive:
        return (
            "Flink: with the adaptive scheduler it goes on in the slots that are left when a "
            "TaskManager is lost, and restarts once more to use a new one."
        )
    return (
        "Flink: it has as many slots as it needs and no more, so a job that lost a TaskManager waits "
        "for the new one; the survivors of the other engines take over. flink:spare and "
        "flink:adaptive are the variants that need not wait."
    )


def _start(plan: Plan, at: Embedded) -> Job:
    """Start everything at once: TaskManagers and client ask until the JobManager is there."""
    pack_functions(plan, at)
    children = {p.name: start(p, at) for p in plan.processes if p.role is not Role.SUBMITTER}
    job = submit(plan, at, cluster_alive=children[JOB_MANAGER].alive)
    rest = FlinkRest(f"http://127.0.0.1:{plan.symbols['port:rest']}", job)
    return FlinkJob(plan, at, rest, int(plan.symbols["commit_interval_ms"]))


def _whose_words(conditions: Conditions) -> tuple[str, ...]:
    """What is not on equal terms where the cluster was not started by streambench, and what it needs."""
    cluster = conditions.cluster_of("flink")
    if cluster is None:
        return ()
    told_urls = (
        "Flink: Kafka's clients in its JobManager and TaskManagers must be told which token endpoint they may ask. "
        f"Their env.java.opts.all needs -D{ALLOWED_URLS_IN_FLINK}=URL, where URL is that of {TOKEN_URL}."
    )
    kept = (
        "its checkpoints are where its own settings say"
        if cluster.checkpoint_dir is None
        else f"its checkpoints are in {cluster.checkpoint_dir}"
    )
    return (
        f"Flink: it runs in a cluster at {cluster.endpoint} that streambench did not start. Heaps, "
        f"heartbeats and JVMs are as they are there; {kept}. What it uses is not known.",
        "Flink: its processes ran before the job was launched, so their start is no part of the time to its "
        "first result, and jobs before may have left them warm. A cold drain is of a new job there.",
        *((told_urls,) if asks_endpoint(conditions) else ()),
    )


def _warnings(conditions: Conditions, settings: Sequence[Setting], version: str) -> tuple[str, ...]:
    connector = connector_words(version)
    cluster = conditions.cluster_of("flink")
    warnings = [
        *(() if connector is None else (connector,)),
        *_whose_words(conditions),
        "Flink: a slot is not a core; a TaskManager runs several threads (source, network, "
        "checkpoints, compiler) beside its slot's.",
        *(() if cluster else (_slots_words(conditions, settings),)),
    ]
    if parallelism(conditions) < conditions.workers:
        warnings.append(
            f"Flink: only {parallelism(conditions)} of {conditions.workers} workers have work; a "
            "source task without a partition would stop the event clock."
        )
    if conditions.guarantee is Guarantee.EXACTLY_ONCE:
        warnings.append(
            f"Flink: transaction.timeout.ms is {TRANSACTION_TIMEOUT_MS}, not "
            f"{conditions.transaction_timeout_ms}: a transaction must outlive checkpoint and "
            "recovery, and Flink aborts those of a dead task itself."
        )
    if conditions.profile is Profile.DEFAULTS:
        interval = next(each for each in settings if each.name == CHECKPOINT_INTERVAL)
        whose = "that you set" if interval.origin is Origin.USER else "of the equal terms"
        warnings.append(
            "Flink: it ships without a checkpoint interval, and then restores nothing; the one "
            f"{whose} stays: {interval.value}."
        )
    return tuple(warnings)
