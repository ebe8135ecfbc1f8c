"""A replayed file as load of any length and rate: for what plays more, or less, than the file once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from streambench.model.errors import UsageError
from streambench.model.workload import Looped, Replay, Workload
from streambench.workload.grace import grace_hint
from streambench.workload.lateness import with_lateness
from streambench.workload.paced import PacedReplay, key_of_copies, mark_of_copies
from streambench.workload.source import survey

# A file that is over sooner is followed by nothing for the rest of it.
_LEAST_PASS_QUANTA: Final = 50


def as_load(workload: Workload, rate_per_s: int | None, what: str) -> PacedReplay:
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
    # The last window of a pass ends before the next pass begins, and so does the last session.
    pass_ms = window.span_ms(window.count_over(span_ms + window.shortest_ms + 1))
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
    told = (
        f"{replay.path.name} is played again and again at {looped.rate_per_s:,} events/s (its own rate is"
        f" {own_per_s:,.1f})"
    )
    if looped.key is not None and looped.rate_per_s > own_per_s and found.groups:
        example = texts[0]
        told += f", records several times, under keys of their own ({example}, {example}{looped.mark}2, …)"
    return PacedReplay(replace(workload, input=replace(replay, looped=looped)), told)
