"""What happened in each second of a trial: rates and excess lag."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.results.windows import WindowTimes

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]
NS_PER_S = 1_000_000_000
MS_PER_S = 1_000


def series_table(send_log: pa.Table, times: WindowTimes, *, visible: bool) -> pa.Table:
    """One row a second from T0 to the last batch or row.

    A record is processed when its window is complete and right; `visible` takes the stamps of a
    read_committed reader instead of the append stamps. Second t holds instants in (t, t + 1], so
    that a quantum that ends on the second belongs to it. `excess_lag_ms` is null before the first
    window is due.
    """
    complete_ms = times.complete_visible_ms if visible else times.complete_appended_ms
    done = np.isfinite(complete_ms)
    due_s = _seconds(send_log, "due_ns")
    written_s = _seconds(send_log, "written_ns")
    acked_s = _seconds(send_log, "acked_ns")
    processed_s = complete_ms[done] / MS_PER_S
    instants = np.concatenate([due_s, written_s, acked_s, processed_s])
    instants = instants[np.isfinite(instants)]
    count = max(1, int(np.ceil(instants.max(initial=0.0))))
    records = send_log.column("records").to_numpy().astype(np.int64)
    return pa.table(
        {
            "t_s": pa.array(np.arange(count), pa.int64()),
            "offered": _per_second(due_s, records, count),
            "written": _per_second(written_s, records, count),
            "acknowledged": _per_second(acked_s, records, count),
            "processed": _per_second(processed_s, times.input_records[done], count),
            "excess_lag_ms": _excess_lag_by_second(times, count, visible=visible),
        }
    )


def _excess_lag_by_second(times: WindowTimes, seconds: int, *, visible: bool) -> pa.Array:
    """Mean excess lag up to the end of each second, over a second or a window if that lasts longer.

    At any instant the excess lag is a whole number of windows: one from a window's closing until it
    is complete, and none thereafter. Its mean over time has no such steps; for an engine that keeps
    up it is the mean result delay.
    """
    due = np.isfinite(times.closing_ms)
    closing_ms = times.closing_ms[due]
    if not len(closing_ms):
        return pa.nulls(seconds, pa.float64())
    order = np.argsort(closing_ms, kind="stable")
    closing_ms = closing_ms[order]
    seen_ms = (times.seen_visible_ms if visible else times.seen_appended_ms)[due][order]
    breaks_ms, lag_ms = excess_lag(closing_ms, seen_ms, until_ms=float(seconds * MS_PER_S))
    area = np.r_[0.0, np.cumsum(lag_ms[:-1] * np.diff(breaks_ms))]
    gaps_ms = np.diff(closing_ms)
    spacing_ms = float(np.median(gaps_ms)) if len(gaps_ms) else 0.0
    over_ms = max(float(MS_PER_S), spacing_ms)
    ends_ms = np.arange(1, seconds + 1, dtype=np.float64) * MS_PER_S
    starts_ms = np.maximum(0.0, ends_ms - over_ms)
    mean = (np.interp(ends_ms, breaks_ms, area) - np.interp(starts_ms, breaks_ms, area)) / (
        ends_ms - starts_ms
    )
    return pa.array(mean, pa.float64(), mask=ends_ms < closing_ms[0])


def excess_lag(closing_ms: Floats, seen_ms: Floats, *, until_ms: float) -> tuple[Floats, Floats]:
    """The excess lag as a step function: (instants from 0 to `until_ms`, lag in ms from each on).

    `closing_ms` rises; `seen_ms` is when the last row that ever came right came, NaN when none did.
    A window of which nothing came is passed over once a later one has come (a lost row does not
    freeze the curve), but an engine that fell silent for good falls behind. Lag is measured between
    closing instants, so that a replay's compressed time counts as it was played.
    """
    some = np.flatnonzero(np.isfinite(seen_ms))
    last_seen = some[-1] if len(some) else -1
    ready_ms = np.where(np.isfinite(seen_ms), seen_ms, -np.inf)
    ready_ms[last_seen + 1 :] = np.inf
    ready_ms = np.maximum.accumulate(ready_ms)

    inner = np.concatenate([closing_ms, ready_ms])
    inner = inner[(inner > 0) & (inner < until_ms)]
    breaks_ms = np.r_[0.0, np.unique(inner), until_ms]
    gaps_ms = np.diff(closing_ms)
    before_first = closing_ms[0] - (float(np.median(gaps_ms)) if len(gaps_ms) else closing_ms[0])
    position = np.r_[before_first, closing_ms]
    due = np.searchsorted(closing_ms, breaks_ms, side="right")
    ready = np.searchsorted(ready_ms, breaks_ms, side="right")
    return breaks_ms, np.maximum(0.0, position[due] - position[ready])


def _seconds(send_log: pa.Table, name: str) -> Floats:
    """A column of ns since T0 in seconds; NaN where null."""
    column = send_log.column(name).cast(pa.float64())
    return np.asarray(column.to_numpy(), dtype=np.float64) / NS_PER_S


def _per_second(at_s: Floats, records: Int64s, count: int) -> pa.Array:
    known = np.isfinite(at_s)
    second = np.clip(np.ceil(at_s[known]).astype(np.int64) - 1, 0, count - 1)
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, second, records[known])
    return pa.array(sums, pa.int64())
