"""How fast an engine worked off what was there at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged
from streambench.results.windows import window_times


@dataclass(frozen=True)
class DrainProgress:
    """When the first and the last window were complete, in s since the beginning, and the best second."""

    first_s: float
    last_s: float
    peak_per_s: float


def drain_progress(
    judged: Judged, expected: Expected, *, start_realtime_ns: int, visible: bool
) -> DrainProgress | None:
    """How a drain went on, by complete windows; None when one never was.

    The peak is over one second, or over the whole drain where that is shorter.
    """
    times = window_times(judged, expected, start_realtime_ns=start_realtime_ns)
    complete_ms = times.complete_visible_ms if visible else times.complete_appended_ms
    wanted = times.expected_rows > 0
    if not wanted.any() or not np.isfinite(complete_ms[wanted]).all():
        return None
    done_s = complete_ms[wanted] / 1000
    records = times.input_records[wanted]
    order = np.argsort(done_s, kind="stable")
    done_s, total = done_s[order], np.cumsum(records[order])
    first_s, last_s = float(done_s[0]), float(done_s[-1])
    # Of every second that begins with a complete window: what was completed within it.
    until = np.searchsorted(done_s, done_s + 1.0, side="right") - 1
    within = total[until] - total + records[order]
    span_s = max(last_s - first_s, 1e-3)
    peak_per_s = float(within.max()) if span_s > 1 else float(total[-1]) / max(last_s, 1e-3)
    return DrainProgress(first_s, last_s, peak_per_s)
