"""What must come out of a case, by the documents alone: windows, groups, aggregates, having."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.properties.cases import Case, Event
from tests.properties.folds import Found, Timed

Place: TypeAlias = tuple[tuple[Any, ...], int, int]
"""The values of a group, and a window's start and end in ms."""


@dataclass(frozen=True)
class Meant:
    """A row; `sure`: that there is one does not hang on the last digits of doubles."""

    found: Mapping[str, Found]
    sure: bool


def meant(case: Case) -> dict[Place, Meant]:
    """The rows that are due, or may come, once all windows are over.

    Of records that may be late each partition has a clock of its own, as Kafka Streams and the consumer do.
    """
    rows = {}
    for place, records in _grouped(case).items():
        found = {fold.alias: fold.over(records) for fold in case.folds}
        held = True if case.having is None else case.having.held(found)
        if held is not False:
            rows[place] = Meant(found, held is True)
    return rows


def _grouped(case: Case) -> dict[Place, list[Timed]]:
    passing = [event for event in case.events if case.passes(event.row)]
    if case.spans.gap_ms:
        return dict(_sessions(case, passing))
    found: dict[Place, list[Timed]] = {}
    clocks_ms: dict[int, int] = {}
    for event in passing:
        clock_ms = max(event.at_ms, clocks_ms.get(event.partition, event.at_ms))
        clocks_ms[event.partition] = clock_ms
        for start_ms in case.spans.starts_ms(event.at_ms):
            end_ms = start_ms + case.spans.size_ms
            if end_ms + case.grace_ms > clock_ms:
                place = (_group(case, event), start_ms, end_ms)
                found.setdefault(place, []).append((event.at_ms, event.row))
    return found


def _group(case: Case, event: Event) -> tuple[Any, ...]:
    return tuple(event.row[key] for key in case.keys)


def _sessions(case: Case, passing: Sequence[Event]) -> Iterable[tuple[Place, list[Timed]]]:
    """Each group's events by time, cut where the next one is more than the gap away."""
    for group in dict.fromkeys(_group(case, event) for event in passing):
        if case.late:
            logged = _in_time(case, passing, group)
        else:
            mine = [(event.at_ms, event.row) for event in passing if _group(case, event) == group]
            logged = list(_cut(sorted(mine, key=lambda timed: timed[0]), case.spans.gap_ms))
        for some in logged:
            times_ms = [at_ms for at_ms, _ in some]
            yield (group, min(times_ms), max(times_ms) + case.spans.gap_ms), some


def _cut(mine: Sequence[Timed], gap_ms: int) -> Iterable[list[Timed]]:
    begin = 0
    for at in range(1, len(mine) + 1):
        if at == len(mine) or mine[at][0] - mine[at - 1][0] > gap_ms:
            yield list(mine[begin:at])
            begin = at


def _in_time(case: Case, passing: Sequence[Event], group: tuple[Any, ...]) -> list[list[Timed]]:
    """As a consumer takes them: what is near an open session joins it, and what is near none may be late."""
    gap_ms, grace_ms = case.spans.gap_ms, case.grace_ms
    found: list[list[Timed]] = []
    clocks_ms: dict[int, int] = {}
    closed: list[list[Timed]] = []
    for event in passing:
        clock_ms = clocks_ms.get(event.partition, event.at_ms)
        if _group(case, event) == group:
            over = [
                some for some in found if max(at for at, _ in some) + gap_ms + grace_ms <= clock_ms
            ]
            closed += over
            found = [some for some in found if some not in over]
            near = [
                some for some in found if any(abs(at - event.at_ms) <= gap_ms for at, _ in some)
            ]
            if near or event.at_ms + gap_ms + grace_ms > clock_ms:
                found = [some for some in found if some not in near]
                joined = [timed for some in near for timed in some]
                found.append([*joined, (event.at_ms, event.row)])
        clocks_ms[event.partition] = max(clock_ms, event.at_ms)
    return closed + found
