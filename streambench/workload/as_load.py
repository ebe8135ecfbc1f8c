"""A replayed file as load of any length and rate: for what plays more, or less, than the file once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from streambench.model.errors import UsageError
from streambench.model.shape import peak_per_s
from streambench.model.workload import Looped, Replay, Workload
from streambench.workload.file.tempo import long_words
from streambench.workload.grace import grace_hint
from streambench.workload.lateness import with_lateness
from streambench.workload.paced import key_of_copies, mark_of_copies
from streambench.workload.source import ARRIVAL_MS, opened, survey

# A file that is over sooner is followed by nothing for the rest of it.
_LEAST_PASS_QUANTA: Final = 50
# Records that are further apart come in bursts when they are copied, and that is told.
_BURSTS_APART_MS: Final = 100
_MUCH_EMPTY: Final = 0.05
_TOO_EMPTY: Final = 0.2


def as_load(workload: Workload, rate_per_s: int | None, what: str) -> Workload:
    """The workload, its file played again and again, at its own rate where None is asked for.

    Event times of a pass lie behind those of the pass before it, whole windows later. `what` needs that,
    in words. Raises UsageError where records of the file may be late: what is then dropped could not be
    told from what the rest does.
    """
    workload = with_lateness(workload)
    replay, window = workload.input, workload.query.window
    assert isinstance(replay, Replay), "generated load has a length of its own"
    if workload.late_records_possible:
        raise UsageError(
            f"{what} does not fit {workload.name}: some of its records may be late, and which of them an"
            " engine drops hangs on how they are played",
            hint=grace_hint(workload),
        )
    found = survey(replay, workload.fields, workload.query.group_by)
    span_ms = max(
        found.last_event_ms - found.first_event_ms,
        found.last_arrival_ms - found.first_arrival_ms,
        int(_LEAST_PASS_QUANTA * workload.quantum_ms * replay.speed_up),
    )
    # The last window of a pass ends before the next pass begins, and so does the last session. And a pass
    # has its quanta for itself: what comes in one quantum comes in any order.
    apart_ms = max(window.shortest_ms, math.ceil(workload.quantum_ms * replay.speed_up))
    pass_ms = window.span_ms(window.count_over(span_ms + apart_ms + 1))
    own_per_s = found.rows * 1_000 * replay.speed_up / pass_ms
    place = key_of_copies(workload)
    texts = [] if isinstance(place, str) else [str(group[place]) for group in found.groups]
    looped = Looped(
        rate_per_s=rate_per_s or max(1, round(own_per_s)),
        own_per_s=own_per_s,
        pass_ms=pass_ms,
        key=None if isinstance(place, str) else workload.query.group_by[place].name,
        mark=mark_of_copies(texts),
    )
    return replace(workload, input=replace(replay, looped=looped))


def as_load_words(
    workload: Workload, rate_per_s: int | None = None, *, chosen: bool = False
) -> str:
    """What is done with the file of such a workload: at `rate_per_s`, or at its own where that is None.

    `chosen`: its rates are chosen later.
    """
    replay = workload.input
    assert isinstance(replay, Replay)
    looped = replay.looped
    assert looped is not None, "a file that is played once is played as it is"
    if rate_per_s is not None:
        looped = replace(looped, rate_per_s=rate_per_s, shape=None)
    own = f"its own rate is {_rate_words(looped.own_per_s)} events/s"
    told = f"{replay.path.name} is played again and again"
    most_per_s = looped.rate_per_s if looped.shape is None else peak_per_s(looped.shape)
    if chosen:
        told += f", at each rate that is tried ({own})"
    elif looped.as_it_lies:
        return f"{told} at its own rate, {_rate_words(looped.own_per_s)} events/s"
    elif looped.shape is not None:
        told += f", at a rate that changes ({own})"
    else:
        told += f" at {most_per_s:,} events/s ({own})"
    if (empty := _empty_share(workload, looped)) > _MUCH_EMPTY:
        told += f"; for {100 * empty:.0f} % of the time the file has nothing, and engines rest"
    if looped.key is None:
        return told
    found = survey(replay, workload.fields, workload.query.group_by)
    if found.groups:
        place = [key.name for key in workload.query.group_by].index(looped.key)
        example = found.groups[0][place]
        told += f", records as often as that takes, copies under keys of their own ({example}, {example}{looped.mark}2, …)"
    apart_ms = 1_000 / looped.own_per_s
    if apart_ms < _BURSTS_APART_MS:
        return told
    bursts = "" if chosen else f"about {math.ceil(most_per_s / looped.own_per_s):,} "
    return f"{told}; {bursts}copies of a record come at once, about every {long_words(apart_ms)}"


def at_its_own_rate(workload: Workload) -> str:
    """The command that measures a file which can be played no faster."""
    looped = workload.input.looped if isinstance(workload.input, Replay) else None
    rate = "" if looped is None else f" --rate {looped.own_rounded_per_s} --duration 1m"
    return f"streambench run {workload.name}{rate}"


def refuse_rests(workload: Workload, what: str) -> None:
    """Raise UsageError where a file has nothing for much of the time: engines would rest meanwhile."""
    replay = workload.input
    if not isinstance(replay, Replay) or replay.looped is None:
        return
    own = replay.looped.own_rounded_per_s
    if (empty := _empty_share(workload, replay.looped)) > _TOO_EMPTY:
        raise UsageError(
            f"{what} does not fit {workload.name}: for {100 * empty:.0f} % of the time its file has nothing, so"
            " engines would bear a rate with rests",
            hint=f"streambench curve {workload.name} --rates {own},{2 * own}, or a part without"
            " gaps by `begin` and `end` in workload.toml",
        )


def _empty_share(workload: Workload, looped: Looped) -> float:
    """In how much of the time of a pass no record comes, by stretches over which a rate is a mean."""
    replay = workload.input
    assert isinstance(replay, Replay)
    found = survey(replay, workload.fields, workload.query.group_by)
    stretch_ms = workload.stretch_ms * replay.speed_up
    with opened(replay, workload.fields) as connection:
        (filled,) = connection.execute(
            f'SELECT count(DISTINCT floor(("{ARRIVAL_MS}" - {found.first_arrival_ms}) / {stretch_ms!r}))'
            " FROM source"
        ).fetchone()
    return max(0.0, 1 - int(filled) / math.ceil(looped.pass_ms / stretch_ms))


def _rate_words(per_s: float) -> str:
    return f"{per_s:,.1f}" if per_s >= 1 else f"{per_s:.2g}"
