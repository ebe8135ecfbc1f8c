"""How the shape of a load is written on the command line."""

from __future__ import annotations

from typing import Final

import typer

from streambench.cli.parameters import duration_s, rate
from streambench.model.errors import UsageError
from streambench.model.shape import Bursts, Ramp, Shape, Sine, Steps, problem_with

_HINT: Final = (
    "streambench run --shape sine:20k:15k:60s, or ramp:5k:40k, steps:5k:10k:20k, bursts:10k:60k:10s:1s; "
    "a sine has mean, swing and period, bursts have base, peak, every and lasts"
)


def load_shape(text: str) -> Shape:
    """`ramp:5k:40k` and the like. Raises UsageError."""
    kind, *parts = text.strip().split(":")
    try:
        shape = _shape(kind, parts)
    except typer.BadParameter as error:
        raise UsageError(f"'{text}': {error.message}", hint=_HINT) from error
    if shape is None:
        raise UsageError(f"'{text}' is no shape of a load", hint=_HINT)
    if (problem := problem_with(shape)) is not None:
        raise UsageError(f"'{text}': {problem}", hint=_HINT)
    return shape


def _shape(kind: str, parts: list[str]) -> Shape | None:
    match kind, parts:
        case "ramp", [first, last]:
            return Ramp(rate(first), rate(last))
        case "steps", [_, _, *_]:
            return Steps(tuple(rate(part) for part in parts))
        case "sine", [mean, swing, period]:
            return Sine(rate(mean), rate(swing), round(duration_s(period) * 1000))
        case "bursts", [base, peak, every, lasts]:
            return Bursts(
                rate(base),
                rate(peak),
                round(duration_s(every) * 1000),
                round(duration_s(lasts) * 1000),
            )
        case _:
            return None
