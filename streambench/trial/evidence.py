"""What a trial leaves behind before anybody judges it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from streambench.engines.protocol import Readings
from streambench.model.machine import MachineUsage
from streambench.model.observed import ByMonitoring
from streambench.model.trial import RoleUsage, WithoutEngine
from streambench.trial.load import Played


@dataclass(frozen=True)
class Evidence:
    """Stamps, rows and costs of one trial; `load` is the one that is measured.

    `usage` is of the measured part, `usage_of_load` from T0 until the last row was there,
    `usage_at_rest` of the silence after it (nothing where that was short). `warmed` are the loads that
    were played before T0. `records_since_asked` came since the `readings` before. `without_engine` is
    None where that was not played. By `topic_bytes` the broker's files grew because of the engine; None where
    nothing is known of the broker. `engine_seen`: all of the engine's processes are in these usages.
    `monitored` is what Prometheus says of the measured part; None: it was not asked.
    """

    load: Played
    usage: tuple[RoleUsage, ...]
    usage_of_load: tuple[RoleUsage, ...]
    usage_at_rest: tuple[RoleUsage, ...]
    usage_samples: pa.Table
    machine: MachineUsage
    topic_bytes: int | None
    submit_to_first_result_s: float | None = None
    readings: Readings = field(default_factory=Readings)
    records_since_asked: int = 0
    uncommitted_rows: int | None = None
    warmed: tuple[Played, ...] = ()
    without_engine: WithoutEngine | None = None
    engine_seen: bool = True
    monitored: ByMonitoring | None = None
