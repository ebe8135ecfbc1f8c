"""The generator's word about itself: whether the load was what the trace says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from streambench.kafka.send_log import SendLogMeta, read_meta
from streambench.model.errors import InstrumentFailed
from streambench.model.trial import Certificate

SEND_LAG_LIMIT_MS: Final = 20.0
"""Bound on the 99.9th percentile of due → first write attempt possible, over all batches."""

DRIFT_LIMIT_MS: Final = 1.0
"""Bound on what the realtime clock may have moved against the monotonic one."""

_NS_PER_MS: Final = 1e6


def certify(send_log: Path) -> Certificate:
    """Judge a play by its send log and the metadata beside it.

    It holds when every batch was acknowledged, the send lag is within its limit and the clock
    neither stepped nor stood still. What never happened
    counts as late as the end of the play.
    Raises InstrumentFailed when the log holds no batch.
    """
    meta = read_meta(send_log)
    table = pq.read_table(send_log, columns=["due_ns", "possible_ns", "acked_ns"])
    if table.num_rows == 0:
        raise InstrumentFailed(f"{send_log.name} holds no batch", hint=f"ls -l {send_log.parent}")
    due_ns = table["due_ns"].to_numpy()
    lag_ms = (_reached(table, "possible_ns", meta) - due_ns) / _NS_PER_MS
    acknowledge_ms = (_reached(table, "acked_ns", meta) - due_ns) / _NS_PER_MS
    lag = np.percentile(lag_ms, [50, 99, 99.9])
    acknowledge = np.percentile(acknowledge_ms, [50, 99])
    drift_ms = meta.drift_ns / _NS_PER_MS
    spoilt = _spoilt(meta, table.num_rows, table["acked_ns"].null_count, drift_ms)
    reason = spoilt or _lateness(float(lag[2]))
    return Certificate(
        held=reason is None,
        reason=reason,
        send_lag_p50_ms=float(lag[0]),
        send_lag_p99_ms=float(lag[1]),
        send_lag_p999_ms=float(lag[2]),
        send_lag_max_ms=float(lag_ms.max()),
        acknowledge_p50_ms=float(acknowledge[0]),
        acknowledge_p99_ms=float(acknowledge[1]),
        batches=table.num_rows,
        retried=meta.retried,
        clock_drift_ms=drift_ms,
        only_late=reason is not None and spoilt is None,
    )


def _reached(table: pa.Table, column: str, meta: SendLogMeta) -> npt.NDArray[np.int64]:
    """Instants of a column; where there is none, the end of the play."""
    filled = table[column].fill_null(meta.ended_ns)
    return np.asarray(filled.to_numpy(), dtype=np.int64)


def _spoilt(meta: SendLogMeta, batches: int, missing: int, drift_ms: float) -> str | None:
    """What makes the load another one than the trace's, worst first; None when nothing does."""
    if meta.failure is not None:
        return f"the player failed: {meta.failure}"
    if missing:
        return f"{missing} of {batches} batches were never acknowledged"
    if abs(drift_ms) > DRIFT_LIMIT_MS:
        return (
            f"the clock moved by {drift_ms:.1f} ms during the load (limit {DRIFT_LIMIT_MS:.0f} ms): "
            "it was set, or the machine slept"
        )
    return None


def _lateness(lag_p999_ms: float) -> str | None:
    """Whether the load came late, in words."""
    if lag_p999_ms > SEND_LAG_LIMIT_MS:
        return (
            f"the load came late: p99.9 of the send lag is {lag_p999_ms:.1f} ms "
            f"(limit {SEND_LAG_LIMIT_MS:.0f} ms)"
        )
    return None
