"""Sessions as a log builds them, record by record, where some records come after sessions have closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from streambench.model.windows import Sessions

Int64s = npt.NDArray[np.int64]

DROPPED: Final = -1
NOT_YET: Final = int(np.iinfo(np.int64).min // 2)
"""A clock that no record has moved."""


@dataclass(frozen=True)
class SessionLog:
    """Records of sessions in the order in which they are taken, one entry each.

    `group` is a number for each group, or for each part of one whose records can meet no other's.
    `clock_ms` is the event clock before the record: what closes at or before it has closed.
    """

    group: Int64s
    event_ms: Int64s
    clock_ms: Int64s


@dataclass
class _Open:
    number: int
    start_ms: int
    last_ms: int


def taken(log: SessionLog, window: Sessions, grace_ms: int, *, joins_before_test: bool) -> Int64s:
    """The session of each record, named by the place of one of its records in the log; DROPPED: in none.

    A record joins every open session of its group that is at most a gap away. One that joins none is dropped
    where its own session would have closed. Without `joins_before_test` it is dropped then in any case, as
    Spark does it.
    """
    session = np.full(len(log.group), DROPPED, dtype=np.int64)
    open_by_group: dict[int, list[_Open]] = {}
    merged_into: dict[int, int] = {}
    groups, events, clocks = log.group.tolist(), log.event_ms.tolist(), log.clock_ms.tolist()
    for place, (group, event_ms, clock_ms) in enumerate(zip(groups, events, clocks, strict=True)):
        still_open = [
            each
            for each in open_by_group.get(group, ())
            if window.closes_at(each.last_ms, grace_ms) > clock_ms
        ]
        late = window.closes_at(event_ms, grace_ms) <= clock_ms
        near = [
            each
            for each in still_open
            if each.start_ms - window.gap_ms <= event_ms <= each.last_ms + window.gap_ms
        ]
        open_by_group[group] = still_open
        if late and not (near and joins_before_test):
            continue
        if not near:
            still_open.append(_Open(place, event_ms, event_ms))
            session[place] = place
            continue
        first, *others = near
        for other in others:
            still_open.remove(other)
            merged_into[other.number] = first.number
            first.start_ms = min(first.start_ms, other.start_ms)
            first.last_ms = max(first.last_ms, other.last_ms)
        first.start_ms = min(first.start_ms, event_ms)
        first.last_ms = max(first.last_ms, event_ms)
        session[place] = first.number
    for number in merged_into:
        into = merged_into[number]
        while into in merged_into:
            into = merged_into[into]
        merged_into[number] = into
    if merged_into:
        names = np.arange(len(session))
        names[list(merged_into)] = list(merged_into.values())
        session = np.where(session == DROPPED, DROPPED, names[session])
    return session
