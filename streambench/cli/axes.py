"""How an axis of a sweep is written on the command line: NAME=VALUE,VALUE,…"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from streambench.experiment.sweep import sweep_example
from streambench.model.errors import UsageError
from streambench.model.sweep import Axis, AxisName
from streambench.model.written import DECIMAL, quoted
from streambench.workload.durations import parse_duration

MOST_AXES: Final = 2
MOST_VALUES: Final = 100
_NUMBER: Final = re.compile(rf"({DECIMAL})\s*([kKmM]?)")
_FACTOR: Final = {"": 1, "k": 1_000, "m": 1_000_000}


def rate_axis(rates: str) -> Axis:
    """`5k,10k,20k`. Raises UsageError."""
    return _axis_of(AxisName.RATE, rates)


def sweep_axes(texts: Sequence[str]) -> tuple[Axis, ...]:
    """The axes that were asked for, in their order. Raises UsageError for what is none."""
    axes = tuple(_axis(text) for text in texts)
    names = [axis.name for axis in axes]
    if not axes:
        raise UsageError(
            "a sweep needs something that is varied: NAME=LIST, NAME one of "
            f"{', '.join(name.value for name in AxisName)}",
            hint=sweep_example(AxisName.KEYS),
        )
    if len(set(names)) < len(names):
        raise UsageError(
            "the same property is varied twice; two make a grid",
            hint="streambench sweep keys=100,10k workers=1,2",
        )
    if len(axes) > MOST_AXES:
        raise UsageError(
            f"{len(axes)} properties at once make no picture; vary {MOST_AXES} at most",
            hint=f"streambench sweep {texts[0]} {texts[1]}",
        )
    return axes


def _axis(text: str) -> Axis:
    name, _, listed = text.partition("=")
    known = [axis.value for axis in AxisName]
    if name.strip() not in known:
        near = get_close_matches(name.strip(), known, n=1)
        guess = f"; did you mean '{near[0]}'?" if near else f": one of {', '.join(known)}"
        raise UsageError(
            f"'{name}' cannot be varied{guess}",
            hint=sweep_example(AxisName(near[0]) if near else AxisName.KEYS),
        )
    return _axis_of(AxisName(name.strip()), listed)


def _axis_of(axis: AxisName, listed: str) -> Axis:
    example = sweep_example(axis)
    try:
        values = [_value(axis, part) for part in listed.split(",")] if listed else []
    except ValueError as error:
        raise UsageError(f"in {quoted(listed)}, {error}", hint=example) from None
    if len(values) < 2:
        raise UsageError(f"{axis.value}={listed} has fewer than two values", hint=example)
    if len(values) > MOST_VALUES:
        raise UsageError(
            f"{axis.value} has {len(values):,} values; at most {MOST_VALUES} make a picture",
            hint=example,
        )
    if len(set(values)) < len(values):
        raise UsageError(f"'{listed}' names a value twice", hint=example)
    return Axis(axis, tuple(sorted(values)))


def _value(axis: AxisName, text: str) -> float:
    if axis is AxisName.COMMIT:
        return parse_duration(text)
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{quoted(text)} is not a number")
    return float(match[1]) * _FACTOR[match[2].lower()]
