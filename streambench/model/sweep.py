"""A sweep: which property of a run is varied, and over which values."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


class AxisName(enum.Enum):
    """What can be varied; everything else stays as it is."""

    RATE = "rate"  # events/s
    KEYS = "keys"  # distinct values of the field that is grouped by
    SKEW = "skew"  # their Zipf exponent
    WIDTH = "width"  # bytes of padding in each record
    PARTITIONS = "partitions"
    WORKERS = "workers"
    COMMIT = "commit"  # ms between two commits


AXIS_LABELS = {
    AxisName.RATE: "events per second",
    AxisName.KEYS: "distinct keys",
    AxisName.SKEW: "skew of the keys (Zipf exponent)",
    AxisName.WIDTH: "bytes of padding per record",
    AxisName.PARTITIONS: "partitions",
    AxisName.WORKERS: "workers of each engine",
    AxisName.COMMIT: "commit interval in ms",
}
_UNITS = {AxisName.COMMIT: " ms"}


@dataclass(frozen=True)
class Axis:
    """One property and its values, rising."""

    name: AxisName
    values: tuple[float, ...]


Point: TypeAlias = tuple[tuple[AxisName, float], ...]
"""One place of the grid: a value for each axis, in the axes' order; () where nothing is varied."""


def grid(axes: Sequence[Axis]) -> tuple[Point, ...]:
    """All points, the last axis fastest; one empty point without axes."""
    each = [[(axis.name, value) for value in axis.values] for axis in axes]
    return tuple(itertools.product(*each))


def point_words(point: Point) -> str:
    """`rate 20,000 · workers 2`; empty for the empty point."""
    return " · ".join(f"{name.value} {value_words(name, value)}" for name, value in point)


def value_words(name: AxisName, value: float) -> str:
    """`20,000` or `970 ms`."""
    return f"{value:,.10g}{_UNITS.get(name, '')}"
