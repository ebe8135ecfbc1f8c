"""A workload's input with every default filled in: how long, how many, in which chunks, under which name."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

from streambench.load import replay as replayed
from streambench.load.columns import Chunk
from streambench.load.keys import key_names
from streambench.load.looked_up import with_lookups
from streambench.load.looped import loop, own_rates, rates_of
from streambench.load.synthetic import generate, pace_of
from streambench.model.lookup import LookedUp
from streambench.model.shape import peak_per_s
from streambench.model.workload import Field, Looped, Replay, Synthetic, Workload
from streambench.workload.source import Survey, survey

FORMAT: Final = 2
"""Version of a trace's files and of every byte in them; part of its name in the cache.

2: the times of a replayed file are cut off to milliseconds, and are UTC where they name no zone.
"""

CHUNK_RECORDS: Final = 1 << 16
# A chunk's batches are sorted by 16-bit slots.
_CHUNK_SLOTS: Final = 1 << 16
_KEPT_RECORDS: Final = 200_000


@dataclass(frozen=True)
class SyntheticLoad:
    """Generated load, at the rate that will be played."""

    synthetic: Synthetic
    duration_ms: int
    quanta: int
    records: int


@dataclass(frozen=True)
class ReplayLoad:
    """A file's selected part; `records` is an upper bound where the duration cuts it short."""

    replay: Replay
    found: Survey
    content: str  # the file's SHA-256
    duration_ms: int
    quanta: int
    records: int
    origin_ms: int


@dataclass(frozen=True)
class LoopedLoad:
    """A file played again and again at a rate; how many `records` come is known only in the mean."""

    replay: Replay
    looped: Looped
    found: Survey
    content: str  # the file's SHA-256
    duration_ms: int
    quanta: int
    records: int
    origin_ms: int


Load = SyntheticLoad | ReplayLoad | LoopedLoad


def resolve(workload: Workload, *, duration_ms: int | None, rate_per_s: int | None) -> Load:
    """Fill in what the caller left open; a replayed file is scanned once.

    `duration_ms` may be None for a replay alone, which then plays to its end.
    """
    match workload.input:
        case Synthetic() as synthetic:
            if duration_ms is None:
                raise ValueError("generated load has no end of its own")
            if rate_per_s is not None:
                synthetic = dataclasses.replace(synthetic, rate_per_s=rate_per_s, shape=None)
            return SyntheticLoad(
                synthetic,
                duration_ms=duration_ms,
                quanta=-(-duration_ms // workload.quantum_ms),
                records=pace_of(synthetic, duration_ms).before(duration_ms),
            )
        case Replay(looped=Looped() as looped) as replay:
            if duration_ms is None:
                raise ValueError("a file that is played again and again has no end of its own")
            if rate_per_s is not None:
                looped = dataclasses.replace(looped, rate_per_s=rate_per_s, shape=None)
            found = survey(replay, workload.fields, workload.query.group_by)
            rates = rates_of(looped, duration_ms, workload.quantum_ms)
            return LoopedLoad(
                replay,
                looped,
                found,
                _content(replay),
                duration_ms=duration_ms,
                quanta=len(rates),
                records=math.ceil(float(rates.sum()) * workload.quantum_ms / 1_000),
                origin_ms=replayed.origin_of(found, workload.query.window),
            )
        case Replay() as replay:
            found = survey(replay, workload.fields, workload.query.group_by)
            quanta = replayed.natural_quanta(replay, found, workload.quantum_ms)
            if duration_ms is not None:
                quanta = min(quanta, -(-duration_ms // workload.quantum_ms))
            return ReplayLoad(
                replay,
                found,
                _content(replay),
                duration_ms=quanta * workload.quantum_ms,
                quanta=quanta,
                records=found.rows,
                origin_ms=replayed.origin_of(found, workload.query.window),
            )
        case _:
            assert_never(workload.input)


def _content(replay: Replay) -> str:
    with replay.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _field(field: Field) -> list[object]:
    if isinstance(field.source, LookedUp):
        return [field.name, field.type.value, field.source.lookup.content, field.source.at]
    decisive: list[object] = [field.name, field.type.value, repr(field.source)]
    return [*decisive, field.null_share] if field.nullable else decisive


def content_key(workload: Workload, load: Load, *, seed: int, partitions: int) -> str:
    """Return a hash of all that decides a byte of the trace, and of nothing else."""
    match load:
        case SyntheticLoad(synthetic=synthetic):
            declared: dict[str, object] = {**dataclasses.asdict(synthetic), "seed": seed}
            if synthetic.tail is None:
                del declared["tail"]  # traces that are there stay known
        case ReplayLoad():
            declared = _of_file(workload, load)
        case LoopedLoad(looped=looped):
            looped_words = dataclasses.asdict(looped) | {
                "shape": repr(looped.shape),
                "even_over": "stretches",
            }
            declared = {**_of_file(workload, load), "looped": looped_words, "seed": seed}
        case _:
            assert_never(load)
    decisive = {
        "format": FORMAT,
        "fields": [_field(field) for field in workload.fields],
        "key": _key_names(workload),
        "input": declared,
        "quantum_ms": workload.quantum_ms,
        "duration_ms": load.duration_ms,
        "partitions": partitions,
    }
    if workload.dirt:
        decisive["dirt"] = repr(workload.dirt)
    text = json.dumps(decisive, sort_keys=True, default=_value)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _kept(read: Callable[[], Iterator[Chunk]]) -> Callable[[], Sequence[Chunk]]:
    """The same, of a small file, which is read once for all of its passes."""
    chunks_of_file = list(read())
    return lambda: chunks_of_file


def _of_file(workload: Workload, load: ReplayLoad | LoopedLoad) -> dict[str, object]:
    declared = dataclasses.asdict(load.replay)
    del declared["path"], declared["origin"], declared["may_be_late"], declared["looped"]
    declared["columns"] = [repr(field.in_file) for field in workload.sent]
    return declared | {"content": load.content, "origin_ms": load.origin_ms}


def _value(member: object) -> object:
    assert isinstance(member, enum.Enum), member
    return member.value


def _key_names(workload: Workload) -> str | list[str] | None:
    """One field is written as it was when there could be but one: traces that are there stay known."""
    names = key_names(workload)
    if names is None:
        return None
    return names[0] if len(names) == 1 else list(names)


def _peak_per_s(synthetic: Synthetic) -> int:
    return synthetic.rate_per_s if synthetic.shape is None else peak_per_s(synthetic.shape)


def chunks(
    workload: Workload,
    load: Load,
    *,
    seed: int,
    partitions: int,
    chunk_records: int = CHUNK_RECORDS,
) -> Iterator[Chunk]:
    """Return the records in chunks of about `chunk_records`, whole quanta each.

    The chunks' size decides the memory that is taken, and not one byte of the result.
    """
    match load:
        case SyntheticLoad(synthetic=synthetic):
            per_quantum = max(1, _peak_per_s(synthetic) * workload.quantum_ms // 1_000)
            quanta = min(chunk_records // per_quantum, _CHUNK_SLOTS // partitions)
            drawn = generate(
                workload.sent,
                synthetic,
                seed=seed,
                duration_ms=load.duration_ms,
                quantum_ms=workload.quantum_ms,
                chunk_quanta=max(1, quanta),
            )
            return with_lookups(drawn, workload) if workload.lookups else drawn
        case ReplayLoad(replay=replay):
            return replayed.read(
                workload.fields,
                replay,
                load.found,
                origin_ms=load.origin_ms,
                quantum_ms=workload.quantum_ms,
                quanta=load.quanta,
                chunk_records=chunk_records,
            )
        case LoopedLoad(replay=replay, looped=looped):
            rates = rates_of(looped, load.duration_ms, workload.quantum_ms)
            pass_quanta = looped.pass_ms / (replay.speed_up * workload.quantum_ms)
            read = partial(
                replayed.read,
                workload.fields,
                replay,
                load.found,
                origin_ms=load.origin_ms,
                quantum_ms=workload.quantum_ms,
                quanta=load.quanta,
            )
            quanta = min(len(rates), math.ceil(pass_quanta))
            own = own_rates(
                partial(read, chunk_records=chunk_records),
                looped,
                quanta=quanta,
                stretch_quanta=math.ceil(workload.stretch_ms / workload.quantum_ms),
                quantum_ms=workload.quantum_ms,
            )
            least = float(own[own > 0].min(initial=looped.own_per_s))
            copies = max(1, math.ceil(float(rates.max()) / least))
            copied = partial(read, chunk_records=max(1, chunk_records // copies))
            return loop(
                _kept(copied) if load.found.rows <= _KEPT_RECORDS else copied,
                looped,
                workload.fields,
                rates=(rates, own),
                pass_quanta=pass_quanta,
                seed=seed,
            )
        case _:
            assert_never(load)
