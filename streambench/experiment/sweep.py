"""What a point of a sweep changes in a workload and its terms."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final

from streambench.model.conditions import MOST_WORKERS, Conditions, Profile
from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.field_source import Choice, FieldSource, Growing, IntRange
from streambench.model.sweep import AxisName, Point
from streambench.model.workload import Field, Replay, Workload
from streambench.workload.field_schema import MAX_CHOICES, MAX_SKEW
from streambench.workload.schema import MAX_PARTITIONS, MAX_RATE_PER_S

PADDING: Final = "padding"
_VALUES: Final = {
    AxisName.RATE: "5k,10k,20k",
    AxisName.KEYS: "100,10k,1M",
    AxisName.SKEW: "0,0.5,1",
    AxisName.WIDTH: "0,100,1k",
    AxisName.PARTITIONS: "2,4,8",
    AxisName.WORKERS: "1,2,4",
    AxisName.COMMIT: "100ms,300ms,970ms",
}
# What can be declared, and of what is declared nowhere as much as a machine bears.
_RANGES: Final = {
    AxisName.RATE: (1, MAX_RATE_PER_S),
    AxisName.KEYS: (1, MAX_CHOICES),
    AxisName.WIDTH: (0, 100_000),
    AxisName.PARTITIONS: (1, MAX_PARTITIONS),
    AxisName.WORKERS: (1, MOST_WORKERS),
    AxisName.COMMIT: (1, 3_600_000),
}

# A file's records come at any rate (workload.paced), and into any number of partitions.
_OF_ANY_LOAD: Final = (AxisName.RATE, AxisName.PARTITIONS)


@dataclass(frozen=True)
class Terms:
    """What is run: a workload, the engines' terms and the rate (None: the workload's own).

    `told` is what was done to the workload, in words.
    """

    workload: Workload
    conditions: Conditions
    rate_per_s: int | None
    told: tuple[str, ...] = ()


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
    if isinstance(terms.workload.input, Replay) and name not in _OF_ANY_LOAD:
        raise UsageError(
            f"{name.value} cannot be varied for {terms.workload.name}: a replayed file has its own "
            "records",
            hint=f"streambench sweep {terms.workload.name} workers=1,2",
        )
    if name is AxisName.RATE:
        return dataclasses.replace(terms, rate_per_s=_whole(name, value))
    return dataclasses.replace(terms, workload=_changed(name, value, terms.workload))


def _committing(value: float, conditions: Conditions) -> Conditions:
    interval_ms = _whole(AxisName.COMMIT, value)
    if conditions.profile is Profile.DEFAULTS:
        raise UsageError(
            "a sweep of commit does not fit --profile defaults: each engine keeps the commit interval "
            "that it ships with",
            hint="streambench sweep commit=100ms,300ms,970ms",
        )
    return dataclasses.replace(conditions, commit_interval_ms=interval_ms)


def _changed(name: AxisName, value: float, workload: Workload) -> Workload:
    if name is AxisName.PARTITIONS:
        return dataclasses.replace(workload, partitions=_whole(name, value))
    if name is AxisName.WIDTH:
        return _padded(workload, _whole(name, value))
    if len(workload.query.group_by) > 1:
        raise UsageError(
            f"a sweep of {name.value} varies the one field by which a query groups; {workload.name} has "
            "several",
            hint=f"streambench sweep clicks {name.value}={_VALUES[name]}",
        )
    key = workload.query.group_by[0].name
    chosen: FieldSource
    match name, workload.field(key).source:
        case AxisName.SKEW, Choice() as source:
            if not 0 <= value <= MAX_SKEW:
                raise _beyond(name, value, f"numbers from 0 to {MAX_SKEW}")
            chosen = dataclasses.replace(source, skew=value)
        case AxisName.KEYS, Choice(values=values, skew=skew):
            stem = values[0].rstrip("0123456789") or key
            chosen = Choice(tuple(f"{stem}{i}" for i in range(_whole(name, value))), skew)
        case AxisName.KEYS, IntRange(low=low) as source:
            chosen = dataclasses.replace(source, high=low + _whole(name, value) - 1)
        case AxisName.KEYS, Growing() as source:
            chosen = dataclasses.replace(source, among=_whole(name, value))
        case _:
            raise UsageError(
                f"a sweep of {name.value} needs generated keys; {workload.name} has none",
                hint=f"streambench sweep clicks {name.value}={_VALUES[name]}, or declare {key} as a "
                f"choice in {workload.folder / 'workload.toml'}",
            )
    fields = tuple(
        dataclasses.replace(field, source=chosen) if field.name == key else field
        for field in workload.fields
    )
    return dataclasses.replace(workload, fields=fields)


def _padded(workload: Workload, width_bytes: int) -> Workload:
    """Every record gets a text of so many bytes, which every engine has to read past."""
    if any(field.name == PADDING for field in workload.fields):
        raise UsageError(
            f"a sweep of width adds a field '{PADDING}', and {workload.name} has one",
            hint=f"streambench validate {workload.name}, after you renamed it in "
            f"{workload.folder / 'workload.toml'}",
        )
    field = Field(PADDING, FieldType.STRING, Choice(("x" * width_bytes,), 0.0))
    return dataclasses.replace(workload, fields=(*workload.fields, field))


def _whole(name: AxisName, value: float) -> int:
    least, most = _RANGES[name]
    if value != int(value) or not least <= value <= most:
        raise _beyond(name, value, f"whole numbers from {least:,} to {most:,}")
    return int(value)


def _beyond(name: AxisName, value: float, what: str) -> UsageError:
    return UsageError(
        f"{value:,.10g} is no value for {name.value}: {what}", hint=sweep_example(name)
    )


def sweep_example(name: AxisName) -> str:
    """A command that varies this property."""
    if name is AxisName.RATE:
        return f"streambench curve --rates {_VALUES[name]}"
    return f"streambench sweep {name.value}={_VALUES[name]}"


def doubled(first_per_s: int, most_per_s: int) -> tuple[float, ...]:
    """A rate and its doubles, and at last `most_per_s`."""
    rates = [float(first_per_s)]
    while 2 * rates[-1] < most_per_s:
        rates.append(2 * rates[-1])
    if rates[-1] < most_per_s:
        rates.append(float(most_per_s))
    return tuple(rates)
