"""A replayed file at a rate that is not its own: each record comes several times, under keys of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from streambench.model.errors import UsageError
from streambench.model.expression import (
    And,
    Expression,
    FieldReference,
    FieldType,
    IsNull,
    Not,
    fields_of,
)
from streambench.model.workload import Copies, Replay, Workload
from streambench.workload.file.surprises import played_ms_of
from streambench.workload.file.tempo import speed_words
from streambench.workload.schema import MAX_RATE_PER_S
from streambench.workload.source import Survey, survey

MOST_RECORDS: Final = 50_000_000
"""More are not sorted in a minute."""

_SOME_RECORDS: Final = 2_000_000

_MARKS: Final = ("~", "#", "~copy", "~~copy")


@dataclass(frozen=True)
class PacedReplay:
    """The workload at the rate, and what was done for it, in words."""

    workload: Workload
    told: str


def natural_rate_per_s(replay: Replay, surveyed: Survey) -> float:
    """The mean rate of a file at its own speed."""
    return surveyed.rows * 1_000 / max(1_000.0, played_ms_of(replay, surveyed))


def natural_rate_per_s_of(workload: Workload) -> int:
    """The same, whole, at least 1; `workload` replays a file."""
    replay = workload.input
    assert isinstance(replay, Replay), "generated load has a rate of its own"
    found = survey(replay, workload.fields, workload.query.group_by)
    return max(1, round(natural_rate_per_s(replay, found)))


def at_rate(workload: Workload, rate_per_s: int) -> PacedReplay:
    """The replay at a mean rate: copies for most of it, and a little more or less speed for the rest.

    A copy of a key is another key, so its windows hold about what the key's hold. Raises UsageError where
    that is not possible.
    """
    replay, keys = workload.input, workload.query.group_by
    assert isinstance(replay, Replay), "generated load has a rate of its own"
    found = survey(replay, workload.fields, keys)
    own = natural_rate_per_s(replay, found)
    count = max(1, round(rate_per_s / own))
    place = key_of_copies(workload)
    if count > 1 and isinstance(place, str):
        raise UsageError(
            f"a rate of {rate_per_s:,} events/s does not fit {workload.name}: its own is {own:,.1f} events/s,"
            f" its records would come several times, under keys of their own, and {place}",
            hint=f"streambench run {workload.name} --rate {max(1, round(own))}",
        )
    if not 0 < rate_per_s <= MAX_RATE_PER_S or count * found.rows > MOST_RECORDS:
        fewer = max(1, min(MAX_RATE_PER_S, int(own * _SOME_RECORDS / found.rows)))
        raise UsageError(
            f"a rate of {rate_per_s:,} events/s of {replay.path.name} cannot be played: its own is"
            f" {own:,.1f} events/s, and these would be {count * found.rows:,} records",
            hint=f"streambench run {workload.name} --rate {fewer}, or a shorter part by `begin` and `end`",
        )
    speed_up = replay.speed_up * rate_per_s / (own * count)
    paced = replace(replay, speed_up=speed_up)
    told = f"{replay.path.name} at {rate_per_s:,} events/s (its own rate is {own:,.1f}): "
    if count > 1:
        assert isinstance(place, int)
        mark = mark_of_copies([str(group[place]) for group in found.groups])
        # As long as one record usually is from the next, so that the copies do not come at once.
        apart_ms = (found.last_arrival_ms - found.first_arrival_ms) / (found.rows * count)
        paced = replace(paced, copies=Copies(count, keys[place].name, mark, apart_ms))
        example = found.groups[0][place]
        told += f"each record comes {count:,} times, under keys of its own ({example}, {example}{mark}2, …), "
    told += f"at a speed_up of {speed_words(speed_up)} in place of {speed_words(replay.speed_up)}"
    return PacedReplay(replace(workload, input=paced), told)


def key_of_copies(workload: Workload) -> int | str:
    """Which field of the group tells copies of a record from it; why none does, in words."""
    keys = workload.query.group_by
    tied = {
        name for each in workload.lookups for name in (each.on, *(c.name for c in each.columns))
    }
    texts = [at for at, key in enumerate(keys) if key.type is FieldType.STRING]
    place = next((at for at in texts if keys[at].name not in tied), None)
    if place is None and texts:
        return f"these would be in no table of [query.lookup] ({keys[texts[0]].name})"
    if place is None:
        return "no field that it groups by is a string"
    asking = next((c for c in workload.query.conditions if _asks_for(keys[place], c)), None)
    if asking is None:
        return place
    what = "`where`" if asking is workload.query.where else "filter of an aggregate"
    return f"its {what} asks for keys ({keys[place].name})"


def _asks_for(key: FieldReference, condition: Expression) -> bool:
    """Whether a condition tells one key from another; whether there is one is the same of all copies."""
    match condition:
        case And(operands=operands):
            return any(_asks_for(key, operand) for operand in operands)
        case Not(operand=IsNull(operand=FieldReference(name=name))) if name == key.name:
            return False
        case _:
            return key.name in fields_of(condition)


def mark_of_copies(keys: Sequence[str]) -> str:
    """What stands between a key and its number, so that no copy is a key of the file."""
    return next(
        (mark for mark in _MARKS if not any(mark in key for key in keys)),
        "~" * (1 + max((key.count("~") for key in keys), default=0)),
    )
