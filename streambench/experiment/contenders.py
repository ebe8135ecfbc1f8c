"""Who is run: engines and variants by their names, each with its plan or the reason why it has none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from streambench.engines.common.secret_settings import refuse_secret, secret_in
from streambench.engines.common.variants import Declared
from streambench.engines.protocol import Engine
from streambench.engines.registry import CONTENDERS, contender_named, engine_named
from streambench.experiment.lacking import lacks
from streambench.experiment.request import Contender
from streambench.model.conditions import Conditions, Variant
from streambench.model.errors import UsageError
from streambench.model.fault import Fault, FaultKind
from streambench.model.plan import Plan, Unsupported
from streambench.model.workload import Workload


def chosen(
    names: Sequence[str], settings: Sequence[str], declared: Declared
) -> tuple[tuple[Engine, Variant], ...]:
    """Engines and variants by their names, all engines without any; `settings` are ENGINE:KEY=VALUE.

    An engine's settings go to all of its variants that are run. Raises UsageError.
    """
    by_engine = _by_engine(settings, declared)
    found = [contender_named(name, declared) for name in names or CONTENDERS]
    for name in by_engine:
        if not any(engine.name == name for engine, _ in found):
            others = ",".join(variant.asked for _, variant in found)
            raise UsageError(
                f"--set names {name}, which is not run",
                hint=f"streambench run --engine {others},{name}",
            )
    return tuple(
        (engine, dataclasses.replace(variant, settings=by_engine.get(engine.name, ())))
        for engine, variant in found
    )


def contender(
    engine: Engine,
    variant: Variant,
    workload: Workload,
    conditions: Conditions,
    faults: tuple[Fault, ...],
) -> Contender:
    """One with its plan; UsageError where a fault needs more partitions than there are."""
    plan = _lacking(engine, conditions, faults) or engine.plan(workload, conditions, variant)
    rescales = any(fault.kind is FaultKind.RESCALE for fault in faults)
    wider = _wider(engine, workload, conditions, variant) if rescales else None
    return Contender(engine, variant, plan, wider)


def _lacking(
    engine: Engine, conditions: Conditions, faults: tuple[Fault, ...]
) -> Unsupported | None:
    """Why this engine cannot have one of the faults."""
    gaps = (lacks(engine, conditions, fault.kind) for fault in faults)
    return next((gap for gap in gaps if gap is not None), None)


def _wider(
    engine: Engine, workload: Workload, conditions: Conditions, variant: Variant
) -> Plan | None:
    """The plan with one worker more."""
    workers = conditions.workers + 1
    if workers > workload.partitions:
        raise UsageError(
            f"a rescaling to {workers} workers needs as many partitions; {workload.name} has "
            f"{workload.partitions}",
            hint=f"streambench run --workers {workload.partitions - 1} --fault rescale@25s",
        )
    plan = engine.plan(workload, dataclasses.replace(conditions, workers=workers), variant)
    return plan if isinstance(plan, Plan) else None


def _by_engine(
    settings: Sequence[str], declared: Declared
) -> Mapping[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for text in settings:
        name, colon, assignment = text.partition(":")
        key, equals, value = assignment.partition("=")
        if not (name and colon and key and equals):
            raise UsageError(
                f"'{_without_secret(text)}' is not a setting: ENGINE:KEY=VALUE",
                hint="streambench run --set kafka-streams:num.stream.threads=2",
            )
        engine = engine_named(name)  # refuses an unknown name, with the nearest
        refuse_secret(name, key, value)
        before, colon, _ = key.partition(":")
        variants = (*engine.variants, *declared.get(name, ()))
        if colon and before in {each.name for each in variants}:
            raise UsageError(
                f"'{text}' names one variant; a setting is for all variants of {name} that are run",
                hint=f"streambench run --set {name}:{key.removeprefix(before + ':')}={value}",
            )
        found[name] = (*found.get(name, ()), (key, value))
    return found


def _without_secret(text: str) -> str:
    name, equals, value = text.partition("=")
    return text if secret_in(name, value) is None else f"{name}{equals}…"
