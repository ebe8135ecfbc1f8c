"""The generator's word about itself: whether the load was what the trace says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from streambench.kafka.send_times import SendLogMeta, read_meta
from streambench.kafka.skew import SEND_LAG_LIMIT_MS, farthest, skew, whose_clock
from streambench.model.clocks import HostClocks
from streambench.model.errors import InstrumentFailed
from streambench.model.trial import Certificate

DRIFT_LIMIT_MS: Final = 1.0
"""Bound on what the realtime clock may have moved against the monotonic one."""

_NS_PER_MS: Final = 1e6


QUEUE_EMPTY_MS: Final = 5.0
"""A batch that could be written so soon after it was due found no queue before it."""


@dataclass(frozen=True)
class Unable:
    """A time in which the load could not be written as it was due, by no fault of the generator.

    From `at_ms` on, at least until `back_ms` (both since T0): the broker was away, or seconds of load
    came at once. A broker that has just come back is cold: it lets the queue empty and halts again, for
    `cold_ms`.
    """

    at_ms: float
    back_ms: float
    cold_ms: float = 0.0


def certify(
    send_log: Path, unable: Sequence[Unable] = (), *, by_visible: bool = False
) -> Certificate:
    """Judge a play by its send log and the metadata beside it.

    It holds when every batch was acknowledged, the send lag is within its limit and the clock
    neither stepped nor stood still. What never happened counts as late as the end of the play. The
    send lag is taken over all batches but those due from the beginning of an `unable` until the queue
    is empty again; these stay due when they were due, and must be acknowledged like all.

    Where several hosts played, each shard (the partitions p with p mod shards = its number) is judged by
    itself, and the worst decides: `send_lag_p999_ms` is its. Each went by its own clock. As far as one may
    lie from the broker's, all of its batches may have come early or late, beside their send lag: both
    together must keep the limit. With `by_visible` delays end by the coordinator's clock: what it may be
    off from a shard's counts where that is more. Nothing is corrected by that.

    Raises InstrumentFailed when the log holds no batch.
    """
    meta = read_meta(send_log)
    table = pq.read_table(send_log, columns=["due_ns", "possible_ns", "acked_ns", "partition"])
    if table.num_rows == 0:
        raise InstrumentFailed(f"{send_log.name} holds no batch", hint=f"ls -l {send_log.parent}")
    due_ns = table["due_ns"].to_numpy()
    lag_ms = (_reached(table, "possible_ns", meta) - due_ns) / _NS_PER_MS
    acknowledge_ms = (_reached(table, "acked_ns", meta) - due_ns) / _NS_PER_MS
    hosts = HostClocks.of(meta.clocks)
    groups = _groups(table, len(hosts.shards))
    counted = np.ones(len(due_ns), dtype=np.bool_)
    for group in groups:  # the queue of one empties before another's
        for each in unable:
            counted[group] &= ~_unable(due_ns[group] / _NS_PER_MS, lag_ms[group], each)
    if not counted.any():
        raise InstrumentFailed(f"{send_log.name}: no batch was due while it could be written")
    lag = np.percentile(lag_ms[counted], [50, 99])
    p999_ms, worst = _worst_p999(lag_ms, counted, groups)
    acknowledge = np.percentile(acknowledge_ms[counted], [50, 99])
    drift_ms = meta.drift_ns / _NS_PER_MS
    spoilt = _spoilt(meta, table.num_rows, table["acked_ns"].null_count, drift_ms)
    far = skew(meta.clocks)
    whose = hosts.shards[worst].who if len(groups) > 1 else None
    reason = spoilt or far or _lateness(p999_ms, whose, _apart(hosts, by_visible))
    late = p999_ms > SEND_LAG_LIMIT_MS
    return Certificate(
        held=reason is None,
        reason=reason,
        send_lag_p50_ms=float(lag[0]),
        send_lag_p99_ms=float(lag[1]),
        send_lag_p999_ms=p999_ms,
        send_lag_max_ms=float(lag_ms[counted].max()),
        acknowledge_p50_ms=float(acknowledge[0]),
        acknowledge_p99_ms=float(acknowledge[1]),
        batches=table.num_rows,
        exempt_batches=int(np.count_nonzero(~counted)),
        retried=meta.retried,
        clock_drift_ms=drift_ms,
        # Whoever plays on another host is not late because an engine takes this one's cores, and no
        # clock is off for that.
        only_late=spoilt is None and far is None and late and not hosts.shards,
        by_clocks=reason is not None and spoilt is None and not late,
        clocks=meta.clocks,
        unknown_clocks=meta.unknown_clocks,
    )


def leader_lost(
    send_log: Path, *, at_ms: float, over_ms: float, next_ms: float | None = None
) -> Unable | None:
    """The time in which leaders were away after an act from `at_ms` to `over_ms`, since T0; None: none was.

    It is known by what the player did: it gave a connection up, and wrote batches again. Only those count
    that were due after the act and before the next one at `next_ms`: others had another cause.
    """
    if not read_meta(send_log).errors:
        return None
    table = pq.read_table(send_log, columns=["due_ns", "attempts"])
    due_ms = table["due_ns"].to_numpy()[table["attempts"].to_numpy() > 1] / _NS_PER_MS
    after = due_ms[(due_ms >= at_ms) & (due_ms < (np.inf if next_ms is None else next_ms))]
    return Unable(at_ms, float(max(over_ms, after.max()))) if len(after) else None


def _unable(
    due_ms: npt.NDArray[np.float64], lag_ms: npt.NDArray[np.float64], time: Unable
) -> npt.NDArray[np.bool_]:
    """Batches due from the beginning of `time` until one due after its end found no queue."""
    waited = lag_ms > QUEUE_EMPTY_MS
    empty = (due_ms >= time.back_ms) & ~waited & (due_ms > time.at_ms)
    until_ms = due_ms[empty].min() if empty.any() else np.inf
    again = waited & (due_ms >= until_ms) & (due_ms < until_ms + time.cold_ms)
    if again.any():
        until_ms = np.nextafter(due_ms[again].max(), np.inf)
    return np.asarray((due_ms >= time.at_ms) & (due_ms < until_ms))


def _groups(table: pa.Table, shards: int) -> list[npt.NDArray[np.int64]]:
    """The rows of each shard's batches; all are one group where one host played."""
    if shards < 2:
        return [np.arange(table.num_rows)]
    shard = table["partition"].to_numpy() % shards
    return [np.flatnonzero(shard == number) for number in range(shards)]


def _worst_p999(
    lag_ms: npt.NDArray[np.float64],
    counted: npt.NDArray[np.bool_],
    groups: Sequence[npt.NDArray[np.int64]],
) -> tuple[float, int]:
    """The greatest 99.9th percentile of any group, and whose it is."""
    return max(
        (float(np.percentile(lag_ms[group][counted[group]], 99.9)), number)
        for number, group in enumerate(groups)
        if counted[group].any()
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


def _apart(hosts: HostClocks, by_visible: bool) -> tuple[float, str] | None:
    """How far clocks may lie apart by which a delay is taken, in ms and in words; None: by one clock."""
    if (worst := farthest(hosts.every)) is None:
        return None
    apart = [(worst.farthest_ms, "and a clock may be {:.1f} ms from " + whose_clock(worst))]
    if hosts.shards and hosts.brokers and (appended := hosts.appended) is not None:
        apart.append((appended.farthest_ms, "and a clock there may be {:.1f} ms from a broker's"))
    if by_visible and (visible := hosts.visible) is not None:
        both = "and a clock there may be {:.1f} ms from the coordinator's"
        apart.append((visible.farthest_ms, both))
    apart_ms, words = max(apart, key=lambda each: each[0])
    return apart_ms, words.format(apart_ms)


def _lateness(lag_p999_ms: float, whose: str | None, apart: tuple[float, str] | None) -> str | None:
    """Whether the load came late, in words; `whose` is the shard that was latest."""
    skew_ms, words = (0.0, None) if apart is None else apart
    if lag_p999_ms + skew_ms <= SEND_LAG_LIMIT_MS:
        return None
    of = "" if whose is None else f" of {whose}"
    beside = "" if words is None else f", {words}"
    if lag_p999_ms <= SEND_LAG_LIMIT_MS:
        return (
            f"the load may have come late: p99.9 of the send lag{of} is {lag_p999_ms:.1f} ms{beside} "
            f"(limit of both {SEND_LAG_LIMIT_MS:.0f} ms)"
        )
    return (
        f"the load came late: p99.9 of the send lag{of} is {lag_p999_ms:.1f} ms{beside} "
        f"(limit {SEND_LAG_LIMIT_MS:.0f} ms)"
    )
