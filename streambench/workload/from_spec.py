"""What the schema let through, as what it means: field by field, without regard to the rest."""

from __future__ import annotations

from typing import assert_never

from streambench.model.dirt import Dirt, DirtShare
from streambench.model.expression import DecimalType, FieldType, ValueType
from streambench.model.field_source import (
    Choice,
    Coin,
    DecimalRange,
    DoubleRange,
    FieldSource,
    Growing,
    InstantRange,
    IntRange,
    MagnitudeRange,
)
from streambench.model.lookup import LookedUp
from streambench.model.shape import Bursts, Ramp, Shape, Sine, Steps
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import FileColumn, Tail, TimeColumn
from streambench.workload.field_schema import FileField, GeneratedField, value_type
from streambench.workload.schema import DirtSpec, ShapeSpec, TimeColumnSpec, TimeSpec, WindowSpec


def field_source(name: str, declared: GeneratedField) -> FieldSource:
    """What generates a field, which is called so."""
    if declared.int_ is not None:
        return MagnitudeRange(*declared.int_) if declared.by_magnitude else IntRange(*declared.int_)
    if declared.growing is not None:
        return Growing(**dict(declared.growing))
    if declared.decimal is not None:
        return DecimalRange(*declared.units, declared.digits_behind)
    if declared.double is not None:
        return DoubleRange(*declared.double)
    if declared.timestamp is not None:
        return InstantRange(*declared.seconds)
    if declared.bool_ is not None:
        return Coin(declared.bool_)
    assert declared.choice is not None, "the schema asks for one of them"
    if isinstance(declared.choice, int):
        prefix = name if declared.prefix is None else declared.prefix
        values = tuple(f"{prefix}{number}" for number in range(declared.choice))
    else:
        values = declared.choice
    return Choice(values, declared.skew or 0.0)


def source_type(source: FieldSource) -> ValueType:
    """The type of what is generated so."""
    match source:
        case Choice():
            return FieldType.STRING
        case IntRange() | Growing():
            return FieldType.BIGINT
        case DoubleRange():
            return FieldType.DOUBLE
        case Coin():
            return FieldType.BOOLEAN
        case InstantRange():
            return FieldType.TIMESTAMP
        case DecimalRange(low=low, high=high, scale=scale):
            digits = max(len(str(abs(bound))) for bound in (low, high))
            return DecimalType(max(digits, scale), scale)
        case LookedUp():
            raise ValueError("a table says the types of its columns")
        case _:
            assert_never(source)


def load_shape(spec: ShapeSpec) -> Shape:
    """The course of a rate."""
    if spec.ramp is not None:
        return Ramp(*spec.ramp)
    if spec.steps is not None:
        return Steps(spec.steps)
    if spec.sine is not None:
        return Sine(spec.sine.mean, spec.sine.swing, spec.sine.period)
    assert spec.bursts is not None, "the schema asks for one of them"
    bursts = spec.bursts
    return Bursts(bursts.base, bursts.peak, bursts.every, bursts.lasts)


def tail_of(spec: TimeSpec) -> Tail | None:
    """What comes far behind its event time."""
    if spec.tail is None:
        return None
    return Tail(spec.tail.share, spec.disorder, spec.tail.to, spec.tail.pareto)


def file_column(name: str, declared: FileField) -> FileColumn:
    """Where a field of this name is found in a file, and how it is written there."""
    column = declared.column or name
    instants = None
    if value_type(declared.type) is FieldType.TIMESTAMP:
        instants = TimeColumn(column, declared.format, declared.unit, declared.zone)
    return FileColumn(column, declared.times or 1, instants)


def time_column(spec: TimeColumnSpec) -> TimeColumn:
    """A column of instants."""
    return TimeColumn(spec.column, spec.format, spec.unit, spec.zone)


def query_window(spec: WindowSpec) -> Window:
    """The windows of a query."""
    if spec.session is not None:
        return Sessions(spec.session)
    size_ms, every_ms = spec.hopping, spec.every
    if size_ms is None or every_ms is None:
        assert spec.tumbling is not None, "the schema asks for one of them"
        size_ms = every_ms = spec.tumbling
    # An offset of a whole advance moves nothing.
    offset_ms = spec.offset % every_ms
    if every_ms == size_ms:
        return Tumbling(size_ms, offset_ms)
    return Hopping(size_ms, every_ms, offset_ms)


def dirt_of(spec: DirtSpec | None) -> Dirt | None:
    """What `[input.dirt]` asks for; None: nothing."""
    if spec is None:
        return None
    shares = tuple(DirtShare(kind, share) for kind, share in spec.shares.items())
    return Dirt(shares=shares, each_ms=spec.each) or None
