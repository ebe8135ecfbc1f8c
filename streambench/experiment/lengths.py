"""How long what nobody gave a length is to be: it follows from the workload's window."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from streambench.engines.protocol import Engine
from streambench.experiment.faults import (
    check_faults,
    default_faults,
    longest_jitter_ms,
    needed_ms,
    steady_ms,
)
from streambench.experiment.lacking import lacks
from streambench.model.conditions import Conditions
from streambench.model.fault import Fault
from streambench.model.windows import Tumbling, Window
from streambench.model.workload import Workload
from streambench.results.statistics import WINDOWS_FOR_ANY_PERCENTILE
from streambench.trial.schedule import cool_down_ms
from streambench.workload.durations import show_duration, windows_words

DEFAULT_WARM_UP_MS: Final = 20_000
DEFAULT_MEASURED_MS: Final = 60_000
# A hundred windows of the default workload earn a p99; a sweep has many trials.
DEFAULT_SWEEP_WARM_UP_MS: Final = 5_000
DEFAULT_SWEEP_MEASURED_MS: Final = 50_000
QUICK_WARM_UP_MS: Final = 5_000
QUICK_MEASURED_MS: Final = 10_000

# As many windows as earn a percentile, and two whose closing may fall outside.
WINDOWS: Final = WINDOWS_FOR_ANY_PERCENTILE + 2
# But nobody wants to wait a day unasked: of longer windows fewer are measured, and none is ranked by them.
_LONGEST_MS: Final = 3_600_000
LEAST_WINDOWS: Final = 3
# An outage is told to within a window. Most of them take 1 to 25 s.
LONGEST_WINDOW_FOR_FAULTS_MS: Final = 5_000
# A probe of a search and its confirming trial; as many probes as a search usually takes.
PROBE_WINDOWS: Final = 24
CONFIRM_WINDOWS: Final = 100
_PROBES: Final = 8
_AROUND_A_PROBE_S: Final = 12.0
_AROUND_A_SEARCH_S: Final = 180.0
DEFAULT_BUDGET_S: Final = 1_500.0
_USUAL_WINDOW: Final = Tumbling(500)


@dataclass(frozen=True)
class UsualLengths:
    """Default lengths of the warm-up and of what is measured; `why` they are longer than usual, in words."""

    warm_up_ms: int
    measured_ms: int
    why: str | None = None


def usual_lengths(workload: Workload) -> UsualLengths:
    """Those of a run."""
    return _lengths(workload, DEFAULT_WARM_UP_MS, DEFAULT_MEASURED_MS)


def sweep_lengths(workload: Workload) -> UsualLengths:
    """Those of each point of a sweep."""
    return _lengths(workload, DEFAULT_SWEEP_WARM_UP_MS, DEFAULT_SWEEP_MEASURED_MS)


def quick_lengths(workload: Workload) -> UsualLengths:
    """Those of a short look, which earns no percentile."""
    if workload.pace is None:
        return UsualLengths(QUICK_WARM_UP_MS, QUICK_MEASURED_MS)
    window = workload.played_window
    least_ms = window.span_ms(LEAST_WINDOWS)
    return UsualLengths(
        max(QUICK_WARM_UP_MS, cool_down_ms(workload)),
        max(QUICK_MEASURED_MS, least_ms),
        _why(workload, LEAST_WINDOWS) if least_ms > QUICK_MEASURED_MS else None,
    )


def lengths_unasked(workload: Workload, *, quick: bool, swept: bool, faulty: bool) -> UsualLengths:
    """The lengths that nobody asked for; a sweep with faults measures as long as a run."""
    if quick:
        return quick_lengths(workload)
    if not swept:
        return usual_lengths(workload)
    found = sweep_lengths(workload)
    if not faulty:
        return found
    return dataclasses.replace(usual_lengths(workload), warm_up_ms=found.warm_up_ms)


@dataclass(frozen=True)
class MeasuredLength:
    """How long is measured before the first fault, and from it on.

    `is_usual`: what is undisturbed is as long as nobody asked for. `no_faults` says why the usual faults
    are left out.
    """

    faults: tuple[Fault, ...]
    steady_ms: int
    recovery_ms: int
    is_usual: bool
    no_faults: str | None = None


def measured_length(
    workload: Workload,
    conditions: Conditions,
    engines: Sequence[Engine],
    *,
    faults: tuple[Fault, ...] | None,
    asked_ms: int | None,
    usual_ms: int,
) -> MeasuredLength:
    """What is measured with these faults, the usual ones where None. Raises UsageError."""
    no_faults = None
    if faults is None:
        no_faults = _no_faults_why(workload)
        usual = () if no_faults else _usual_faults(workload, usual_ms, conditions)
        faults = tuple(
            fault
            for fault in usual
            if not any(lacks(engine, conditions, fault.kind) for engine in engines)
        )
    if not faults:
        return MeasuredLength((), asked_ms or usual_ms, 0, asked_ms is None, no_faults)
    total_ms = asked_ms or max(usual_ms, needed_ms(faults, conditions, workload.played_window))
    check_faults(
        faults,
        workload,
        measured_ms=total_ms,
        longest_jitter_ms=longest_jitter_ms(workload, conditions),
    )
    before_ms = steady_ms(faults)
    return MeasuredLength(faults, before_ms, total_ms - before_ms, is_usual=before_ms == usual_ms)


def _usual_faults(workload: Workload, usual_ms: int, conditions: Conditions) -> tuple[Fault, ...]:
    if workload.pace is None:
        return ()
    return default_faults(usual_ms, conditions, workload.played_window)


def _no_faults_why(workload: Workload) -> str | None:
    """Why a run of generated load makes no fault unasked: an outage would not be seen in its windows."""
    window_ms = workload.played_window.advance_ms
    if workload.pace is None or window_ms <= LONGEST_WINDOW_FOR_FAULTS_MS:
        return None
    return (
        f"no fault is made unasked: an outage can be told to within a window, which is "
        f"{show_duration(window_ms)} here"
    )


def _lengths(workload: Workload, warm_up_ms: int, measured_ms: int) -> UsualLengths:
    if workload.pace is None:
        return UsualLengths(warm_up_ms, measured_ms)  # a replay is as long as its file
    window = workload.played_window
    windows = min(WINDOWS, max(LEAST_WINDOWS, window.count_in(_LONGEST_MS)))
    # The first window must have closed, and its rows must have come, before anything is measured.
    warm_up_ms = max(warm_up_ms, cool_down_ms(workload))
    if window.span_ms(windows) <= measured_ms:
        return UsualLengths(warm_up_ms, measured_ms)
    return UsualLengths(warm_up_ms, window.span_ms(windows), _why(workload, windows))


def _why(workload: Workload, windows: int) -> str:
    window = workload.played_window
    takes = show_duration(window.span_ms(windows))
    told = f"{windows} {windows_words(workload.query.window)} are measured, which takes {takes} for each engine"
    if windows >= WINDOWS_FOR_ANY_PERCENTILE:
        return f"{told}: {WINDOWS_FOR_ANY_PERCENTILE} earn a percentile"
    wanted = show_duration(window.span_ms(WINDOWS)).replace(" ", "")
    return (
        f"{told}; {WINDOWS_FOR_ANY_PERCENTILE} would earn a percentile and a rank: "
        f"--duration {wanted}"
    )


def search_budget_s(workload: Workload) -> float:
    """What a search of four engines takes, of a workload with these windows."""
    return DEFAULT_BUDGET_S * _search_s(workload.played_window) / _search_s(_USUAL_WINDOW)


def _search_s(window: Window) -> float:
    window_s = window.shortest_ms / 1_000
    probe_s = max(12_000, window.span_ms(PROBE_WINDOWS)) / 1_000 + window_s
    confirm_s = max(50_000, window.span_ms(CONFIRM_WINDOWS)) / 1_000 + window_s
    return _AROUND_A_SEARCH_S + _PROBES * (probe_s + _AROUND_A_PROBE_S) + confirm_s
