"""What a point of a sweep changes in a workload and its terms."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from streambench.model.conditions import Conditions, Profile
from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.sweep import AxisName, Point
from streambench.model.workload import Choice, Field, Replay, Workload

PADDING = "padding"


@dataclass(frozen=True)
class Terms:
    """What is run: a workload, the engines' terms and the rate (None: the workload's own)."""

    workload: Workload
    conditions: Conditions
    rate_per_s: int | None


def at(point: Point, terms: Terms) -> Terms:
    """The terms at a point. Raises UsageError for what this workload does not have."""
    for name, value in point:
        terms = _with(name, value, terms)
    return terms


def _with(name: AxisName, value: float, terms: Terms) -> Terms:
    if name is AxisName.WORKERS:
        conditions = dataclasses.replace(terms.conditions, workers=_whole(name, value))
        return dataclasses.replace(terms, conditions=conditions)
    if name is AxisName.COMMIT:
        return dataclasses.replace(terms, conditions=_committing(value, terms.conditions))
    if isinstance(terms.workload.input, Replay):
        raise UsageError(
            f"--sweep {name.value} does not fit {terms.workload.name}: a replayed file has its own "
            "records",
            hint=f"streambench run {terms.workload.name} --sweep workers=1,2",
        )
    if name is AxisName.RATE:
        return dataclasses.replace(terms, rate_per_s=_whole(name, value))
    return dataclasses.replace(terms, workload=_changed(name, value, terms.workload))


def _committing(value: float, conditions: Conditions) -> Conditions:
    interval_ms = _whole(AxisName.COMMIT, value)
    if conditions.profile is Profile.DEFAULTS:
        raise UsageError(
            "--sweep commit does not fit --profile defaults: each engine keeps the commit interval that "
            "it ships with",
            hint="leave out --profile defaults",
        )
    return dataclasses.replace(conditions, commit_interval_ms=interval_ms)


def _changed(name: AxisName, value: float, workload: Workload) -> Workload:
    if name is AxisName.PARTITIONS:
        return dataclasses.replace(workload, partitions=_whole(name, value))
    if name is AxisName.WIDTH:
        return _padded(workload, _whole(name, value, least=0))
    key = workload.query.group_by
    source = workload.field(key).source
    if not isinstance(source, Choice):
        raise UsageError(
            f"--sweep {name.value} needs generated keys; {workload.name} has none",
            hint=f"declare {key} as a choice in {workload.folder / 'workload.toml'}",
        )
    if name is AxisName.SKEW:
        chosen = dataclasses.replace(source, skew=value)
    else:
        stem = source.values[0].rstrip("0123456789") or key
        chosen = Choice(tuple(f"{stem}{i}" for i in range(_whole(name, value))), source.skew)
    fields = tuple(
        dataclasses.replace(field, source=chosen) if field.name == key else field
        for field in workload.fields
    )
    return dataclasses.replace(workload, fields=fields)


def _padded(workload: Workload, width_bytes: int) -> Workload:
    """Every record gets a text of so many bytes, which every engine has to read past."""
    if any(field.name == PADDING for field in workload.fields):
        raise UsageError(
            f"--sweep width adds a field '{PADDING}', and {workload.name} has one",
            hint=f"rename it in {workload.folder / 'workload.toml'}",
        )
    field = Field(PADDING, FieldType.STRING, Choice(("x" * width_bytes,), 0.0))
    return dataclasses.replace(workload, fields=(*workload.fields, field))


def _whole(name: AxisName, value: float, least: int = 1) -> int:
    if value != int(value) or value < least:
        unit = "s" if name is AxisName.COMMIT else ""
        raise UsageError(
            f"{value:g} is no value for --sweep {name.value}: whole numbers from {least}",
            hint=f"streambench run --sweep {name.value}={max(1, least)}{unit},{4 * max(1, least)}{unit}",
        )
    return int(value)
