"""Spark Structured Streaming as a contender."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from streambench.engines.common.cluster import other_version, start_cluster
from streambench.engines.common.faults import lacking
from streambench.engines.common.hand_files import missing_file
from streambench.engines.common.launch import (
    listens,
    named,
    start,
)
from streambench.engines.protocol import Embedded, External, Job, Where
from streambench.engines.spark.elsewhere import start_driver
from streambench.engines.spark.job import SparkJob
from streambench.engines.spark.masters import YARN, Manager, manager_of
from streambench.engines.spark.processes import DRIVER, MASTER, WORKER, spark_processes
from streambench.engines.spark.programs import checkpoint_of, spark_programs
from streambench.engines.spark.progress import read_progress
from streambench.engines.spark.settings import (
    EXECUTOR_JVM_OPTIONS,
    executor_heap_mib,
    silence_timeout_ms,
    spark_settings,
)
from streambench.engines.spark.settings_elsewhere import refuse_of_driver, settings_elsewhere
from streambench.engines.spark.trigger import trigger_ms
from streambench.engines.spark.variants import TRIGGER, VARIANTS
from streambench.engines.spark.versions import (
    USUAL_VERSION,
    VERSIONS,
    connector_jars,
    connector_words,
)
from streambench.model.by_hand import HandFile
from streambench.model.conditions import (
    Conditions,
    ForeignCluster,
    Guarantee,
    Profile,
    Variant,
)
from streambench.model.fault import FaultKind
from streambench.model.plan import Artifacts, EventClock, Plan, Unsupported, Whose
from streambench.model.workload import Workload
from streambench.runtime.waiting import wait_until

_SCRIPT: Final = Path(__file__).with_name("driver.py")
MASTER_TIMEOUT_S = 60.0
START_TIMEOUT_S = 120.0
_RECOVERY_TERMS = (
    "Spark's surviving executors take over the tasks of the dead one. The Worker that comes back starts "
    "a new executor by itself.",
)


class SparkEngine:
    """Master, Workers with one single-core executor each, and a driver; micro-batches."""

    name = "spark"
    title = "Spark Structured Streaming"
    version = USUAL_VERSION
    versions = VERSIONS
    event_clock = EventClock.GLOBAL_PER_BATCH
    state_exact = True
    variants = VARIANTS
    shorthands = (("trigger", TRIGGER), ("jvm_options", EXECUTOR_JVM_OPTIONS))

    def requires(self, variant: Variant) -> Artifacts:
        """A Java runtime, PySpark's environment (it holds Spark itself) and the Kafka connector."""
        return Artifacts(
            java=True,
            jar_sets=(connector_jars(variant.version),),
            python_env=f"spark-{variant.version}",
        )

    def plan(
        self, workload: Workload, conditions: Conditions, variant: Variant
    ) -> Plan | Unsupported:
        """Query, configuration and processes, with addresses and folders as symbols."""
        if (other := other_version("Spark", variant.version, VERSIONS)) is not None:
            return other
        if (gap := missing_file(workload, HandFile.SPARK, HandFile.SPARK_SQL)) is not None:
            return gap
        if conditions.guarantee is Guarantee.EXACTLY_ONCE:
            return Unsupported(
                Whose.UPSTREAM,
                "Spark's Kafka sink is at-least-once only: it has no transactions",
                hint="run it with --guarantee at-least-once",
            )
        settings = spark_settings(workload.query, conditions, variant)
        refuse_of_driver(settings)
        cluster = conditions.cluster_of(self.name)
        if cluster is not None:
            settings = settings_elsewhere(settings, cluster)
        symbols = {"spark_home": "${site_packages}/pyspark"}
        if cluster is not None:
            symbols |= {
                "executors": str(conditions.workers),
                "checkpoint": checkpoint_of(cluster),
            }
        return Plan(
            engine=self.name,
            version=variant.version,
            event_clock=EventClock.OF_ITS_OWN
            if workload.query.by_hand is not None
            else self.event_clock,
            programs=spark_programs(
                workload,
                conditions,
                settings,
                heap_mib=executor_heap_mib(conditions),
                connector=connector_jars(variant.version),
            ),
            processes=spark_processes(conditions),
            settings=settings,
            warnings=_warnings(conditions, trigger_ms(settings), variant.version),
            recovery_terms=_RECOVERY_TERMS if conditions.workers > 1 and not cluster else (),
            symbols=symbols,
            cluster=None if cluster is None else cluster.endpoint,
        )

    def lacks(self, fault: FaultKind) -> Unsupported | None:
        """Nothing of its own."""
        return lacking(fault, {})

    def attach(self, plan: Plan, at: Where) -> Job:
        """Start cluster and driver; returns when the query has started."""
        match at:
            case External():
                return start_driver(plan, at, _SCRIPT)
            case Embedded():
                return start_cluster(plan, at, leader=MASTER, script=_SCRIPT, start=_start)


def _start(plan: Plan, at: Embedded) -> Job:
    master = start(named(plan, MASTER), at)
    driver = start(named(plan, DRIVER), at)
    port = int(plan.symbols["port:master"])
    # A Worker that asks too early asks again only after 5 to 15 s.
    wait_until(
        lambda: listens(port),
        what="Spark's Master",
        timeout_s=MASTER_TIMEOUT_S,
        alive=master.alive,
        log=master.log,
    )
    for process in plan.processes:
        if process.name.startswith(WORKER):
            start(process, at)
    progress = at.job_dir / "progress.jsonl"
    wait_until(
        lambda: read_progress(progress).started,
        what="Spark's query",
        timeout_s=START_TIMEOUT_S,
        alive=driver.alive,
        log=driver.log,
    )
    return SparkJob(plan, at)


def _trigger_words(interval_ms: int | None) -> str:
    if interval_ms is None:
        return (
            "Spark: its trigger is the shipped one, a batch as soon as the last one is over: it spends "
            "CPU on batches rather than let results wait. spark:trigger-1s starts one every second."
        )
    return (
        f"Spark: its trigger starts a batch every {interval_ms} ms, not as soon as the last one is "
        "over: a result waits for the next batch, and there are fewer of them to be paid for."
    )


def _whose_words(cluster: ForeignCluster | None) -> tuple[str, ...]:
    """What commits are, and what is not on equal terms where streambench did not start the cluster."""
    if cluster is None:
        return (
            "Spark: offsets and state are committed by FileSystemBasedCheckpointFileManager, which forks "
            "no processes on a local disk; clusters on HDFS or an object store do not pay for that either.",
        )
    kept = cluster.checkpoint_dir or "a folder of this machine"
    there = "a YARN" if cluster.endpoint == YARN else f"a cluster at {cluster.endpoint}"
    return (
        f"Spark: its executors run in {there} that streambench did not start. Its "
        f"processes are as they are there; its checkpoints are in {kept}. What executors use is not known.",
    )


def _who_starts_executors(cluster: ForeignCluster | None) -> str:
    if cluster is None or manager_of(cluster.endpoint) is Manager.STANDALONE:
        return "a Worker starts"
    return "its driver asks for"


def _warnings(conditions: Conditions, interval_ms: int | None, version: str) -> tuple[str, ...]:
    connector = connector_words(version)
    cluster = conditions.cluster_of("spark")
    warnings = [
        *(() if connector is None else (connector,)),
        *_whose_words(cluster),
        "Spark: a batch is its commit; the commit interval does not apply.",
        _trigger_words(interval_ms),
        f"Spark: {_who_starts_executors(cluster)} a new executor by itself when one dies.",
    ]
    if conditions.partitions > conditions.workers:
        warnings.append(
            f"Spark: {conditions.partitions} input partitions on {conditions.workers} cores are read "
            "in several waves a batch."
        )
    if executor_heap_mib(conditions) != conditions.worker_heap_mib:
        warnings.append(
            f"Spark: an executor's heap is {executor_heap_mib(conditions)} MiB, the least that Spark "
            f"accepts, not {conditions.worker_heap_mib}."
        )
    tuned = conditions.profile is Profile.TUNED
    if tuned and silence_timeout_ms(conditions) != conditions.session_timeout_ms:
        warnings.append(
            f"Spark: a silent executor is given up after {silence_timeout_ms(conditions)} ms, not "
            f"{conditions.session_timeout_ms}: with less, a busy machine loses healthy ones. One that "
            "dies is noticed at once, by its closed connection."
        )
    return tuple(warnings)
