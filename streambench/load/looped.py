"""A file as load of any length and rate: pass after pass, each record copied or left out by chance."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from streambench.load.columns import Chunk, ChunkField, Integers, Nullable, Strings, StringTable
from streambench.load.draw import Stream
from streambench.load.pace import rates_per_s
from streambench.model.workload import Field, Looped

Rates: TypeAlias = npt.NDArray[np.float64]


def rates_of(looped: Looped, duration_ms: int, quantum_ms: int) -> Rates:
    """The rate of each quantum of a load of this length, in records/s."""
    quanta = -(-duration_ms // quantum_ms)
    if looped.as_it_lies:
        return np.full(quanta, looped.own_per_s)
    if looped.shape is None:
        return np.full(quanta, float(looped.rate_per_s))
    edges = np.minimum(np.arange(quanta + 1) * quantum_ms, duration_ms)
    summed = np.r_[0, np.cumsum(rates_per_s(looped.shape, duration_ms))]
    rates: Rates = np.diff(summed[edges]) / np.diff(edges)
    return rates


def own_rates(
    passes: Callable[[], Iterable[Chunk]],
    looped: Looped,
    *,
    quanta: int,
    stretch_quanta: int,
    quantum_ms: int,
) -> Rates:
    """The file's own rate in records/s in each quantum of a pass, as a mean over stretches of it.

    A rate that is asked for holds in every stretch then, however sparse the file is here and dense there:
    an engine is to be measured at this rate, and not at its mean. In a stretch without records the rate is
    0, and nothing comes. At its own rate, and without keys for copies, a file stays as it lies.
    """
    if looped.as_it_lies or looped.key is None:
        return np.full(quanta, looped.own_per_s)
    stretches = -(-quanta // stretch_quanta)
    due = np.zeros(stretches, dtype=np.int64)
    for chunk in passes():
        quantum = chunk.quantum[: int(np.searchsorted(chunk.quantum, quanta))]
        np.add.at(due, quantum // stretch_quanta, 1)
    # The last stretch may be a part of one.
    lengths = np.minimum(stretch_quanta, quanta - stretch_quanta * np.arange(stretches))
    per_s: Rates = np.repeat(1_000 / quantum_ms * due / lengths, lengths)
    return per_s


def _beginnings(pass_quanta: float, quanta: int) -> Iterator[int]:
    """The first quantum of each pass of a load so long."""
    for number in itertools.count():
        begins = int(np.ceil(number * pass_quanta))
        if begins >= quanta:
            return
        yield begins


def loop(
    passes: Callable[[], Iterable[Chunk]],
    looped: Looped,
    fields: tuple[Field, ...],
    *,
    rates: tuple[Rates, Rates],
    pass_quanta: float,
    seed: int,
) -> Iterator[Chunk]:
    """Yield the records of a load, whole quanta each.

    `rates` are those of each quantum: of the load, which is as long, and the file's own in a pass.

    `passes` reads the file from its beginning. A pass takes `pass_quanta`; it begins with a whole
    quantum, so that none of its records comes later behind another than it does in the file.
    """
    key = None if looped.key is None else [field.name for field in fields].index(looped.key)
    asked, own = rates
    for number, begins in enumerate(_beginnings(pass_quanta, len(asked))):
        drawn = Stream(seed, f"pass:{number}")
        for chunk in passes():
            quantum = chunk.quantum + begins
            if quantum[0] >= len(asked):
                break
            kept = int(np.searchsorted(quantum, len(asked)))
            wanted = asked[quantum[:kept]] / own[chunk.quantum[:kept]]
            times = _times(wanted if key is not None else np.minimum(wanted, 1.0), drawn)
            if times.any():
                yield _copied(chunk, times, quantum, number * looped.pass_ms, (looped, key))


def _times(wanted: Rates, drawn: Stream) -> Integers:
    """How often each record comes: in the mean just so often as it is wanted."""
    whole = np.floor(wanted)
    more = drawn.fractions(len(wanted)) < wanted - whole
    return (whole + more).astype(np.int64)


def _copied(
    chunk: Chunk, times: Integers, quantum: Integers, later_ms: int, of: tuple[Looped, int | None]
) -> Chunk:
    looped, key = of
    record = np.repeat(np.arange(len(times)), times)
    copy = np.arange(len(record)) - np.repeat(np.cumsum(times) - times, times)
    fields = [field.take(record) for field in chunk.fields]
    if key is not None and copy.any():
        fields[key] = _keyed(fields[key], copy, looped.mark)
    return Chunk(quantum[record], chunk.event_ms[record] + later_ms, tuple(fields))


def _keyed(field: ChunkField, copy: Integers, mark: str) -> ChunkField:
    """Keys of which each copy has its own; a record without one stays without."""
    if isinstance(field, Nullable):
        return Nullable(_marked(field.values, copy, mark), field.missing)
    return _marked(field, copy, mark)


def _marked(keys: object, copy: Integers, mark: str) -> Strings:
    assert isinstance(keys, Strings), "only texts can be marked"
    own = keys.table.values
    pairs, codes = np.unique(copy * len(own) + keys.codes, return_inverse=True)
    values = [
        own[pair % len(own)] + (f"{mark}{pair // len(own) + 1}" if pair >= len(own) else "")
        for pair in pairs.tolist()
    ]
    return Strings(StringTable(values), codes)
