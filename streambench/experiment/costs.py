"""What an engine's trial cost: processor time, memory, bytes and pauses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streambench.model.plan import Role
from streambench.model.trial import RoleUsage, Span, WithoutEngine
from streambench.trial.evidence import Evidence

ENGINE_ROLES = (Role.WORKER, Role.COORDINATOR, Role.SUBMITTER)
OWN_ROLES = (Role.PLAYER, Role.READER, Role.TOOL)


def costs(
    evidence: Evidence,
    measured_part: Span,
    *,
    offered_in_span: int,
    records: int,
    whole: bool,
) -> Mapping[str, float | None]:
    """The figures of cost by name of metric.

    With `whole`, processor time is that of the whole load of `records`, else that of the measured part, in
    which `offered_in_span` came (docs/method.md, cost).
    """
    engine = _of(evidence.usage, *ENGINE_ROLES)
    grown_bytes = evidence.topic_bytes
    # A broker of others works for others, too, where it can be seen at all: it is unknown, and never 0.
    broker_is_ours = grown_bytes is not None

    def per_million(*roles: Role) -> float | None:
        if whole:
            return _of_whole_load(evidence, records, *roles)
        return _cpu_s(_of(evidence.usage, *roles)) / (offered_in_span / 1e6)

    # Of a cluster that runs already only the part is seen that gives jobs to it.
    seen = evidence.engine_seen
    engine_s = per_million(*ENGINE_ROLES) if seen else None
    broker_s = per_million(Role.BROKER) if broker_is_ours else None
    return {
        **with_broker_alone(engine_s, broker_s, evidence.without_engine),
        "engine_memory_peak_bytes": sum(usage.memory_peak_bytes for usage in engine)
        if seen
        else None,
        "engine_memory_mean_bytes": sum(usage.memory_mean_bytes for usage in engine)
        if seen
        else None,
        "broker_bytes_per_event": None if grown_bytes is None else grown_bytes / records,
        "checkpoint_bytes_per_event": None
        if evidence.readings.checkpoint_bytes is None
        else evidence.readings.checkpoint_bytes / evidence.records_since_asked,
        "engine_idle_cores": _cores(_of(evidence.usage_at_rest, *ENGINE_ROLES))
        if evidence.usage_at_rest and seen
        else None,
        "gc_pause_ms": _gc_pause_ms(evidence, measured_part),
        "tool_cores": _cores(_of(evidence.usage, *OWN_ROLES)),
    }


def with_broker_alone(
    engine_s: float | None, broker_s: float | None, alone: WithoutEngine | None
) -> Mapping[str, float | None]:
    """Processor time per million of engine and broker, and what of the broker's the load alone took."""
    alone_s = None if alone is None else alone.broker_cpu_s / (alone.records / 1e6)
    return {
        "engine_cpu_s_per_million": engine_s,
        "broker_cpu_s_per_million": broker_s,
        "broker_alone_cpu_s_per_million": alone_s,
        "engine_and_broker_cpu_s_per_million": _together(engine_s, broker_s, alone_s),
        "player_cpu_us_per_request": None if alone is None else alone.request_us,
    }


def _together(
    engine_s: float | None, broker_s: float | None, alone_s: float | None
) -> float | None:
    """The engine, and of the broker what it made it do; None where the broker alone took no less."""
    if engine_s is None or broker_s is None or alone_s is None or alone_s >= broker_s:
        return None
    return engine_s + broker_s - alone_s


def _of_whole_load(evidence: Evidence, records: int, *roles: Role) -> float | None:
    """From T0 until the last row; None where rows are missing or a fault took its part."""
    if not evidence.load.complete or evidence.load.struck.hits:
        return None
    return _cpu_s(_of(evidence.usage_of_load, *roles)) / (records / 1e6)


def _of(usages: Sequence[RoleUsage], *roles: Role) -> list[RoleUsage]:
    names = {role.value for role in roles}
    return [usage for usage in usages if usage.role in names]


def _cpu_s(usages: Sequence[RoleUsage]) -> float:
    return sum(usage.cpu_s for usage in usages)


def _cores(usages: Sequence[RoleUsage]) -> float:
    return sum(usage.cores_mean for usage in usages)


def _gc_pause_ms(evidence: Evidence, part: Span) -> float | None:
    pauses = evidence.readings.gc_pauses
    if pauses is None:
        return None
    start_ms = evidence.load.start_realtime_ns / 1e6
    return sum(
        pause_ms for end_ms, pause_ms in pauses if part.start_ms <= end_ms - start_ms <= part.end_ms
    )
