"""From judged rows and the send log to the figures of one trial: arithmetic only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.model.conditions import Guarantee
from streambench.model.metrics import BY_NAME
from streambench.model.trial import ClockWait, Purpose, Span
from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged
from streambench.results.clock_waits import clock_waits
from streambench.results.series import series_table
from streambench.results.statistics import nearest_rank, trend
from streambench.results.sustained import lag_slope
from streambench.results.windows import NS_PER_MS, WindowTimes, window_times, windows_table

Floats = npt.NDArray[np.float64]

# Above this the reader is too slow for its stamps to say anything of the engine, or clocks are too far apart.
READER_FLOOR_LIMIT_MS = 5.0


@dataclass(frozen=True)
class Measured:
    """The figures of one trial.

    `measures` is keyed by metric name; None is unknown: not earned, or censored. `notes` say why in
    words. `windows` and `series` are the bundle's tables. `censored_windows` are those measured
    windows of which an expected row never came right; their delay is only known to be greater than
    the time that was waited. `clock_waits` are the partitions that this engine's clock waited for.
    """

    measures: Mapping[str, float | None]
    windows: pa.Table
    series: pa.Table
    measured_windows: int
    censored_windows: int
    trend: str | None
    notes: tuple[str, ...]
    trend_share: float | None = None  # its size by the median delay
    clock_waits: tuple[ClockWait, ...] = ()


def measure(
    judged: Judged,
    expected: Expected,
    send_log: pa.Table,
    *,
    guarantee: Guarantee,
    start_realtime_ns: int,
    event_offset_ms: int,
    spans: Sequence[Span],
) -> Measured:
    """Compute all figures that follow from rows and batches.

    `send_log` has records, due_ns, possible_ns, written_ns and acked_ns (null: never) per batch, in
    ns since T0. `spans` are of the trace's own time, which is that of due instants. Rows carry
    appended_ms and visible_ns since the epoch.
    """
    exactly_once = guarantee is Guarantee.EXACTLY_ONCE
    times = window_times(judged, expected, start_realtime_ns=start_realtime_ns)
    series = series_table(send_log, times, visible=exactly_once)
    # A window in which no row must exist and none came says nothing of delay.
    wanted = times.select(spans, Purpose.MEASURED) & (
        (times.expected_rows > 0) | np.isfinite(times.first_appended_ms)
    )
    floor_ms = None if exactly_once else _reader_floor_p99_ms(judged, spans, start_realtime_ns)
    notes: list[str] = []

    figures: dict[str, float | None] = {}
    closing_ms = times.closing_ms[wanted]
    delays = {
        "delay": times.complete_appended_ms[wanted] - closing_ms,
        "first_row": times.first_appended_ms[wanted] - closing_ms,
        "visible": times.complete_visible_ms[wanted] - closing_ms,
        "event_latency": times.complete_appended_ms[wanted] - times.newest_due_ms[wanted],
        "clock_wait": closing_ms - times.newest_due_ms[wanted],
        "own_clock_wait": times.own_clock_ms[wanted] - closing_ms,
        "engine_part": (times.complete_appended_ms - times.own_clock_ms)[wanted],
    }
    if exactly_once:
        delays["commit_wait"] = (times.complete_visible_ms - times.complete_appended_ms)[wanted]
    if floor_ms is not None and floor_ms > READER_FLOOR_LIMIT_MS:
        del delays["visible"]
        figures |= dict.fromkeys(("visible_p50_ms", "visible_p99_ms", "visible_max_ms"))
        notes.append(
            f"visible delays are left out: a row was read {floor_ms:.1f} ms after its stamp (p99), "
            f"more than {READER_FLOOR_LIMIT_MS:.0f} ms"
        )
    for name, values in delays.items():
        figures |= _percentiles(name, values, notes)
    figures |= _rates(times, send_log, spans, visible=exactly_once)
    figures |= _lag(series, spans)
    figures["reader_floor_p99_ms"] = floor_ms

    censored = int(np.count_nonzero(~np.isfinite(delays["delay"])))
    if censored:
        notes.append(
            f"{censored} of {len(closing_ms)} measured windows never became complete and right: "
            "their delays are greater than the time that was waited for them"
        )
    headline = times.complete_visible_ms if exactly_once else times.complete_appended_ms
    remaining = trend(closing_ms, headline[wanted] - closing_ms)
    return Measured(
        measures=figures,
        windows=windows_table(times, spans, event_offset_ms=event_offset_ms),
        series=series,
        measured_windows=len(closing_ms),
        censored_windows=censored,
        trend=None if remaining is None else str(remaining),
        notes=tuple(notes),
        trend_share=None if remaining is None else remaining.share,
        clock_waits=clock_waits(times, wanted, expected),
    )


def _percentiles(name: str, values: Floats, notes: list[str]) -> dict[str, float | None]:
    """p50, p99 and max of one delay, where the table of metrics has them and windows earn them."""
    censored = np.where(np.isfinite(values), values, np.inf)
    found: dict[str, float | None] = {}
    for suffix, percentile in (("p50", 50.0), ("p99", 99.0), ("max", 100.0)):
        metric = BY_NAME.get(f"{name}_{suffix}_ms")
        if metric is None:
            continue
        value = nearest_rank(censored, percentile) if len(values) >= metric.windows else None
        if value is not None and not np.isfinite(value):
            notes.append(f"{metric.label} is not known: it falls on a window that never completed")
            value = None
        found[metric.name] = value
    return found


def _rates(
    times: WindowTimes, send_log: pa.Table, spans: Sequence[Span], *, visible: bool
) -> dict[str, float | None]:
    """Records a second over the measured part, each counted where its own instant falls."""
    span_s = sum(s.end_ms - s.start_ms for s in spans if s.purpose is Purpose.MEASURED) / 1_000
    if span_s == 0:
        return dict.fromkeys(
            ("offered_per_s", "written_per_s", "acknowledged_per_s", "processed_per_s")
        )
    records = send_log.column("records").to_numpy()

    def rate(at_ms: Floats, counts: npt.NDArray[np.int64]) -> float:
        return float(np.sum(counts[_within(at_ms, spans)])) / span_s

    def column_ms(name: str) -> Floats:
        values = send_log.column(name).cast(pa.float64()).to_numpy()
        return np.asarray(values, dtype=np.float64) / NS_PER_MS

    complete_ms = times.complete_visible_ms if visible else times.complete_appended_ms
    return {
        "offered_per_s": rate(column_ms("due_ns"), records),
        "written_per_s": rate(column_ms("written_ns"), records),
        "acknowledged_per_s": rate(column_ms("acked_ns"), records),
        "processed_per_s": rate(complete_ms, times.input_records),
    }


def _within(at_ms: Floats, spans: Sequence[Span]) -> npt.NDArray[np.bool_]:
    """Which instants lie in the measured part; NaN does not. A quantum is due at its end."""
    inside = np.zeros(len(at_ms), dtype=np.bool_)
    for span in spans:
        if span.purpose is Purpose.MEASURED:
            inside |= (at_ms > span.start_ms) & (at_ms <= span.end_ms)
    return inside


def _lag(series: pa.Table, spans: Sequence[Span]) -> dict[str, float | None]:
    ends_ms = (series.column("t_s").to_numpy() + 1) * 1_000.0
    lag_ms = series.column("excess_lag_ms").to_numpy()
    known = _within(ends_ms, spans) & np.isfinite(lag_ms)
    at_s, lag_ms = ends_ms[known] / 1_000, lag_ms[known]
    slope = lag_slope(at_s, lag_ms)
    return {
        "excess_lag_max_ms": float(lag_ms.max()) if len(lag_ms) else None,
        "excess_lag_end_ms": float(lag_ms[-1]) if len(lag_ms) else None,
        "backlog_end_ms": float(lag_ms[-1] - np.median(lag_ms)) if len(lag_ms) else None,
        "lag_slope_ms_per_s": None if slope is None else slope.per_s,
        "lag_slope_lower_ms_per_s": None if slope is None else slope.lower,
        "lag_slope_upper_ms_per_s": None if slope is None else slope.upper,
    }


def _reader_floor_p99_ms(
    judged: Judged, spans: Sequence[Span], start_realtime_ns: int
) -> float | None:
    """p99 of visible − appended over the rows of the measured part; None without rows."""
    appended_ms = judged.rows.column("appended_ms").to_numpy()
    floor_ns = judged.rows.column("visible_ns").to_numpy() - appended_ms * NS_PER_MS
    inside = _within(appended_ms - start_realtime_ns / NS_PER_MS, spans)
    return nearest_rank(floor_ns[inside] / NS_PER_MS, 99)
