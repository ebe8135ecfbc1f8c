"""The one table of metrics: report, compare, plots and docs all read it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Better(enum.Enum):
    """Which direction is good."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"


@dataclass(frozen=True)
class Metric:
    """A figure of a trial: `anchor` is its section in docs/method.md, `windows` what earns it."""

    name: str
    label: str
    unit: str
    better: Better
    meaning: str
    anchor: str
    windows: int = 0  # measured windows needed before it may be shown
    digits: int = 0


_L, _H, _N = Better.LOWER, Better.HIGHER, Better.NEITHER

# One line a metric, so that it reads as the table that it is.
# fmt: off
METRICS: tuple[Metric, ...] = (
    Metric("delay_p50_ms", "result delay p50", "ms", _L, "window complete: last row appended − closing instant", "result-delay", 20),
    Metric("delay_p99_ms", "result delay p99", "ms", _L, "window complete: last row appended − closing instant", "result-delay", 100),
    Metric("delay_max_ms", "result delay max", "ms", _L, "the slowest measured window", "result-delay", 1),
    Metric("first_row_p50_ms", "first row p50", "ms", _L, "first row appended − closing instant", "result-delay", 20),
    Metric("first_row_p99_ms", "first row p99", "ms", _L, "first row appended − closing instant", "result-delay", 100),
    Metric("visible_p50_ms", "visible delay p50", "ms", _L, "window complete, as a read_committed reader has it", "visible", 20),
    Metric("visible_p99_ms", "visible delay p99", "ms", _L, "window complete, as a read_committed reader has it", "visible", 100),
    Metric("visible_max_ms", "visible delay max", "ms", _L, "the slowest measured window, as a read_committed reader has it", "visible", 1),
    Metric("clock_wait_p50_ms", "waiting for the clock p50", "ms", _L, "closing instant − due instant of the newest contributing record: the grace at work", "delay-split", 20),
    Metric("own_clock_wait_p50_ms", "waiting for its own clock p50", "ms", _L, "earliest lawful instant by the engine's own event clock − closing instant", "delay-split", 20),
    Metric("own_clock_wait_p99_ms", "waiting for its own clock p99", "ms", _L, "earliest lawful instant by the engine's own event clock − closing instant", "delay-split", 100),
    Metric("own_clock_wait_max_ms", "waiting for its own clock max", "ms", _L, "the longest wait of a measured window for the engine's own event clock", "delay-split", 1),
    Metric("engine_part_p50_ms", "engine's own part p50", "ms", _L, "result delay without the waiting for the engine's own event clock", "delay-split", 20),
    Metric("engine_part_p99_ms", "engine's own part p99", "ms", _L, "result delay without the waiting for the engine's own event clock", "delay-split", 100),
    Metric("engine_part_max_ms", "engine's own part max", "ms", _L, "the longest of a measured window", "delay-split", 1),
    Metric("commit_wait_p50_ms", "waiting for the commit p50", "ms", _L, "visible − appended of the last row, exactly-once only", "delay-split", 20),
    Metric("event_latency_p50_ms", "event latency p50", "ms", _L, "last row appended − due instant of the newest contributing record", "event-latency", 20),
    Metric("event_latency_p99_ms", "event latency p99", "ms", _L, "last row appended − due instant of the newest contributing record", "event-latency", 100),
    Metric("offered_per_s", "offered", "events/s", _N, "records due in the measured part", "rates"),
    Metric("written_per_s", "written", "events/s", _N, "records written to the broker's socket in the measured part", "rates"),
    Metric("acknowledged_per_s", "acknowledged", "events/s", _N, "records acknowledged by the broker in the measured part", "rates"),
    Metric("processed_per_s", "processed", "events/s", _H, "records of the windows that came out right in the measured part", "rates"),
    Metric("excess_lag_max_ms", "excess lag max", "ms", _L, "how far the newest complete window was behind the newest due one, at worst", "excess-lag"),
    Metric("excess_lag_end_ms", "excess lag at the end", "ms", _L, "the same at the end of the measured part", "excess-lag"),
    Metric("backlog_end_ms", "backlog at the end", "ms", _L, "excess lag at the end beyond its own median", "sustainable"),
    Metric("lag_slope_ms_per_s", "lag slope", "ms/s", _L, "how fast the excess lag grew over the measured part", "sustainable", digits=1),
    Metric("lag_slope_lower_ms_per_s", "lag slope, at least", "ms/s", _L, "its lower 95 % bound", "sustainable", digits=1),
    Metric("lag_slope_upper_ms_per_s", "lag slope, at most", "ms/s", _L, "its upper 95 % bound", "sustainable", digits=1),
    Metric("lag_clock_swing_ms", "swing of the clocks", "ms", _N, "how far the clocks of other hosts may have moved the excess lag from one instant to another; its slope's bounds are wider by that", "sustainable", digits=1),
    Metric("engine_cpu_s_per_million", "engine CPU", "CPU-s per million events", _L, "all processes of the engine, children included; of the whole load, until the last row was there, where it fell behind or worked off a backlog", "cost", digits=2),
    Metric("broker_cpu_s_per_million", "broker CPU", "CPU-s per million events", _L, "the broker while this engine ran", "cost", digits=2),
    Metric("broker_alone_cpu_s_per_million", "broker CPU without an engine", "CPU-s per million events", _N, "the same broker after the engine had gone: a part of the load again, and a bare reader", "cost", digits=2),
    Metric("engine_and_broker_cpu_s_per_million", "engine and its share of the broker", "CPU-s per million events", _L, "engine CPU, and what of the broker's was not there without an engine", "cost", digits=2),
    Metric("engine_memory_peak_bytes", "engine memory peak", "MiB", _L, "resident memory of all processes of the engine, at worst", "cost"),
    Metric("engine_memory_mean_bytes", "engine memory mean", "MiB", _L, "resident memory of all processes of the engine", "cost"),
    Metric("broker_bytes_per_event", "broker bytes", "bytes per event", _L, "what output and internal topics grew by, per input record", "cost"),
    Metric("checkpoint_bytes_per_event", "checkpoint bytes", "bytes per event", _L, "what all checkpoints wrote, by the engine's own word, per input record", "cost", digits=1),
    Metric("engine_idle_cores", "engine at rest", "cores", _L, "all processes of the engine after the last row, without load", "cost", digits=3),
    Metric("gc_pause_ms", "GC pauses", "ms", _L, "sum over the engine's JVMs in the measured part", "cost"),
    Metric("submit_to_first_result_s", "submit → first result", "s", _L, "from the first process started to the probe's row", "start", digits=1),
    Metric("send_lag_p999_ms", "send lag p99.9", "ms", _L, "due → first write attempt possible, over all batches", "certificate", digits=1),
    Metric("reader_floor_p99_ms", "reader's floor p99", "ms", _L, "visible − appended under at-least-once: what the reader adds, and how far a broker's clock elsewhere is behind", "visible", digits=1),
    Metric("player_cpu_us_per_request", "player per request", "µs", _N, "the least processor time in which the player made a request, without an engine: the machine's speed", "the-machine", digits=1),
    Metric("tool_cores", "streambench itself", "cores", _L, "player, reader, samplers and display in the measured part", "cost", digits=3),
)
# fmt: on

BY_NAME = {metric.name: metric for metric in METRICS}
