"""Which settings a Kafka Streams job gets, and why."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TypeVar

from streambench.engines.common.access import access_options
from streambench.engines.common.jvm import heap_flags
from streambench.engines.common.known import checked, names_by_kind
from streambench.engines.common.settings import (
    by_profile,
    defaults,
    marked,
    overridden,
    rules,
    whole_number,
)
from streambench.engines.common.variants import asked
from streambench.engines.kafka_streams.group import (
    CLIENT_ASSIGNMENT,
    CLIENT_TIMEOUTS_SHIPPED,
    GROUP,
    GROUP_SETTINGS,
    broker_terms,
    client_timeouts,
    led_by_the_broker,
    refuse_unread,
)
from streambench.engines.kafka_streams.source import FinalResults, JsonParser, Retention, Store
from streambench.engines.kafka_streams.variants import VARIANTS
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Setting
from streambench.workload.names import did_you_mean

SCOPE = "kafka-streams"
JVM = "jvm"
JVM_OPTIONS = "jvm.options"
PROGRAM = "program"
_JSON_PARSER = "streambench.json-parser"
_RETENTION = "streambench.retention"
_FINAL_RESULTS = "streambench.final-results"
_STORE = "streambench.store"
_TRANSACTION_TIMEOUT = "producer.transaction.timeout.ms"
_EMIT_INTERVAL = "__emit.interval.ms.kstreams.windowed.aggregation__"
_CONSUMERS = ("consumer.", "main.consumer.", "restore.consumer.", "global.consumer.")
_CACHE_BYTES = 10 * 1024 * 1024
_FOR_EVER = 2**63 - 1
# What is moved stays until it has been checked what came too late there. Its times may be old, or ahead of
# the clock: the broker would refuse them.
_KEEPS_MOVED: dict[str, str | int] = {
    "repartition.purge.interval.ms": _FOR_EVER,
    "topic.message.timestamp.before.max.ms": _FOR_EVER,
    "topic.message.timestamp.after.max.ms": _FOR_EVER,
}
# What decides when a failure is noticed and what has to be done again.
_RECOVERY = frozenset(
    {
        *CLIENT_ASSIGNMENT,
        *CLIENT_TIMEOUTS_SHIPPED,
        *GROUP_SETTINGS,
        "commit.interval.ms",
        "group.protocol",
        "producer.transaction.timeout.ms",
        "reconnect.backoff.max.ms",
        "statestore.cache.max.bytes",
    }
)


def settings(
    conditions: Conditions, variant: Variant, *, moves: bool = False
) -> tuple[Setting, ...]:
    """Every setting of the job; the user's own come last and win. `moves`: it has a repartition topic.

    In scope "kafka-streams" they are properties of StreamsConfig; "jvm" has the heap, and whatever
    more the user wants to give to java as `jvm.options`; "program" says how the topology is written;
    "group" is what the broker keeps for the group where it leads it. Raises UsageError for an unknown
    name, and for one that nobody reads.
    """
    by_broker = led_by_the_broker(asked(variant, VARIANTS))
    exactly_once = conditions.guarantee is Guarantee.EXACTLY_ONCE
    foreign = conditions.foreign_kafka
    fair: dict[str, str | int] = {
        "processing.guarantee": "exactly_once_v2" if exactly_once else "at_least_once",
        "num.stream.threads": 1,
        "replication.factor": 1 if foreign is None else foreign.replication,
        # Updates would reach the changelog ahead of the offsets, and a restart would count them
        # twice, were there no record cache.
        "statestore.cache.max.bytes": _CACHE_BYTES,
        # Final results are otherwise held back for up to a second of wall-clock time.
        _EMIT_INTERVAL: 0,
        "producer.linger.ms": conditions.producer_linger_ms,
        "producer.acks": "all",
        "consumer.auto.offset.reset": "earliest",
        "consumer.fetch.min.bytes": 1,
        "consumer.fetch.max.wait.ms": 100,
    }
    if foreign is not None:
        # Internal topics lose as little as the run's own, and do not ask for replicas that they do not have.
        fair["topic.min.insync.replicas"] = foreign.min_insync
    if moves:
        fair |= _KEEPS_MOVED
    tuned: dict[str, str | int] = {
        "commit.interval.ms": conditions.commit_interval_ms,
        **({} if by_broker else client_timeouts(conditions)),
    }
    shipped: dict[str, str | int] = {
        "commit.interval.ms": 100 if exactly_once else 30_000,
        **({} if by_broker else CLIENT_TIMEOUTS_SHIPPED),
    }
    if exactly_once:
        # A takeover waits for the transaction that the dead instance left open.
        tuned[_TRANSACTION_TIMEOUT] = conditions.transaction_timeout_ms
        shipped[_TRANSACTION_TIMEOUT] = 10_000
    kept: dict[str, str | int] = {
        "topology.optimization": "none",
        "max.task.idle.ms": 0,
        "poll.ms": 100,
        "consumer.max.poll.records": 1000,
        **({} if by_broker else CLIENT_ASSIGNMENT),
        "reconnect.backoff.max.ms": 1_000,
    }
    chosen = (
        *rules(SCOPE, fair),
        *by_profile(conditions.profile, SCOPE, tuned=tuned, shipped=shipped),
        *defaults(SCOPE, kept),
        *(broker_terms(conditions) if by_broker else ()),
        *rules(
            PROGRAM,
            {
                _JSON_PARSER: JsonParser.JACKSON.value,
                _RETENTION: Retention.COVERS_JUMPS.value,
                _FINAL_RESULTS: FinalResults.WINDOW_CLOSE.value,
                _STORE: Store.MEMORY.value,
            },
        ),
        *rules(JVM, {"flags": " ".join(heap_flags(conditions.worker_heap_mib))}),
    )
    known = known_names(variant.version) | {
        setting.name for setting in chosen if setting.scope != JVM
    }
    wanted = checked("kafka-streams", asked(variant, VARIANTS), known)
    if by_broker:
        refuse_unread(wanted)
    scopes = {
        JVM_OPTIONS: JVM,
        **dict.fromkeys((_JSON_PARSER, _RETENTION, _FINAL_RESULTS, _STORE), PROGRAM),
        **dict.fromkeys(GROUP_SETTINGS, GROUP),
    }
    for scope in (SCOPE, JVM, PROGRAM, GROUP):
        mine = [each for each in wanted if scopes.get(each.name, SCOPE) == scope]
        chosen = overridden(chosen, scope, mine)
    return marked(chosen, _RECOVERY)


def json_parser(chosen: Sequence[Setting]) -> JsonParser:
    """What reads and writes JSON. Raises UsageError for a name that there is not."""
    return _one_of(chosen, _JSON_PARSER, JsonParser.FLAT, "JSON parser")


def retention(chosen: Sequence[Setting]) -> Retention:
    """How long the window store keeps a window. Raises UsageError for a name that there is not."""
    return _one_of(chosen, _RETENTION, Retention.SHIPPED, "retention")


def final_results(chosen: Sequence[Setting]) -> FinalResults:
    """What holds back results until windows close. Raises UsageError for a name that there is not."""
    return _one_of(chosen, _FINAL_RESULTS, FinalResults.SUPPRESS, "final results by")


def store(chosen: Sequence[Setting]) -> Store:
    """Where open windows are kept. Raises UsageError for a name that there is not."""
    return _one_of(chosen, _STORE, Store.ROCKSDB, "store")


def on_disk(variant: Variant) -> bool:
    """Whether a variant's windows are in RocksDB, which takes jars of its own."""
    return (_STORE, Store.ROCKSDB.value) in [
        (each.name, each.value) for each in asked(variant, VARIANTS) if each.name == _STORE
    ][-1:]


_Choice = TypeVar("_Choice", JsonParser, Retention, FinalResults, Store)


def _one_of(chosen: Sequence[Setting], setting: str, example: _Choice, what: str) -> _Choice:
    """The member that a setting names; `example` is one for the hint, and tells the kind."""
    (name,) = (each.value for each in chosen if each.name == setting)
    known = [member.value for member in type(example)]
    if name not in known:
        raise UsageError(
            f"Kafka Streams has no {what} '{name}'{did_you_mean(name, known)}",
            hint=f"streambench run --set {SCOPE}:{setting}={example.value}",
        )
    return type(example)(name)


@functools.cache
def known_names(version: str) -> frozenset[str]:
    """Every name that a version defines: its own, its clients' with and without their prefixes."""
    kinds = names_by_kind("kafka-streams", version)
    clients = {
        "consumer": _CONSUMERS,
        "producer": ("producer.",),
        "admin": ("admin.",),
        "topic": ("topic.",),
    }
    prefixed = (
        f"{prefix}{name}"
        for kind, every in clients.items()
        for prefix in every
        for name in kinds[kind]
    )
    bare = kinds["consumer"] | kinds["producer"] | kinds["admin"]
    return kinds["streams"] | kinds["internal"] | bare | {JVM_OPTIONS, *prefixed}


def commit_interval_ms(chosen: Sequence[Setting]) -> int:
    """The commit interval that is in force, whoever chose it. Raises UsageError for no number."""
    return whole_number(chosen, SCOPE, "commit.interval.ms")


def emit_interval_ms(chosen: Sequence[Setting]) -> int:
    """How long final results are held back, at most, by the wall clock. Raises UsageError for no number."""
    return whole_number(chosen, SCOPE, _EMIT_INTERVAL)


def transaction_timeout_ms(chosen: Sequence[Setting]) -> int:
    """The same for the transaction time-out; KeyError where there are no transactions."""
    return whole_number(chosen, SCOPE, _TRANSACTION_TIMEOUT)


def properties(chosen: Sequence[Setting], conditions: Conditions) -> str:
    """The text of the job's properties file; broker and application id are still symbols."""
    access = access_options(conditions, "properties")
    lines = [
        "application.id = ${job_id}",
        "bootstrap.servers = ${broker}",
        *(f"{name} = {value}" for name, value in access.items()),
        *(f"{s.name} = {_escaped(s.value)}" for s in chosen if s.scope == SCOPE),
    ]
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
