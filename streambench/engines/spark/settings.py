"""Every Spark setting, by scope, and why it has its value."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from streambench.engines.common.known import checked, names_by_kind
from streambench.engines.common.settings import by_profile, defaults, marked, overridden, rules
from streambench.engines.common.variants import asked
from streambench.engines.spark.masters import Manager, manager_of
from streambench.engines.spark.trigger import AT_ONCE
from streambench.engines.spark.variants import (
    AS_NULLS,
    OBSERVED,
    TRIGGER,
    UNREADABLE,
    VARIANTS,
)
from streambench.model.conditions import Conditions, Profile, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Setting
from streambench.model.workload import Query

APPLICATION, SOURCE, SINK, QUERY, JVM = "application", "source", "sink", "query", "jvm"
WORKER_TIMEOUT = "spark.worker.timeout"
EXECUTOR_JVM_OPTIONS = "spark.executor.extraJavaOptions"
DRIVER_JVM_OPTIONS = "spark.driver.extraJavaOptions"

DAEMON_HEAP_MIB = 128  # of Master and Worker, which only start and watch others
DRIVER_HEAP_MIB = 512
# Spark refuses executors below 1.5 times the 300 MiB that it reserves.
LEAST_EXECUTOR_HEAP_MIB = 480
FILE_MANAGER_NAME = "spark.sql.streaming.checkpointFileManagerClass"
_FILE_MANAGER = (
    "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
)
# What decides when a failure is noticed and what has to be done again; a batch is Spark's commit.
_RECOVERY = frozenset(
    {
        "spark.executor.heartbeatInterval",
        "spark.network.timeout",
        "spark.network.timeoutInterval",
        "spark.shuffle.io.maxRetries",
        "spark.shuffle.io.retryWait",
        "spark.storage.blockManagerHeartbeatTimeoutMs",
        "spark.task.maxFailures",
        WORKER_TIMEOUT,
        TRIGGER,
    }
)
# Spark's guide to its Kafka source lists them; they are defined nowhere else.
_SOURCE_OPTIONS = frozenset(
    {
        "failOnDataLoss",
        "fetchOffset.numRetries",
        "fetchOffset.retryIntervalMs",
        "groupIdPrefix",
        "kafkaConsumer.pollTimeoutMs",
        "maxOffsetsPerTrigger",
        "maxTriggerDelay",
        "minOffsetsPerTrigger",
        "minPartitions",
        "startingOffsets",
    }
)
_CLIENT = "kafka."  # of the Kafka clients in source and sink
_SHIPPED_WORKER_TIMEOUT_MS = 60_000


def executor_heap_mib(conditions: Conditions) -> int:
    """The heap that the conditions ask for, or the least that Spark accepts."""
    return max(conditions.worker_heap_mib, LEAST_EXECUTOR_HEAP_MIB)


def silence_timeout_ms(conditions: Conditions) -> int:
    """After what silence an executor is given up when that is tuned, a closed connection aside.

    Spark's heartbeats share threads with its work: on a busy machine healthy executors were given up
    after 2 s, again and again.
    """
    return max(conditions.session_timeout_ms, 10_000)


def worker_timeout_ms(conditions: Conditions) -> int:
    """After what silence the Master gives a Worker up, a closed connection aside."""
    if conditions.profile is Profile.DEFAULTS:
        return _SHIPPED_WORKER_TIMEOUT_MS
    return silence_timeout_ms(conditions)


def spark_settings(query: Query, conditions: Conditions, variant: Variant) -> tuple[Setting, ...]:
    """All settings but addresses, ports, folders and log format, the variant's and the user's own last.

    Options of the Kafka source and sink (`kafka.…`, `maxOffsetsPerTrigger`) go to these, all others to
    the application. Raises UsageError for a name that Spark does not know or that is nearly one of its.
    """
    settings = (
        *rules(APPLICATION, _application(conditions)),
        *by_profile(
            conditions.profile,
            APPLICATION,
            tuned={
                "spark.executor.heartbeatInterval": f"{conditions.heartbeat_interval_ms}ms",
                "spark.storage.blockManagerHeartbeatTimeoutMs": f"{silence_timeout_ms(conditions)}ms",
                "spark.network.timeoutInterval": f"{conditions.heartbeat_interval_ms}ms",
            },
            shipped={
                "spark.executor.heartbeatInterval": "10s",
                "spark.storage.blockManagerHeartbeatTimeoutMs": "120s",
                "spark.network.timeoutInterval": "60s",
            },
        ),
        *defaults(
            APPLICATION,
            {
                "spark.network.timeout": "120s",
                "spark.task.maxFailures": 4,
                "spark.shuffle.io.maxRetries": 3,
                "spark.shuffle.io.retryWait": "5s",
                "spark.sql.streaming.stateStore.providerClass": "org.apache.spark.sql.execution."
                "streaming.state.HDFSBackedStateStoreProvider",
                "spark.sql.streaming.noDataMicroBatches.enabled": "true",
            },
        ),
        *rules(SOURCE, {"startingOffsets": "earliest", "kafka.fetch.max.wait.ms": 10}),
        *defaults(QUERY, {TRIGGER: AT_ONCE, UNREADABLE: AS_NULLS}),
        *rules(QUERY, {"outputMode": "append", "watermark delay": f"{query.grace_ms} ms"}),
        *rules(SINK, {"kafka.linger.ms": conditions.producer_linger_ms, "kafka.acks": "all"}),
        *rules(
            JVM,
            {
                "executor heap": f"{executor_heap_mib(conditions)} MiB",
                "driver heap": f"{DRIVER_HEAP_MIB} MiB",
                "Master and Worker heap": f"{DAEMON_HEAP_MIB} MiB",
                "garbage collector": "-XX:+UseSerialGC",
                "Master and Worker compiler": "-XX:TieredStopAtLevel=1",
            },
        ),
        *by_profile(
            conditions.profile,
            JVM,
            tuned={WORKER_TIMEOUT: f"{worker_timeout_ms(conditions) // 1000} s"},
            shipped={WORKER_TIMEOUT: f"{worker_timeout_ms(conditions) // 1000} s"},
        ),
    )
    known = known_names(variant.version) | {TRIGGER, UNREADABLE}
    for each in checked("spark", asked(variant, VARIANTS), known, open_to=("spark.", _CLIENT)):
        for scope in _scopes(each.name, variant.version):
            settings = overridden(settings, scope, (each,))
    return marked(settings, _RECOVERY)


@functools.cache
def known_names(version: str) -> frozenset[str]:
    """Every name that a version of Spark and of its connector defines or reads."""
    kinds = names_by_kind("spark", version)
    clients = kinds["consumer"] | kinds["producer"]
    spark = kinds["option"] | kinds["mentioned"]
    return spark | _SOURCE_OPTIONS | {f"{_CLIENT}{name}" for name in clients}


def _scopes(name: str, version: str) -> tuple[str, ...]:
    if name in (TRIGGER, UNREADABLE):
        return (QUERY,)
    if name in _SOURCE_OPTIONS:
        return (SOURCE,)
    if name.startswith(_CLIENT):
        kinds = names_by_kind("spark", version)
        client = name.removeprefix(_CLIENT)
        read_by = ((SOURCE, "consumer"), (SINK, "producer"))
        return tuple(s for s, kind in read_by if client in kinds[kind]) or (SOURCE, SINK)
    return (APPLICATION,)


def leaves_unreadable_out(settings: Iterable[Setting]) -> bool:
    """Whether unreadable records are observed and left out. Raises UsageError for another word."""
    (text,) = (setting.value for setting in settings if setting.name == UNREADABLE)
    if text not in (AS_NULLS, OBSERVED):
        raise UsageError(
            f"'{UNREADABLE}' is {AS_NULLS} or {OBSERVED}, not '{text}'",
            hint=f"streambench run --set spark:{UNREADABLE}={OBSERVED}",
        )
    return text == OBSERVED


def _executors_name(conditions: Conditions) -> str:
    """By which setting as many executors of one core are asked for: only a Master counts cores."""
    cluster = conditions.cluster_of("spark")
    standalone = cluster is None or manager_of(cluster.endpoint) is Manager.STANDALONE
    return "spark.cores.max" if standalone else "spark.executor.instances"


def _application(conditions: Conditions) -> dict[str, str | int]:
    return {
        _executors_name(conditions): conditions.workers,
        "spark.executor.cores": 1,
        "spark.executor.memory": f"{executor_heap_mib(conditions)}m",
        "spark.driver.memory": f"{DRIVER_HEAP_MIB}m",
        "spark.sql.shuffle.partitions": conditions.workers,
        # All workers take part from the first batch on.
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.locality.wait": "0",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.streaming.pollingDelay": "5ms",
        FILE_MANAGER_NAME: _FILE_MANAGER,
        # The offsets of all batches stay: they tell exactly what was late.
        "spark.sql.streaming.minBatchesToRetain": 1_000_000,
        "spark.sql.streaming.numRecentProgressUpdates": 5,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
