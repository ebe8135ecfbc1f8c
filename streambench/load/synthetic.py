"""Generated load: constant rate, fields drawn each from its own stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

import numpy as np

from streambench.load.columns import Chunk
from streambench.load.draw import ChoiceColumn, IntegerColumn, Stream
from streambench.model.workload import Choice, Field, IntRange, Synthetic


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

    Event i happens at i / rate, and its event time lies up to the disorder before that.
    """
    rate_per_s, disorder_us = synthetic.rate_per_s, synthetic.disorder_ms * 1_000
    columns = [_column(field, seed) for field in fields]
    delays = Stream(seed, "")  # no field has this name
    first = 0
    quanta = -(-duration_ms // quantum_ms)
    for quantum in range(0, quanta, chunk_quanta):
        end_ms = min((quantum + chunk_quanta) * quantum_ms, duration_ms)
        end = events_before(end_ms, rate_per_s)
        event = np.arange(first, end, dtype=np.int64)
        count, first = len(event), end
        if count == 0:
            continue
        nominal_us = event * 1_000_000 // rate_per_s
        delay_us = delays.below(disorder_us, count) if disorder_us else 0
        yield Chunk(
            # From the index, not from the rounded microseconds: the quantum's edge must be exact.
            quantum=event * 1_000 // (rate_per_s * quantum_ms),
            event_ms=(nominal_us - delay_us) // 1_000,
            fields=tuple(column.next(count) for column in columns),
        )


def events_before(end_ms: int, rate_per_s: int) -> int:
    """Return how many events i have i / `rate_per_s` before `end_ms`."""
    return -(-end_ms * rate_per_s // 1_000)


def _column(field: Field, seed: int) -> ChoiceColumn | IntegerColumn:
    stream = Stream(seed, field.name)
    match field.source:
        case Choice() as choice:
            return ChoiceColumn(choice, stream)
        case IntRange() as range_:
            return IntegerColumn(range_, stream)
        case None:
            raise ValueError(f"field {field.name} of generated load has no source")
        case _:
            assert_never(field.source)
