"""Generated load: events at their pace, fields drawn each from its own stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from streambench.load.columns import Chunk
from streambench.load.delays import Delays
from streambench.load.draw import (
    AnyColumn,
    ChoiceColumn,
    DecimalColumn,
    DoubleColumn,
    FlagColumn,
    GrowingColumn,
    InstantColumn,
    IntegerColumn,
    MagnitudeColumn,
    NullableColumn,
    Stream,
)
from streambench.load.pace import Constant, LoadPace, Shaped
from streambench.model.expression import DecimalType
from streambench.model.field_source import (
    Choice,
    Coin,
    DecimalRange,
    DoubleRange,
    Growing,
    InstantRange,
    IntRange,
    MagnitudeRange,
)
from streambench.model.lookup import LookedUp
from streambench.model.workload import Field, Synthetic


def generate(
    fields: tuple[Field, ...],
    synthetic: Synthetic,
    *,
    seed: int,
    duration_ms: int,
    quantum_ms: int,
    chunk_quanta: int,
) -> Iterator[Chunk]:
    """Yield the load in chunks of `chunk_quanta` quanta; the chunk's size never alters a record.

    An event's time lies up to the disorder before the instant at which it happens, in the tail farther.
    """
    pace = pace_of(synthetic, duration_ms)
    columns = [_nullable(field, seed) for field in fields]
    delays = Delays(synthetic, seed)
    first = 0
    quanta = -(-duration_ms // quantum_ms)
    for quantum in range(0, quanta, chunk_quanta):
        start_ms = quantum * quantum_ms
        end = pace.before(min(start_ms + chunk_quanta * quantum_ms, duration_ms))
        count = end - first
        if count == 0:
            continue
        nominal_us, due = pace.instants(first, count, start_ms, quantum_ms)
        first = end
        yield Chunk(
            quantum=due,
            event_ms=(nominal_us - delays.next_us(nominal_us)) // 1_000,
            fields=tuple(column.next(count) for column in columns),
        )


def pace_of(synthetic: Synthetic, duration_ms: int) -> LoadPace:
    """When the events of a load come; a shape is stretched over all of it, or repeated."""
    if synthetic.shape is None:
        return Constant(synthetic.rate_per_s)
    return Shaped(synthetic.shape, duration_ms)


def _nullable(field: Field, seed: int) -> AnyColumn | NullableColumn:
    column = _column(field, seed)
    if not field.nullable:
        return column
    # No field has such a name: its values are those that it would have without.
    return NullableColumn(column, field.null_share, Stream(seed, f"null:{field.name}"))


def _column(field: Field, seed: int) -> AnyColumn:
    stream = Stream(seed, field.name)
    match field.source:
        case Choice() as choice:
            return ChoiceColumn(choice, stream)
        case MagnitudeRange() as range_:
            return MagnitudeColumn(range_, stream)
        case IntRange() as range_:
            return IntegerColumn(range_, stream)
        case Growing() as growing:
            return GrowingColumn(growing, stream, Stream(seed, f"hot:{field.name}"))
        case DecimalRange() as decimals:
            assert isinstance(field.type, DecimalType), "it is a decimal"
            return DecimalColumn(decimals, field.type, stream)
        case DoubleRange() as doubles:
            return DoubleColumn(doubles, stream)
        case InstantRange() as instants:
            return InstantColumn(instants, stream)
        case Coin() as coin:
            return FlagColumn(coin, stream)
        case LookedUp() | None:
            raise ValueError(f"field {field.name} is not generated")
        case _:
            assert_never(field.source)
