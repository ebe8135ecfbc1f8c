"""From options to a checked request: bad input is refused here, before anything starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from streambench.engines.registry import CONTENDERS, engine_named
from streambench.experiment.request import (
    DEFAULT_MEASURED_S,
    DEFAULT_WARM_UP_S,
    QUICK_MEASURED_S,
    QUICK_WARM_UP_S,
    Contender,
    Request,
)
from streambench.model.conditions import Conditions, Variant
from streambench.model.errors import UsageError
from streambench.model.workload import Replay, Workload
from streambench.trial.schedule import duration_ms, spans
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from streambench.workload.validate import check


def make_request(
    *,
    workload: str,
    engines: Sequence[str],
    settings: Sequence[str],
    conditions: Conditions,
    rate_per_s: int | None,
    measured_s: float | None,
    warm_up_s: float | None,
    quick: bool,
    repeats: int,
    seed: int,
    out: Path,
    command: str,
) -> Request:
    """Resolve every name and plan every engine; raises UsageError for what cannot be carried out."""
    parsed = load_workload(find(workload))
    conditions = dataclasses.replace(conditions, partitions=parsed.partitions)
    if conditions.workers > parsed.partitions:
        raise UsageError(
            f"{conditions.workers} workers cannot share {parsed.partitions} partitions: "
            "some would have nothing to do",
            hint=f"streambench run {workload} --workers {parsed.partitions}",
        )
    _refuse_for_replay(parsed, rate_per_s=rate_per_s, measured_s=measured_s)
    warm_up = warm_up_s or (QUICK_WARM_UP_S if quick else DEFAULT_WARM_UP_S)
    measured = measured_s or (QUICK_MEASURED_S if quick else DEFAULT_MEASURED_S)
    total_ms = None
    if not isinstance(parsed.input, Replay):
        total_ms = duration_ms(
            spans(parsed, warm_up_ms=round(warm_up * 1000), measured_ms=round(measured * 1000))
        )
    check(parsed, rate_per_s=rate_per_s, duration_ms=total_ms, partitions=parsed.partitions)
    by_engine = _settings(settings)
    contenders = []
    for name in engines or CONTENDERS:
        engine = engine_named(name)
        variant = Variant(name, engine.version, by_engine.pop(name, ()))
        contenders.append(Contender(engine, variant, engine.plan(parsed, conditions, variant)))
    if by_engine:
        raise UsageError(
            f"--set names {next(iter(by_engine))}, which is not run",
            hint=f"add --engine {next(iter(by_engine))}",
        )
    return Request(
        workload=parsed,
        workload_text=(parsed.folder / "workload.toml").read_text(),
        contenders=tuple(contenders),
        conditions=conditions,
        rate_per_s=rate_per_s,
        warm_up_s=warm_up,
        measured_s=measured,
        quick=quick,
        repeats=repeats,
        seed=seed,
        out=out,
        command=command,
    )


def _refuse_for_replay(
    workload: Workload, *, rate_per_s: int | None, measured_s: float | None
) -> None:
    if not isinstance(workload.input, Replay):
        return
    for option, value in (("--rate", rate_per_s), ("--duration", measured_s)):
        if value is not None:
            raise UsageError(
                f"{option} does not fit {workload.name}: a replayed file has its own arrivals",
                hint=f"edit speed_up, begin and end in {workload.folder / 'workload.toml'}",
            )


def _settings(texts: Sequence[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for text in texts:
        name, colon, assignment = text.partition(":")
        key, equals, value = assignment.partition("=")
        if not (name and colon and key and equals):
            raise UsageError(
                f"'{text}' is not a setting",
                hint="write --set ENGINE:KEY=VALUE, e.g. --set kafka-streams:num.stream.threads=2",
            )
        engine_named(name)  # refuses an unknown name, with the nearest
        found[name] = (*found.get(name, ()), (key, value))
    return found
