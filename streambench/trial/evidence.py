"""What a trial leaves behind before anybody judges it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from streambench.engines.protocol import Readings
from streambench.kafka.rows import MalformedRow
from streambench.model.fault import Hit
from streambench.model.machine import MachineUsage
from streambench.model.trial import RoleUsage, WithoutEngine
from streambench.trial.prober import Played


@dataclass(frozen=True)
class Evidence:
    """Stamps, rows and costs of one trial; `start_realtime_ns` is T0.

    `hits` are the faults that happened, `missed` says that one did not; `fault_notes` are findings on
    the way. `usage` is of the measured part, `usage_of_load` from T0 until the last row was there,
    `usage_at_rest` of the silence after it.
    `warmed` are the loads that were played before T0. `own_rows` holds (key, window start since the
    epoch) of the rows that are no result of the load. `without_engine` is None where that was not played.
    """

    start_realtime_ns: int
    event_offset_ms: int
    rows: pa.Table
    malformed_count: int
    malformed: tuple[MalformedRow, ...]
    drain_timed_out: bool
    send_log: Path
    submit_to_first_result_s: float
    readings: Readings
    usage: tuple[RoleUsage, ...]
    usage_of_load: tuple[RoleUsage, ...]
    usage_samples: pa.Table
    machine: MachineUsage
    topic_bytes_before: int
    topic_bytes_after: int
    uncommitted_rows: int | None
    hits: tuple[Hit, ...]
    missed: str | None
    fault_notes: tuple[str, ...]
    usage_at_rest: tuple[RoleUsage, ...]
    warmed: tuple[Played, ...] = ()
    own_rows: frozenset[tuple[str, int]] = frozenset()
    without_engine: WithoutEngine | None = None
