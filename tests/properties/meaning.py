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
        mine = sorted(
            ((event.at_ms, event.row) for event in passing if _group(case, event) == group),
            key=lambda timed: timed[0],
        )
        begin = 0
        for at in range(1, len(mine) + 1):
            if at == len(mine) or mine[at][0] - mine[at - 1][0] > case.spans.gap_ms:
                some = mine[begin:at]
                yield (group, some[0][0], some[-1][0] + case.spans.gap_ms), some
                begin = at
