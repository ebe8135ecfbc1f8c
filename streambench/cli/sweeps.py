"""How a sweep is written on the command line: NAME=VALUE,VALUE,…"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from streambench.model.errors import UsageError
from streambench.model.sweep import Axis, AxisName
from streambench.workload.durations import parse_duration

MOST_AXES: Final = 2
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmM]?)")
_FACTOR: Final = {"": 1, "k": 1_000, "m": 1_000_000}
_EXAMPLE: Final = "streambench run --sweep keys=100,10k,1M"
_EXAMPLES: Final = {
    AxisName.RATE: "streambench run --rates 20k,80k",
    AxisName.COMMIT: "streambench run --guarantee exactly-once --sweep commit=100ms,300ms,970ms",
}


def sweep_axes(
    rates: str | None, sweeps: Sequence[str], rate_per_s: int | None
) -> tuple[Axis, ...]:
    """The axes that were asked for, in their order; `rates` is short for a sweep of the rate.

    Raises UsageError for what is no axis, no list of numbers, or contradicts `--rate`.
    """
    texts = [*([] if rates is None else [f"{AxisName.RATE.value}={rates}"]), *sweeps]
    axes = tuple(_axis(text) for text in texts)
    names = [axis.name for axis in axes]
    if len(set(names)) < len(names):
        raise UsageError("the same property is varied twice", hint=_EXAMPLE)
    if len(axes) > MOST_AXES:
        raise UsageError(
            f"{len(axes)} properties at once make no picture; vary {MOST_AXES} at most",
            hint=_EXAMPLE,
        )
    if rate_per_s is not None and AxisName.RATE in names:
        raise UsageError("--rate fixes what --rates varies", hint="leave out one of them")
    return axes


def _axis(text: str) -> Axis:
    name, equals, listed = text.partition("=")
    known = [axis.value for axis in AxisName]
    if name.strip() not in known:
        near = get_close_matches(name.strip(), known, n=1)
        guess = f"; did you mean '{near[0]}'?" if near else ""
        raise UsageError(
            f"'{name}' cannot be varied{guess}", hint=f"one of: {', '.join(known)}; e.g. {_EXAMPLE}"
        )
    axis = AxisName(name.strip())
    read = _milliseconds if axis is AxisName.COMMIT else _number
    values = [read(part, text) for part in listed.split(",")] if equals else []
    example = _EXAMPLES.get(axis, _EXAMPLE)
    if len(values) < 2:
        raise UsageError(f"'{listed or text}' is fewer than two values", hint=example)
    if len(set(values)) < len(values):
        raise UsageError(f"'{text}' names a value twice", hint=example)
    return Axis(axis, tuple(sorted(values)))


def _milliseconds(text: str, whole: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"in '{whole}', {error}", hint=_EXAMPLES[AxisName.COMMIT]) from None


def _number(text: str, whole: str) -> float:
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"'{text}' in '{whole}' is not a number", hint=_EXAMPLE)
    return float(match[1]) * _FACTOR[match[2].lower()]
