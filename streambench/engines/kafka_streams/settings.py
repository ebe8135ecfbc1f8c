"""Which settings a Kafka Streams job gets, and why."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.engines.common.jvm import heap_flags
from streambench.engines.common.settings import defaults, overridden, rules
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.plan import Setting

SCOPE = "kafka-streams"
JVM = "jvm"
JVM_OPTIONS = "jvm.options"
_CACHE_BYTES = 10 * 1024 * 1024


def settings(conditions: Conditions, variant: Variant) -> tuple[Setting, ...]:
    """Every setting of the job; the user's own come last and win.

    In scope "kafka-streams" they are properties of StreamsConfig; "jvm" has the heap, and whatever
    more the user wants to give to java as `jvm.options`.
    """
    exactly_once = conditions.guarantee is Guarantee.EXACTLY_ONCE
    fair: dict[str, str | int] = {
        "processing.guarantee": "exactly_once_v2" if exactly_once else "at_least_once",
        "commit.interval.ms": conditions.commit_interval_ms,
        "num.stream.threads": 1,
        "replication.factor": 1,
        # Updates would reach the changelog ahead of the offsets, and a restart would count them
        # twice, were there no record cache.
        "statestore.cache.max.bytes": _CACHE_BYTES,
        # Final results are otherwise held back for up to a second of wall-clock time.
        "__emit.interval.ms.kstreams.windowed.aggregation__": 0,
        "producer.linger.ms": conditions.producer_linger_ms,
        "producer.acks": "all",
        "consumer.auto.offset.reset": "earliest",
        "consumer.session.timeout.ms": conditions.session_timeout_ms,
        "consumer.heartbeat.interval.ms": conditions.heartbeat_interval_ms,
        "consumer.fetch.min.bytes": 1,
        "consumer.fetch.max.wait.ms": 100,
    }
    if exactly_once:
        # A takeover waits for the transaction that the dead instance left open.
        fair["producer.transaction.timeout.ms"] = conditions.transaction_timeout_ms
    kept: dict[str, str | int] = {
        "topology.optimization": "none",
        "max.task.idle.ms": 0,
        "poll.ms": 100,
        "consumer.max.poll.records": 1000,
        "acceptable.recovery.lag": 10_000,
        "num.standby.replicas": 0,
    }
    chosen = (
        *rules(SCOPE, fair),
        *defaults(SCOPE, kept),
        *rules(JVM, {"flags": " ".join(heap_flags(conditions.worker_heap_mib))}),
    )
    jvm = [pair for pair in variant.settings if pair[0] == JVM_OPTIONS]
    streams = [pair for pair in variant.settings if pair[0] != JVM_OPTIONS]
    return overridden(overridden(chosen, SCOPE, streams), JVM, jvm)


def properties(chosen: Sequence[Setting]) -> str:
    """The text of the job's properties file; broker and application id are still symbols."""
    lines = [
        "application.id = ${job_id}",
        "bootstrap.servers = ${broker}",
        *(f"{s.name} = {_escaped(s.value)}" for s in chosen if s.scope == SCOPE),
    ]
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
