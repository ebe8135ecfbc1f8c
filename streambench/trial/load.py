"""A load for a running job, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from streambench.kafka.rows import MalformedRow
from streambench.load.trace import Trace
from streambench.model.fault import Hit, Strike
from streambench.model.trial import Span
from streambench.oracle.evidence import MovedLog
from streambench.oracle.expected import Due
from streambench.oracle.keyed_windows import NO_WINDOWS, KeyedWindows
from streambench.trial.dirt_watch import DirtSeen
from streambench.trial.observer import Phase

# Where another load follows: all rows of one have come, and only what comes twice is still waited for. A
# trial's two seconds after each load would be a minute of a search.
BETWEEN_LOADS_S = 0.5
# An engine that was given more than it can bear has to work it off before the next load.
MISSING_S = 120.0


@dataclass(frozen=True)
class Load:
    """One load of a job, with the rows that are due; `phase` and `note` are shown while it is played.

    `spans` name the phases of a load that has several. `strikes` hit the job meanwhile, and `holds` are
    [start_ms, end_ms) whose records come at once at their end. Rows that do not come are waited for
    `missing_s`; after the last one nothing must come for `silence_s` (None: as long as the conditions
    ask for).
    """

    trace: Trace
    due: Due
    phase: Phase = Phase.MEASURED
    note: str | None = None
    spans: tuple[Span, ...] = ()
    strikes: tuple[Strike, ...] = ()
    holds: tuple[tuple[int, int], ...] = ()
    silence_s: float | None = None
    missing_s: float = MISSING_S


@dataclass(frozen=True)
class Struck:
    """The faults of a load: those that happened, why one did not (in words), and findings on the way."""

    hits: tuple[Hit, ...] = ()
    missed: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Played:
    """What became of one load; `start_realtime_ns` is its T0, `complete` that all its rows came.

    `rows` is all that was read since the load before; `own_rows` (windows since the epoch) are those of
    them that are no result of this load. `malformed` are the first of `malformed_count`.
    `quiet_ns` is the time of the monotonic clock after the last row, as far as the engine surely had
    nothing to do; empty after a short silence. `moved` is what lies in the topic to which records were moved by
    their group; None where they are not.
    nothing to do; empty after a short silence. `dirt` is what was seen of single dirty records; where one
    stopped the job for good, the load was ended then and `rows` are all that had come.
    """

    trace: Trace
    start_realtime_ns: int
    event_offset_ms: int
    rows: pa.Table
    malformed_count: int
    send_log: Path
    complete: bool
    malformed: tuple[MalformedRow, ...] = ()
    own_rows: KeyedWindows = NO_WINDOWS
    quiet_ns: tuple[int, int] = (0, 0)
    start_monotonic_ns: int = 0
    struck: Struck = Struck()
    moved: MovedLog | None = None
    dirt: DirtSeen | None = None

    @property
    def worked_off_per_s(self) -> float | None:
        """Records per second from the first byte written until the last row was appended.

        None without rows. Result rows leave in bursts, so this is a mean over all of it.
        """
        if not self.rows.num_rows:
            return None
        last_ms = pc.max(self.rows.column("appended_ms")).as_py()
        took_ms = last_ms - self.start_realtime_ns / 1e6
        return None if took_ms <= 0 else self.trace.ref.records * 1000 / took_ms


@dataclass(frozen=True)
class Written:
    """A load that lies in the topic, its flush records behind it; `free_from_ms` is event time."""

    start_realtime_ns: int
    start_monotonic_ns: int
    event_offset_ms: int
    send_log: Path
    free_from_ms: int
