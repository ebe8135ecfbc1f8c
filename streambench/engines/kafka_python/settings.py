"""Which settings the Python consumer gets, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from streambench.engines.common.settings import (
    by_profile,
    defaults,
    marked,
    overridden,
    rules,
    whole_number,
)
from streambench.engines.common.variants import asked, unvouched
from streambench.engines.kafka_python.variants import VARIANTS
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Setting
from streambench.workload.names import did_you_mean

SCOPE = "kafka-python"
_PARTS = ("consumer", "producer", "worker")
_COMMIT_INTERVAL = "worker.commit_interval_ms"
_EACH_WINDOW = "worker.commit_each_window"
_POLL_TIMEOUT = "worker.poll_timeout_ms"
_ASSIGNOR = "worker.assignor"
_UNREADABLE = "worker.unreadable"
STOP, SKIP = "stop", "skip"
_TRANSACTION_TIMEOUT = "producer.transaction_timeout_ms"
# The worker has the classes of these names.
ASSIGNORS = ("cooperative-sticky", "range")
# Set by the worker itself, for every member alike or apart.
_OURS = frozenset(
    {
        *("consumer.bootstrap_servers", "consumer.group_id", "consumer.client_id"),
        *("consumer.enable_auto_commit", "consumer.partition_assignment_strategy"),
        *("producer.bootstrap_servers", "producer.client_id", "producer.transactional_id"),
    }
)
# What decides when a failure is noticed and what has to be done again.
_RECOVERY = frozenset(
    {
        "consumer.heartbeat_interval_ms",
        "consumer.reconnect_backoff_max_ms",
        "consumer.session_timeout_ms",
        "producer.reconnect_backoff_max_ms",
        _TRANSACTION_TIMEOUT,
        _ASSIGNOR,
        _EACH_WINDOW,
        _COMMIT_INTERVAL,
    }
)
# What the Java clients ship with, which the other engines use.
_JAVA_RECONNECT_BACKOFF_MAX_MS = 1_000


def settings(conditions: Conditions, variant: Variant) -> tuple[Setting, ...]:
    """Every setting of the job; the user's own come last and win.

    `consumer.NAME` and `producer.NAME` are kafka-python's own, values as JSON (a word needs no
    quotes); `worker.NAME` is the loop around them. Raises UsageError for a name that there is not.
    """
    exactly_once = conditions.guarantee is Guarantee.EXACTLY_ONCE
    fair: dict[str, Any] = {
        "consumer.auto_offset_reset": "earliest",
        "consumer.fetch_min_bytes": 1,
        "consumer.fetch_max_wait_ms": 100,
        # Without it the offsets of a dead owner's open transaction would not be waited for.
        "consumer.isolation_level": "read_committed" if exactly_once else "read_uncommitted",
        # 500, the default, costs two fifths of the throughput.
        "consumer.max_poll_records": 20_000,
        "producer.acks": "all",
        "producer.linger_ms": conditions.producer_linger_ms,
        _COMMIT_INTERVAL: conditions.commit_interval_ms,
        _EACH_WINDOW: False,
        # A takeover then takes nothing away from those that live; kafka-python ships `range`.
        _ASSIGNOR: ASSIGNORS[0],
        _POLL_TIMEOUT: 100,
        # What json.loads and a missing key do by themselves: they raise.
        _UNREADABLE: STOP,
    }
    tuned: dict[str, str | int] = {
        "consumer.session_timeout_ms": conditions.session_timeout_ms,
        "consumer.heartbeat_interval_ms": conditions.heartbeat_interval_ms,
        "consumer.reconnect_backoff_max_ms": _JAVA_RECONNECT_BACKOFF_MAX_MS,
        "producer.reconnect_backoff_max_ms": _JAVA_RECONNECT_BACKOFF_MAX_MS,
    }
    shipped: dict[str, str | int] = {
        "consumer.session_timeout_ms": 45_000,
        "consumer.heartbeat_interval_ms": 3_000,
        "consumer.reconnect_backoff_max_ms": 30_000,
        "producer.reconnect_backoff_max_ms": 30_000,
    }
    if exactly_once:
        tuned[_TRANSACTION_TIMEOUT] = conditions.transaction_timeout_ms
        shipped[_TRANSACTION_TIMEOUT] = 60_000
    kept: dict[str, Any] = {
        "consumer.check_crcs": True,
        "consumer.max_partition_fetch_bytes": 1024 * 1024,
        "producer.batch_size": 16_384,
        "producer.enable_idempotence": True,
    }
    chosen = (
        *rules(SCOPE, {name: _text(value) for name, value in fair.items()}),
        *by_profile(conditions.profile, SCOPE, tuned=tuned, shipped=shipped),
        *defaults(SCOPE, {name: _text(value) for name, value in kept.items()}),
    )
    for name in unvouched(variant):
        _check(name)
    chosen = marked(overridden(chosen, SCOPE, asked(variant, VARIANTS)), _RECOVERY)
    (assignor,) = (setting.value for setting in chosen if setting.name == _ASSIGNOR)
    if assignor not in ASSIGNORS:
        raise UsageError(
            f"the Python consumer has no assignor '{assignor}'{did_you_mean(assignor, ASSIGNORS)}",
            hint=f"streambench run --set {SCOPE}:{_ASSIGNOR}={ASSIGNORS[-1]}",
        )
    return chosen


def commit_interval_ms(chosen: Sequence[Setting]) -> int:
    """The commit interval that is in force, whoever chose it. Raises UsageError for no number."""
    return whole_number(chosen, SCOPE, _COMMIT_INTERVAL)


def transaction_timeout_ms(chosen: Sequence[Setting]) -> int:
    """The same for the transaction time-out; KeyError where there are no transactions."""
    return whole_number(chosen, SCOPE, _TRANSACTION_TIMEOUT)


def commits_each_window(chosen: Sequence[Setting]) -> bool:
    """Whether every closing window is committed at once. Raises UsageError for neither true nor false."""
    (text,) = (setting.value for setting in chosen if setting.name == _EACH_WINDOW)
    if text not in ("true", "false"):
        raise UsageError(
            f"'{_EACH_WINDOW}' is true or false, not '{text}'",
            hint=f"streambench run --set {SCOPE}:{_EACH_WINDOW}=true",
        )
    return text == "true"


def skips_unreadable(chosen: Sequence[Setting]) -> bool:
    """Whether what is no record of the workload is left out. Raises UsageError for another word."""
    (text,) = (setting.value for setting in chosen if setting.name == _UNREADABLE)
    if text not in (STOP, SKIP):
        raise UsageError(
            f"'{_UNREADABLE}' is {STOP} or {SKIP}, not '{text}'",
            hint=f"streambench run --set {SCOPE}:{_UNREADABLE}={SKIP}",
        )
    return text == SKIP


def configs(chosen: Sequence[Setting]) -> dict[str, dict[str, Any]]:
    """The settings as the worker reads them: consumer, producer, worker → name → value."""
    parts: dict[str, dict[str, Any]] = {part: {} for part in _PARTS}
    for setting in chosen:
        part, _, name = setting.name.partition(".")
        parts[part][name] = _value(setting.value)
    return parts


def _check(name: str) -> None:
    from kafka import KafkaConsumer, KafkaProducer  # slow to import, and seldom needed

    known = {
        *(f"consumer.{key}" for key in KafkaConsumer.DEFAULT_CONFIG),
        *(f"producer.{key}" for key in KafkaProducer.DEFAULT_CONFIG),
        *(_ASSIGNOR, _COMMIT_INTERVAL, _EACH_WINDOW, _POLL_TIMEOUT, _UNREADABLE),
    } - _OURS
    if name not in known:
        raise UsageError(
            f"kafka-python has no setting '{name}'{did_you_mean(name, known)}",
            hint="consumer.NAME and producer.NAME are the arguments of KafkaConsumer and KafkaProducer",
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
