"""Every Flink setting, by scope, and why it has its value."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from streambench.engines.common.elsewhere import kept_there, refuse_others_settings
from streambench.engines.common.known import checked, names_by_kind
from streambench.engines.common.settings import (
    OWN,
    by_profile,
    defaults,
    is_own,
    marked,
    overridden,
    rules,
    whole_number,
)
from streambench.engines.common.variants import asked
from streambench.engines.flink.query import bound_ms
from streambench.engines.flink.variants import IGNORE_PARSE_ERRORS, SPARE_TASK_MANAGERS, VARIANTS
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Setting
from streambench.model.workload import Query

CLUSTER, JOB, SOURCE, SINK, QUERY, JVM = "cluster", "job", "source", "sink", "query", "jvm"

JOB_MANAGER_HEAP_MIB = 256
SUBMITTER_HEAP_MIB = 384
# An open transaction must outlive a checkpoint and a recovery, else what a completed checkpoint
# promised is aborted by the broker and lost. Brokers allow 15 minutes at most unless told otherwise.
TRANSACTION_TIMEOUT_MS = 600_000
CHECKPOINT_INTERVAL = "execution.checkpointing.interval"
# Read by Flink's scripts, which streambench stands in for.
_JVM_OPTIONS = ("env.java.opts", "env.java.opts.all")
WORKER_JVM_OPTIONS = "env.java.opts.taskmanager"
TASK_MANAGER_OPTIONS = (*_JVM_OPTIONS, WORKER_JVM_OPTIONS)
JOB_MANAGER_OPTIONS = (*_JVM_OPTIONS, "env.java.opts.jobmanager")

# What decides when a failure is noticed and what has to be done again.
_RECOVERY = frozenset(
    {
        "cluster.registration.error-delay",
        "cluster.registration.refused-registration-delay",
        "execution.checkpointing.externalized-checkpoint-retention",
        CHECKPOINT_INTERVAL,
        "execution.checkpointing.mode",
        "heartbeat.interval",
        "heartbeat.rpc-failure-threshold",
        "heartbeat.timeout",
        "jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling",
        "jobmanager.adaptive-scheduler.submission.resource-stabilization-timeout",
        "jobmanager.scheduler",
        "properties.transaction.timeout.ms",
        "restart-strategy.exponential-delay.backoff-multiplier",
        "restart-strategy.exponential-delay.initial-backoff",
        "restart-strategy.exponential-delay.max-backoff",
        "restart-strategy.fixed-delay.attempts",
        "restart-strategy.fixed-delay.delay",
        "restart-strategy.type",
        SPARE_TASK_MANAGERS,
        "taskmanager.slot.timeout",
    }
)

# What only those can set who start Flink's processes.
_OF_PROCESSES = (
    "blob.",
    "cluster.",
    "env.",
    "heartbeat.",
    "high-availability.",
    "io.",
    "jobmanager.",
    "metrics.",
    "resourcemanager.",
    "rest.",
    "slotmanager.",
    "taskmanager.",
    "web.",
)
# Of these a cluster that runs already says what it has, where it was set.
_KEPT_THERE = (
    "heartbeat.interval",
    "heartbeat.timeout",
    "jobmanager.scheduler",
    "taskmanager.memory.flink.size",
    "taskmanager.memory.process.size",
    "taskmanager.memory.task.heap.size",
    "taskmanager.numberOfTaskSlots",
)

_SPARE_AT_MOST = 8
_PROPERTIES = "properties."  # of the Kafka clients in source and sink
_FRAMEWORK_HEAP_MIB = 64
_FRAMEWORK_OFF_HEAP_MIB = 128
_NETWORK_MIB = 64
_MANAGED_MIB = 128
_METASPACE_MIB = 192
_OVERHEAD_MIB = 192


def parallelism(conditions: Conditions) -> int:
    """One slot a worker; a source subtask without a partition would hold the event clock back."""
    return min(conditions.workers, conditions.partitions)


def flink_settings(query: Query, conditions: Conditions, variant: Variant) -> tuple[Setting, ...]:
    """All settings but addresses, ports and folders, the variant's and the user's own last.

    What the user sets goes to the cluster and to the job: Flink reads each key where it needs it. Options
    of the Kafka source and sink (`scan.…`, `sink.…`, `properties.…`) go to these. Raises UsageError for
    a name of no family of Flink's, or one that is nearly a name of its.
    """
    settings = (
        *rules(CLUSTER, _cluster(conditions)),
        *by_profile(
            conditions.profile,
            CLUSTER,
            tuned=_tuned_cluster(conditions),
            shipped={
                "heartbeat.interval": "10 s",
                "heartbeat.timeout": "50 s",
                "cluster.registration.error-delay": "10 s",
                "cluster.registration.refused-registration-delay": "30 s",
                "taskmanager.slot.timeout": "10 s",
            },
        ),
        *defaults(CLUSTER, {"heartbeat.rpc-failure-threshold": 2}),
        *rules(JOB, _job(conditions)),
        *by_profile(
            conditions.profile,
            JOB,
            tuned={
                "restart-strategy.type": "fixed-delay",
                "restart-strategy.fixed-delay.attempts": 100,
                "restart-strategy.fixed-delay.delay": "200 ms",
            },
            shipped={
                "restart-strategy.type": "exponential-delay",
                "restart-strategy.exponential-delay.initial-backoff": "1 s",
                "restart-strategy.exponential-delay.max-backoff": "1 min",
                "restart-strategy.exponential-delay.backoff-multiplier": "1.5",
            },
        ),
        *rules(SOURCE, _source()),
        *defaults(SOURCE, {IGNORE_PARSE_ERRORS: "false"}),
        *defaults(SOURCE, {"scan.watermark.idle-timeout": "off"}),
        *rules(QUERY, {"watermark bound": f"{bound_ms(query)} ms"}),
        *rules(SINK, _sink(conditions)),
        *rules(JVM, _jvm(conditions)),
        *rules(OWN, {SPARE_TASK_MANAGERS: 0}),
    )
    known = known_names(variant.version) | {SPARE_TASK_MANAGERS}
    families = tuple({f"{name.partition('.')[0]}." for name in known_names(variant.version)})
    for each in checked("flink", asked(variant, VARIANTS), known, open_to=families):
        for scope in _scopes(each.name, variant.version):
            settings = overridden(settings, scope, (each,))
    if (cluster := conditions.cluster_of("flink")) is not None:
        refuse_others_settings(settings, cluster, "Flink", _OF_PROCESSES)
        own = (each for each in settings if each.scope not in (CLUSTER, JVM, OWN))
        settings = (*kept_there(CLUSTER, _KEPT_THERE), *own)
    return marked(settings, _RECOVERY)


@functools.cache
def known_names(version: str) -> frozenset[str]:
    """Every name that a version of Flink, of its connector and of its JSON format defines, as far as it is used."""
    kinds = names_by_kind("flink", version)
    clients = kinds["consumer"] | kinds["producer"]
    of_the_format = {IGNORE_PARSE_ERRORS}
    return kinds["option"] | of_the_format | {f"{_PROPERTIES}{name}" for name in clients}


def _scopes(name: str, version: str) -> tuple[str, ...]:
    if is_own(name):
        return (OWN,)
    if name.startswith("scan.") or name == IGNORE_PARSE_ERRORS:
        return (SOURCE,)
    if name.startswith("sink."):
        return (SINK,)
    if name.startswith(_PROPERTIES):
        kinds = names_by_kind("flink", version)
        client = name.removeprefix(_PROPERTIES)
        read_by = ((SOURCE, "consumer"), (SINK, "producer"))
        return tuple(s for s, kind in read_by if client in kinds[kind]) or (SOURCE, SINK)
    return (CLUSTER, JOB)


def slots(settings: Iterable[Setting]) -> int:
    """In how many slots the job runs. Raises UsageError for what is no number."""
    return whole_number(settings, JOB, "parallelism.default", engine="flink")


def spare_task_managers(settings: Iterable[Setting]) -> int:
    """How many TaskManagers there are beyond the workers. Raises UsageError for what is no count."""
    spare = whole_number(settings, OWN, SPARE_TASK_MANAGERS, engine="flink")
    if not 0 <= spare <= _SPARE_AT_MOST:
        raise UsageError(
            f"'{SPARE_TASK_MANAGERS}' is from 0 to {_SPARE_AT_MOST}, not {spare}",
            hint=f"streambench run --set flink:{SPARE_TASK_MANAGERS}=1",
        )
    return spare


def direct_memory_mib() -> int:
    """What a TaskManager may allocate outside its heap for buffers."""
    return _FRAMEWORK_OFF_HEAP_MIB + _NETWORK_MIB


def _tuned_cluster(conditions: Conditions) -> dict[str, str | int]:
    return {
        "heartbeat.interval": f"{conditions.heartbeat_interval_ms} ms",
        "heartbeat.timeout": f"{conditions.session_timeout_ms} ms",
        # A TaskManager that is quicker than the JobManager asks again soon, not after 10 s.
        "cluster.registration.error-delay": "200 ms",
        "cluster.registration.refused-registration-delay": "200 ms",
        # Until then a TaskManager keeps its slot for the job of a JobManager that died.
        "taskmanager.slot.timeout": f"{conditions.session_timeout_ms} ms",
    }


def _cluster(conditions: Conditions) -> dict[str, str | int]:
    heap_mib = conditions.worker_heap_mib
    return {
        # Without it the metrics freeze after the death of a TaskManager.
        "web.timeout": "5000 ms",
        "metrics.fetcher.update-interval": "1000 ms",
        # TaskManager and JobManager started as plain processes need the whole resolved set.
        "jobmanager.memory.heap.size": f"{JOB_MANAGER_HEAP_MIB}m",
        "jobmanager.memory.off-heap.size": "128m",
        "jobmanager.memory.jvm-metaspace.size": f"{_METASPACE_MIB}m",
        "jobmanager.memory.jvm-overhead.min": f"{_OVERHEAD_MIB}m",
        "jobmanager.memory.jvm-overhead.max": f"{_OVERHEAD_MIB}m",
        "taskmanager.numberOfTaskSlots": 1,
        "taskmanager.cpu.cores": "1.0",
        "taskmanager.memory.framework.heap.size": f"{_FRAMEWORK_HEAP_MIB}m",
        "taskmanager.memory.task.heap.size": f"{heap_mib - _FRAMEWORK_HEAP_MIB}m",
        "taskmanager.memory.framework.off-heap.size": f"{_FRAMEWORK_OFF_HEAP_MIB}m",
        "taskmanager.memory.task.off-heap.size": "0m",
        "taskmanager.memory.network.min": f"{_NETWORK_MIB}m",
        "taskmanager.memory.network.max": f"{_NETWORK_MIB}m",
        "taskmanager.memory.managed.size": f"{_MANAGED_MIB}m",
        "taskmanager.memory.jvm-metaspace.size": f"{_METASPACE_MIB}m",
        "taskmanager.memory.jvm-overhead.min": f"{_OVERHEAD_MIB}m",
        "taskmanager.memory.jvm-overhead.max": f"{_OVERHEAD_MIB}m",
    }


def _job(conditions: Conditions) -> dict[str, str | int]:
    return {
        "parallelism.default": parallelism(conditions),
        "pipeline.auto-watermark-interval": "10 ms",
        "execution.buffer-timeout.interval": "5 ms",
        CHECKPOINT_INTERVAL: f"{conditions.commit_interval_ms} ms",
        # State is exact under both guarantees; only the sink differs.
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        # A job whose JobManager died is submitted again from its last checkpoint. In a cluster of others
        # nothing is to be left behind.
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION"
        if conditions.cluster_of("flink") is None
        else "NO_EXTERNALIZED_CHECKPOINTS",
        "state.backend.type": "hashmap",
        "table.local-time-zone": "UTC",
    }


def _source() -> dict[str, str | int]:
    return {
        "scan.startup.mode": "earliest-offset",
        "scan.watermark.emit.strategy": "on-periodic",
    }


def _sink(conditions: Conditions) -> dict[str, str | int]:
    options: dict[str, str | int] = {
        "sink.delivery-guarantee": conditions.guarantee.value,
        "properties.linger.ms": conditions.producer_linger_ms,
        "properties.acks": "all",
    }
    if conditions.guarantee is Guarantee.EXACTLY_ONCE:
        options["properties.transaction.timeout.ms"] = TRANSACTION_TIMEOUT_MS
    return options


def _jvm(conditions: Conditions) -> dict[str, str | int]:
    return {
        "TaskManager heap": f"{conditions.worker_heap_mib} MiB",
        "JobManager heap": f"{JOB_MANAGER_HEAP_MIB} MiB",
        "garbage collector": "-XX:+UseSerialGC",
        "JobManager and submitter compiler": "-XX:TieredStopAtLevel=1",
    }
