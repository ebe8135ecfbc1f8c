"""What a running job says and does behind each dirty record, and whether one of them stopped it for good."""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow.compute as pc

from streambench.engines.protocol import Job, State, TellsLeftOut
from streambench.load.trace import Trace
from streambench.model.plan import Role
from streambench.runtime.supervisor import Death, Supervisor

# A look is this often; what is said up to this long before a record is not of it.
_BEFORE_MS: Final = 600.0
# By so much a row may be seen later than it came, or come later than it would without the record.
_SEEN_LATE_MS: Final = 1_200.0
_SAID_AT_MOST: Final = 40
_READ_AT_MOST: Final = 1 << 20
_TOLD: Final = re.compile(r"\b(?:WARN|WARNING|ERROR|FATAL|Traceback)\b|\w+(?:Exception|Error)\b")
# kafka-python's own, of a machine that is busy.
_NOT_MEANT: Final = re.compile(r"kafka\.net\.selector")
_CHANGING: Final = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d+")
_ENGINE_ROLES: Final = (Role.WORKER, Role.COORDINATOR)


@dataclass(frozen=True)
class StopPolicy:
    """When a dirty record has stopped a job for good: the first of these that holds.

    So many of its processes ended, one of them more than once, or it says of itself that it failed, or
    nothing came for `silent_s` while it does not run, or for `mute_s` whatever it says. That it died is
    the doing of the first record behind which one did, with fewer than `calm` records in succession
    behind which none did.
    """

    deaths: int = 3
    calm: int = 2
    silent_s: float = 8.0
    mute_s: float = 20.0


STOPS: Final = StopPolicy()


@dataclass(frozen=True)
class StoppedAt:
    """Why a job was taken for stopped for good, told `at_ms` since T0; by which record, from 0 on.

    Those behind that one may have been written meanwhile: nothing is known of them.
    """

    why: str
    at_ms: float
    by: int


@dataclass(frozen=True)
class SaidBehind:
    """What was seen from one dirty record to the next, or to the end.

    `lines` of warnings and errors, unlike those before any dirt; `counted`: by how much the engine's own
    counter of what it left out rose, None: it has none; `ended` of its processes.
    """

    due_ms: int
    lines: tuple[str, ...] = ()
    counted: int | None = None
    ended: int = 0


@dataclass(frozen=True)
class DirtSeen:
    """All of it, in the order of the records up to the one that `stopped` it, or up to the last one."""

    said: tuple[SaidBehind, ...]
    stopped: StoppedAt | None = None


@dataclass
class _Mark:
    sizes: Mapping[Path, int]
    counter: int | None
    deaths: tuple[Death, ...]


@dataclass
class DirtWatch:
    """Looks on while a load with single dirty records, due at `due_ms` since T0, is played.

    `rows_read` tells how many rows came so far. `now_s` is a clock, for tests.
    """

    due_ms: Sequence[int]
    job: Job
    supervisor: Supervisor
    log_dir: Path
    policy: StopPolicy = STOPS
    now_s: Callable[[], float] = time.monotonic
    _marks: list[_Mark] = field(default_factory=list)
    _rows: int = -1
    _last_row_s: float = 0.0
    _elapsed_ms: float = 0.0
    _stopped: StoppedAt | None = None

    @classmethod
    def of(cls, trace: Trace, job: Job, supervisor: Supervisor, log_dir: Path) -> DirtWatch:
        """One for the single dirty records of a load; of shares the first one, as more and more follow."""
        single = trace.dirt.filter(pc.invert(trace.dirt.column("shared")))
        watched = single if single.num_rows else trace.dirt.slice(0, 1)
        quanta = watched.column("quantum").to_pylist()
        due_ms = [(quantum + 1) * trace.meta.quantum_ms for quantum in quanta]
        return cls(due_ms, job, supervisor, log_dir)

    @property
    def begun(self) -> bool:
        """Whether a dirty record was, or is about to be, written."""
        return bool(self._marks)

    @property
    def stopped(self) -> StoppedAt | None:
        """Whether, and why, the job was stopped for good."""
        return self._stopped

    def excuses(self, death: Death) -> bool:
        """Whether a death may be the doing of dirt."""
        return self.begun and death.role in _ENGINE_ROLES

    def look(self, elapsed_ms: float, rows_read: int) -> StoppedAt | None:
        """See how things are, `elapsed_ms` since T0; asked about twice a second."""
        while (
            len(self._marks) < len(self.due_ms)
            and elapsed_ms >= self.due_ms[len(self._marks)] - _BEFORE_MS
        ):
            self._marks.append(self._mark())
        self._elapsed_ms = elapsed_ms
        if rows_read != self._rows:
            self._rows, self._last_row_s = rows_read, self.now_s()
        if self.begun and self._stopped is None:
            self._stopped = self._why_stopped(elapsed_ms)
        return self._stopped

    def gives_up(self, elapsed_ms: float) -> None:
        """Rows are missing that were waited for, and the load is over: one that does not run has stopped."""
        if not self.begun or self._stopped is not None:
            return
        health = self.job.healthy()
        if health.state is not State.RUNNING:
            why = f"rows were missing in the end, and it did not run ({health.detail})"
            self._stopped = StoppedAt(why, elapsed_ms, self._first_death() or self._silent_since())

    def over(self) -> DirtSeen:
        """What was seen, when the load and its rows are over."""
        marks = [*self._marks, self._mark()]
        usual = self._usual()
        said = []
        known = len(self._marks) if self._stopped is None else self._stopped.by + 1
        for number, due_ms in enumerate(self.due_ms[:known]):
            before, after = marks[number], marks[number + 1]
            lines = [
                line
                for line in self._lines(before.sizes, after.sizes)
                if _pattern(line) not in usual
            ]
            counted = None
            if before.counter is not None and after.counter is not None:
                counted = max(0, after.counter - before.counter)
            ended = len(after.deaths) - len(before.deaths)
            said.append(SaidBehind(due_ms, tuple(lines[:_SAID_AT_MOST]), counted, ended))
        return DirtSeen(tuple(said), self._stopped)

    def _why_stopped(self, elapsed_ms: float) -> StoppedAt | None:
        if elapsed_ms < self.due_ms[len(self._marks) - 1]:
            return None
        since = self._first_death()
        ended = () if since is None else self._deaths()[len(self._marks[since].deaths) :]
        again = max(Counter(death.name for death in ended).values(), default=0)
        if since is not None and len(ended) >= self.policy.deaths and again > 1:
            return StoppedAt(f"its processes ended {len(ended)} times", elapsed_ms, since)
        health = self.job.healthy()
        # Silence from before the first record is none of its doing.
        since_first_s = (elapsed_ms - self.due_ms[0]) / 1000
        silent_s = min(self.now_s() - self._last_row_s, since_first_s)
        by = self._silent_since() if since is None else since
        if health.state is State.FAILED:
            why = f"it failed: {health.detail}" if health.detail else "it failed"
            return StoppedAt(why, elapsed_ms, by)
        if silent_s >= self.policy.silent_s and health.state is not State.RUNNING:
            ends = f" and its processes ended {len(ended)} times" if ended else ""
            why = f"no row came for {silent_s:.0f} s{ends} ({health.detail})"
            return StoppedAt(why, elapsed_ms, by)
        if silent_s >= self.policy.mute_s:
            why = f"no row came for {silent_s:.0f} s, though it says that it runs"
            return StoppedAt(why, elapsed_ms, by)
        return None

    def _first_death(self) -> int | None:
        """The record behind which processes began to die; None where none died lately."""
        counts = [*(len(mark.deaths) for mark in self._marks), len(self._deaths())]
        died = [after > before for before, after in itertools.pairwise(counts)]
        found, calm = None, 0
        # The newest record is not over.
        for number in range(len(died) - 1, -1, -1):
            if died[number]:
                found, calm = number, 0
            elif number < len(died) - 1:
                calm += 1
                if calm == self.policy.calm:
                    return found
        return found

    def _silent_since(self) -> int:
        """The newest record that was written, or was about to be, when the last row came."""
        silent_ms = self._elapsed_ms - (self.now_s() - self._last_row_s) * 1000
        before = [
            due for due in self.due_ms[: len(self._marks)] if due - _SEEN_LATE_MS <= silent_ms
        ]
        return max(0, len(before) - 1)

    def _mark(self) -> _Mark:
        sizes = {path: path.stat().st_size for path in self._logs()}
        counter = self.job.left_out() if isinstance(self.job, TellsLeftOut) else None
        return _Mark(sizes, counter, self._deaths())

    def _deaths(self) -> tuple[Death, ...]:
        return tuple(each for each in self.supervisor.deaths() if each.role in _ENGINE_ROLES)

    def _logs(self) -> list[Path]:
        own = ("broker", "player", "reader", "guardian")
        return [
            path for path in sorted(self.log_dir.glob("*.log")) if not path.name.startswith(own)
        ]

    def _usual(self) -> set[str]:
        """What it said before there was any dirt."""
        first = self._marks[0].sizes if self._marks else {}
        return {_pattern(line) for line in self._lines({}, first)}

    def _lines(self, begin: Mapping[Path, int], end: Mapping[Path, int]) -> list[str]:
        found = []
        for path, size in end.items():
            at = begin.get(path, 0)
            with path.open("rb") as file:
                file.seek(at)
                text = file.read(min(size - at, _READ_AT_MOST)).decode("utf-8", errors="replace")
            found += [line.strip() for line in text.splitlines() if _tells(line)]
        return found


def _tells(line: str) -> bool:
    return _TOLD.search(line) is not None and _NOT_MEANT.search(line) is None


def _pattern(line: str) -> str:
    """A line without what differs each time."""
    return _CHANGING.sub("#", line)
