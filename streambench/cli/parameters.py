"""How numbers with units are written on the command line."""

from __future__ import annotations

import re

import typer

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmM]?)")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?")
_FACTOR = {"": 1, "k": 1_000, "m": 1_000_000}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def rate(text: str) -> int:
    """Events per second: `20000`, `20k`, `1.5M`."""
    match = _RATE.fullmatch(text.strip())
    value = float(match[1]) * _FACTOR[match[2].lower()] if match else 0.0
    if value < 1 or value != int(value):
        raise typer.BadParameter(
            f"'{text}' is not a rate; write whole events per second, such as 20000 or 20k"
        )
    return int(value)


def duration_s(text: str) -> float:
    """A duration in seconds: `90`, `90s`, `2m`, `500ms`."""
    match = _DURATION.fullmatch(text.strip())
    value = float(match[1]) * _SECONDS[match[2] or "s"] if match else 0.0
    if value <= 0:
        raise typer.BadParameter(f"'{text}' is not a duration; write it as 90s, 2m or 500ms")
    return value


def names(values: list[str]) -> tuple[str, ...]:
    """Option values that may also be separated by commas, in their order, once each."""
    split = (part.strip() for value in values for part in value.split(","))
    return tuple(dict.fromkeys(part for part in split if part))
