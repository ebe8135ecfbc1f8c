"""When each row is to be written, and what is to be wrong with it: pure, without Kafka or clocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Script:
    """What the engine is to do; with these defaults it does everything right and at once.

    Every N-th row is lost, doubled or altered (0: none); the three count apart. An altered row has
    `alter_by` added to all its aggregates. The outage begins `outage_start_ms` after the first row
    was due; what is due meanwhile comes afterwards, no faster than `rows_per_s` (0: at once).
    """

    delay_ms: int = 0
    lose_every: int = 0
    double_every: int = 0
    alter_every: int = 0
    alter_by: int = 1
    outage_start_ms: int = 0
    outage_ms: int = 0
    rows_per_s: int = 0


class Row(NamedTuple):
    """One row of output, before it is encoded."""

    partition: int
    key: str
    window_start_ms: int
    totals: list[int]


class Stage:
    """Holds rows back until the script lets them go. All instants are in ms, of one clock."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._waiting: deque[tuple[float, Row]] = deque()
        self._first_due_ms: float | None = None
        self._free_ms = 0.0
        self._count = 0
        self.lost = self.doubled = self.altered = 0

    def add(self, rows: Iterable[Row], now_ms: float) -> None:
        """Rows of windows that closed at `now_ms`."""
        script = self._script
        due_ms = now_ms + script.delay_ms
        for row in rows:
            if self._first_due_ms is None:
                self._first_due_ms = due_ms
            self._count += 1
            if self._each(script.lose_every):
                self.lost += 1
                continue
            if self._each(script.alter_every):
                self.altered += 1
                row = row._replace(totals=[total + script.alter_by for total in row.totals])
            self._waiting.append((due_ms, row))
            if self._each(script.double_every):
                self.doubled += 1
                self._waiting.append((due_ms, row))

    def take(self, now_ms: float) -> list[Row]:
        """The rows that are to be written by `now_ms`, in order."""
        rows = []
        while self._waiting and self._release_ms(self._waiting[0][0]) <= now_ms:
            due_ms, row = self._waiting.popleft()
            if self._script.rows_per_s:
                self._free_ms = self._release_ms(due_ms) + 1000 / self._script.rows_per_s
            rows.append(row)
        return rows

    def next_ms(self) -> float | None:
        """When the next row is to be written; None when none waits."""
        return self._release_ms(self._waiting[0][0]) if self._waiting else None

    def _each(self, number: int) -> bool:
        return number > 0 and self._count % number == 0

    def _release_ms(self, due_ms: float) -> float:
        assert self._first_due_ms is not None
        release_ms = max(due_ms, self._free_ms)
        begin_ms = self._first_due_ms + self._script.outage_start_ms
        end_ms = begin_ms + self._script.outage_ms
        return end_ms if begin_ms <= release_ms < end_ms else release_ms
