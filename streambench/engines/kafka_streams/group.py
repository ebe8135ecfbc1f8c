"""Who leads the group of instances: its own members, or the broker (`group.protocol=streams`, KIP-1071).

Under the broker's lead the broker has the settings of the group, and Kafka Streams does not read its own
of the same meaning (Kafka 4.2, "Streams Rebalance Protocol", ignored configurations).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from streambench.engines.common.settings import by_profile, defaults
from streambench.engines.common.variants import Asked
from streambench.engines.kafka_streams.variants import STREAMS_VARIANT
from streambench.model.conditions import Conditions
from streambench.model.errors import UsageError
from streambench.model.plan import Setting
from streambench.model.written import quoted, read_whole

GROUP = "group"
"""The scope of settings that the broker keeps for the group of a job."""

PROTOCOL = "group.protocol"
STREAMS_PROTOCOL = "streams"
SESSION_TIMEOUT = "streams.session.timeout.ms"
HEARTBEAT_INTERVAL = "streams.heartbeat.interval.ms"
_STANDBY = "streams.num.standby.replicas"
_ASSIGNMENT_INTERVAL = "streams.assignment.interval.ms"

# What the broker of a run accepts: kafka/broker_config.py lowers the least ones.
_BOUNDS: Mapping[str, tuple[int, int]] = {
    SESSION_TIMEOUT: (1_000, 60_000),
    HEARTBEAT_INTERVAL: (300, 15_000),
    _STANDBY: (0, 2),
    _ASSIGNMENT_INTERVAL: (0, 15_000),
}
GROUP_SETTINGS = frozenset(_BOUNDS)

# What nobody reads under the broker's lead, and what stands in its place.
_UNREAD: Mapping[str, str | None] = {
    "session.timeout.ms": SESSION_TIMEOUT,
    "heartbeat.interval.ms": HEARTBEAT_INTERVAL,
    "num.standby.replicas": _STANDBY,
    "acceptable.recovery.lag": None,
    "max.warmup.replicas": None,
    "probing.rebalance.interval.ms": None,
    "rack.aware.assignment.non_overlap_cost": None,
    "rack.aware.assignment.strategy": None,
    "rack.aware.assignment.tags": None,
    "rack.aware.assignment.traffic_cost": None,
    "task.assignor.class": None,
}


def led_by_the_broker(wanted: Iterable[Asked]) -> bool:
    """Whether the last word on the protocol is `streams`."""
    last = {each.name: each.value for each in wanted}.get(PROTOCOL, "")
    return last.strip().lower() == STREAMS_PROTOCOL


def client_timeouts(conditions: Conditions) -> Mapping[str, str | int]:
    """How soon a death is noticed where the clients say so, under equal terms."""
    return {
        "consumer.session.timeout.ms": conditions.session_timeout_ms,
        "consumer.heartbeat.interval.ms": conditions.heartbeat_interval_ms,
    }


CLIENT_TIMEOUTS_SHIPPED: Mapping[str, str | int] = {
    "consumer.session.timeout.ms": 45_000,
    "consumer.heartbeat.interval.ms": 3_000,
}
CLIENT_ASSIGNMENT: Mapping[str, str | int] = {
    "acceptable.recovery.lag": 10_000,
    "num.standby.replicas": 0,
    # A new instance takes over a task with much state only at such a rebalance.
    "max.warmup.replicas": 2,
    "probing.rebalance.interval.ms": 600_000,
}
"""What decides who takes over, where the clients do."""


def broker_terms(conditions: Conditions) -> tuple[Setting, ...]:
    """The same where the broker leads the group: it is told the equal terms for this group alone."""
    return (
        *by_profile(
            conditions.profile,
            GROUP,
            tuned={
                SESSION_TIMEOUT: conditions.session_timeout_ms,
                HEARTBEAT_INTERVAL: conditions.heartbeat_interval_ms,
            },
            shipped={SESSION_TIMEOUT: 45_000, HEARTBEAT_INTERVAL: 5_000},
        ),
        # It assigns tasks anew no more often than once in this time.
        *defaults(GROUP, {_ASSIGNMENT_INTERVAL: 1_000, _STANDBY: 0}),
    )


def refuse_unread(wanted: Iterable[Asked]) -> None:
    """Raise UsageError for a setting that nobody reads under the broker's lead, or that it would refuse."""
    for each in wanted:
        bare = each.name.removeprefix("main.").removeprefix("consumer.")
        if bare in _UNREAD:
            instead = _UNREAD[bare]
            raise UsageError(
                f"Kafka Streams does not read '{each.name}' under {PROTOCOL}={STREAMS_PROTOCOL}"
                + (f"; the broker reads '{instead}'" if instead else ""),
                hint=f"streambench explain --engine kafka-streams:{STREAMS_VARIANT}",
            )
        if each.name in _BOUNDS:
            _check(each)


def _check(asked: Asked) -> None:
    least, most = _BOUNDS[asked.name]
    value = read_whole(asked.value)
    if value is None or not least <= value <= most:
        raise UsageError(
            f"'{asked.name}' is a whole number from {least} to {most}, not {quoted(asked.value)}",
            hint=f"streambench run --set kafka-streams:{asked.name}={max(least, 1)}",
        )
