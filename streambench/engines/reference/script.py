"""When each row is to be written, and what is to be wrong with it: pure, without Kafka or clocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from streambench.engines.reference.damage import Damager, OutputRow
from streambench.engines.reference.stalls import Stall, parsed_stalls
from streambench.model.windows import Tumbling, Window

__all__ = ["OutputRow", "Script", "Stage"]


@dataclass(frozen=True)
class Script:
    """What the engine is to do; with these defaults it does everything right and at once.

    Every N-th row is lost, written twice, raised or lowered by one in all its aggregates, written under
    the window before its own, or followed by one outside the load (0: none). The outage begins
    `outage_start_ms` after the first row was due; `stalls` count from each end of a pause of the process
    (`parsed_stalls`). What is due meanwhile comes afterwards, no faster than `rows_per_s` (0: at once).
    With `records_per_s` a row is due when so many records a second would have been worked off.

    The delay counts from when the record that closed the window was read. With `quantum_ms`, which is
    the load's, it counts from when that record was due by the wall clock, and nothing on its way adds
    to it: the end of the quantum that begins with the window's end and grace. With `by_wall_clock`
    (1) the window is then closed by the wall clock, too, and no record has to be read first.
    """

    delay_ms: int = 0
    quantum_ms: int = 0
    by_wall_clock: int = 0
    lose_every: int = 0
    double_every: int = 0
    raise_every: int = 0
    lower_every: int = 0
    move_every: int = 0
    invent_every: int = 0
    outage_start_ms: int = 0
    outage_ms: int = 0
    stalls: str = ""
    rows_per_s: int = 0
    records_per_s: int = 0

    @property
    def damage(self) -> dict[str, int]:
        """By kind, the N of "every N-th row"."""
        return {kind: getattr(self, f"{kind}_every") for kind in Damager.KINDS}


_LEAST_WINDOW: Final = Tumbling(1)


@dataclass(frozen=True)
class _Silence:
    """[begin_ms, end_ms) of the stage's clock; `partition` None: all."""

    partition: int | None
    begin_ms: float
    end_ms: float


class Stage:
    """Holds rows back until the script lets them go. All instants are in ms, of one clock."""

    def __init__(
        self, script: Script, *, window: Window = _LEAST_WINDOW, grace_ms: int = 0
    ) -> None:
        self._script = script
        self._closes_after_ms = window.horizon_ms(grace_ms) + script.quantum_ms
        self._stalls = deque(parsed_stalls(script.stalls))
        self._silences: list[_Silence] = []
        self._waiting: dict[int, deque[tuple[float, OutputRow]]] = {}
        self._began = False
        self._worked_off_ms = 0.0
        self._free_ms = 0.0
        self._damager = Damager(script.damage, window)
        self.done = self._damager.done

    def read(self, records: int, now_ms: float, arrived_ms: float) -> float:
        """When records that were read at `now_ms`, and were there from `arrived_ms` on, are worked off.

        The rate is the script's alone: what holds up the reading takes nothing from it.
        """
        if not self._script.records_per_s:
            return now_ms
        begin_ms = max(self._worked_off_ms, min(now_ms, arrived_ms))
        self._worked_off_ms = begin_ms + records * 1000 / self._script.records_per_s
        return self._worked_off_ms

    def hit(self, now_ms: float) -> None:
        """A pause of the process is over: the stalls of this hit count from now on."""
        stalls: tuple[Stall, ...] = self._stalls.popleft() if self._stalls else ()
        for stall in stalls:
            begin_ms = now_ms + stall.begin_ms
            self._be_silent(stall.partition, begin_ms, stall.length_ms)

    def add(self, rows: Iterable[OutputRow], now_ms: float, realtime_ahead_ms: float = 0.0) -> None:
        """Rows of windows that closed at `now_ms`, when the wall clock was so far ahead of this one."""
        script = self._script
        for row in rows:
            due_ms = now_ms + script.delay_ms
            if script.quantum_ms:
                closing_ms = row.window_start_ms + self._closes_after_ms - realtime_ahead_ms
                due_ms = max(now_ms, closing_ms + script.delay_ms)
            if not self._began:
                self._began = True
                self._be_silent(None, due_ms + script.outage_start_ms, script.outage_ms)
            for written in self._damager.written(row):
                self._waiting.setdefault(row.partition, deque()).append((due_ms, written))

    def take(self, now_ms: float) -> list[OutputRow]:
        """The rows that are to be written by `now_ms`, in order; of a partition always in its own."""
        rows = []
        while (first := self._first()) is not None and first[0] <= now_ms:
            release_ms, partition = first
            if self._script.rows_per_s:
                self._free_ms = release_ms + 1000 / self._script.rows_per_s
            rows.append(self._waiting[partition].popleft()[1])
        return rows

    def next_ms(self) -> float | None:
        """When the next row is to be written; None when none waits."""
        first = self._first()
        return None if first is None else first[0]

    def _be_silent(self, partition: int | None, begin_ms: float, length_ms: int) -> None:
        silences = [*self._silences, _Silence(partition, begin_ms, begin_ms + length_ms)]
        self._silences = sorted(silences, key=lambda silence: silence.begin_ms)

    def _first(self) -> tuple[float, int] | None:
        """When and where the next row leaves: the one that may go first, of these the one due first."""
        heads = [
            (self._release_ms(queue[0][0], partition), queue[0][0], partition)
            for partition, queue in self._waiting.items()
            if queue
        ]
        if not heads:
            return None
        release_ms, _, partition = min(heads)
        return release_ms, partition

    def _release_ms(self, due_ms: float, partition: int) -> float:
        release_ms = max(due_ms, self._free_ms)
        for silence in self._silences:  # from the first to the last, as one may lead into the next
            concerns = silence.partition in (None, partition)
            if concerns and silence.begin_ms <= release_ms < silence.end_ms:
                release_ms = silence.end_ms
        return release_ms
