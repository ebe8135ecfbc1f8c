"""When what happens in a trial: spans of the load, probe, closer and flush records."""

from __future__ import annotations

import math
from dataclasses import dataclass

from streambench.load.trace import Trace
from streambench.model.trial import Purpose, Segment, Span
from streambench.model.workload import Query, Workload

COOL_DOWN_MARGIN_MS = 2_000  # stands for the p99 of the result delay, which is not known beforehand


def cool_down_ms(workload: Workload) -> int:
    """How long the load must go on after the measured part, in ms of due time.

    Without it the last measured windows would close with the load off.
    """
    closing_ms = workload.query.window.horizon_ms(workload.query.grace_ms)
    return math.ceil(closing_ms / workload.speed) + COOL_DOWN_MARGIN_MS


def spans(
    workload: Workload, *, warm_up_ms: int, measured_ms: int, recovery_ms: int = 0
) -> tuple[Span, ...]:
    """Warm-up, measured, recovery where there are faults, and cool-down, one after another."""
    steady_end_ms = warm_up_ms + measured_ms
    end_ms = steady_end_ms + recovery_ms
    disturbed = (Span(Purpose.RECOVERY, steady_end_ms, end_ms),) if recovery_ms else ()
    return (
        Span(Purpose.WARM_UP, 0, warm_up_ms),
        Span(Purpose.MEASURED, warm_up_ms, steady_end_ms),
        *disturbed,
        Span(Purpose.COOL_DOWN, end_ms, end_ms + cool_down_ms(workload)),
    )


def duration_ms(segment_spans: tuple[Span, ...]) -> int:
    """Length of the load that these spans need."""
    return max(span.end_ms for span in segment_spans)


@dataclass(frozen=True)
class EventTimes:
    """Where the records around the load lie in event time, in ms relative to the trace's origin.

    The probe's window and the closer's lie wholly before the first window of the load, the flush
    record's wholly after its last, so none of them meets the oracle. Another load may have events
    from `free_from_ms` on.
    """

    first_window_ms: int
    last_window_end_ms: int
    probe_ms: int
    closer_ms: int
    flush_ms: int
    free_from_ms: int


def event_times(trace: Trace, query: Query) -> EventTimes:
    """Place probe, closer and flush around the trace's event times."""
    window = query.window
    first_ms = window.oldest(trace.meta.min_event_ms)
    last_end_ms = window.end(window.newest(trace.meta.max_event_ms))
    apart = window.count_over(window.horizon_ms(query.grace_ms))
    flush_ms = window.shifted(last_end_ms, apart)
    return EventTimes(
        first_window_ms=first_ms,
        last_window_end_ms=last_end_ms,
        probe_ms=window.shifted(first_ms, -5 * apart),
        closer_ms=window.shifted(first_ms, -3 * apart),
        flush_ms=flush_ms,
        free_from_ms=window.closes_at(flush_ms, query.grace_ms),
    )


def event_offset_ms(
    trace: Trace, query: Query, *, start_realtime_ms: int, not_before_ms: int = 0
) -> int:
    """What is added to every event time of this trial; a multiple of the window's advance.

    Where event time follows the due instant the offset is the start itself. A replay keeps its own
    scale of time, so its first load is shifted to end before now. Loads after it go on from
    `not_before_ms`, the event time behind which they must lie, and that may be ahead of the clock.
    """
    if trace.meta.event_time_follows_due:
        return query.window.grid(start_realtime_ms)
    times, window = event_times(trace, query), query.window
    usual_ms = window.grid(start_realtime_ms - times.flush_ms)
    if not not_before_ms:
        return usual_ms
    return max(usual_ms, window.shifted(window.grid(not_before_ms - times.first_window_ms), 1))


def earliest_start_ms(trace: Trace, query: Query, not_before_ms: int) -> int:
    """When a load may start so that its first window begins at `not_before_ms` or later.

    A replay may start at any time, as its event times have nothing to do with that. Of other loads the
    offset is rounded down to a multiple of the window's advance, and its first events lie before
    its start.
    """
    if not trace.meta.event_time_follows_due:
        return 0
    return query.window.shifted(not_before_ms - event_times(trace, query).first_window_ms, 1)


def segment_of(
    trace: Trace, workload: Workload, *, warm_up_ms: int, measured_ms: int, recovery_ms: int = 0
) -> Segment:
    """The trace with its spans; a file that is played once is as long as it is, whatever is asked."""
    if workload.pace is not None:
        parts = spans(
            workload, warm_up_ms=warm_up_ms, measured_ms=measured_ms, recovery_ms=recovery_ms
        )
        return Segment(trace.ref, parts)
    end_ms = trace.meta.duration_ms
    measured_end_ms = max(warm_up_ms, end_ms - cool_down_ms(workload))
    parts = (
        Span(Purpose.WARM_UP, 0, warm_up_ms),
        Span(Purpose.MEASURED, warm_up_ms, measured_end_ms),
        Span(Purpose.COOL_DOWN, measured_end_ms, end_ms),
    )
    return Segment(trace.ref, parts)
