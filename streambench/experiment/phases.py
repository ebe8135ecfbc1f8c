"""Whether commits meet the closings of windows at few phases only (docs/method.md, a trial)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from streambench.model.conditions import Conditions
from streambench.model.plan import Plan, Setting
from streambench.model.windows import played_apart_ms
from streambench.model.workload import Workload
from streambench.model.written import DECIMAL
from streambench.results.statistics import WINDOWS_FOR_ANY_PERCENTILE
from streambench.workload.durations import windows_words

# Phases are spread when no gap between those of all windows is wider than this share of the interval.
# Four phases at equal distances are enough: their mean is within an eighth of any other's.
_WIDEST_GAP: Final = 0.25
# Closings are spread by more than this through disorder and quanta.
_SHORTEST_MS: Final = 20.0
_FURTHEST_MS: Final = 200
_SETTINGS: Final = frozenset(
    (
        "execution.checkpointing.interval",  # Flink
        "commit.interval.ms",  # Kafka Streams
        "worker.commit_interval_ms",  # the Python consumer
        "commit_interval_ms",  # the reference engine
        "trigger",  # Spark, where one is set
    )
)
_VALUE: Final = re.compile(
    rf"({DECIMAL})\s*(ms|milliseconds?|s|sec|seconds?|min|minutes?|h|hours?)?"
)
_UNIT_MS: Final = {"m": 60_000.0, "s": 1_000.0, "h": 3_600_000.0}


@dataclass(frozen=True)
class Unlocked:
    """The terms with an interval whose phases are spread, where one may be taken; `told` is what to say of it."""

    conditions: Conditions
    told: str | None = None


@dataclass(frozen=True)
class Closings:
    """So many windows close, so far apart (ms of the load's own time); `called` is what users call them."""

    windows: int
    apart_ms: float
    called: str

    @property
    def words(self) -> str:
        """`windows of 500 ms`."""
        return self.called


def closings(workload: Workload, measured_ms: int) -> Closings:
    """Those of a measured part; of a replay, whose length is its file's, as many as earn a percentile."""
    window = workload.query.window
    apart_ms = played_apart_ms(window, workload.speed)
    windows = WINDOWS_FOR_ANY_PERCENTILE
    if workload.pace is not None:
        windows = max(windows, workload.played_window.count_in(measured_ms))
    return Closings(windows, apart_ms, windows_words(window))


def locks_phase(interval_ms: float, closing: Closings) -> bool:
    """Whether windows close at so few phases of the interval that delays hang on them.

    So it is where the interval divides the window, or two or three windows, and where it nearly does:
    the phases of all windows then leave a gap of more than a quarter of the interval.
    """
    if interval_ms <= _SHORTEST_MS:
        return False
    phases = sorted(n * closing.apart_ms % interval_ms for n in range(closing.windows))
    around = [*phases, phases[0] + interval_ms]
    return max(later - earlier for earlier, later in pairwise(around)) > _WIDEST_GAP * interval_ms


def unlocked(closing: Closings, conditions: Conditions, *, chosen: bool = False) -> Unlocked:
    """The same terms, their usual interval moved where it would lock; a `chosen` one stays, and is told of."""
    interval_ms = conditions.commit_interval_ms
    if not locks_phase(interval_ms, closing):
        return Unlocked(conditions)
    if chosen or interval_ms != Conditions().commit_interval_ms:
        return Unlocked(
            conditions,
            f"the commit interval of {interval_ms} ms meets the closings of {closing.words} at few "
            "phases; delays may hang on them",
        )
    free = (each for each in _nearest(interval_ms) if not locks_phase(each, closing))
    moved_ms = next(free, interval_ms)
    told = (
        f"the commit interval is {moved_ms} ms for every engine, not the usual {interval_ms} ms, at which "
        f"commits would meet the closings of {closing.words} at few phases"
    )
    return Unlocked(replace(conditions, commit_interval_ms=moved_ms), told)


def _lock_warning(title: str, plan: Plan, closing: Closings, conditions: Conditions) -> str | None:
    """What is to be said of an interval of the engine's own or the user's; None where phases are spread."""
    for setting in plan.settings:
        interval_ms = _interval_ms(setting)
        if interval_ms is None or interval_ms == conditions.commit_interval_ms:
            continue
        if locks_phase(interval_ms, closing):
            return (
                f"{title}: {setting.name} is {interval_ms:g} ms ({setting.origin.value}), which meets the "
                f"closings of {closing.words} at few phases; "
                "its delay may hang on them"
            )
    return None


def _nearest(interval_ms: int) -> Iterator[int]:
    for away_ms in range(1, _FURTHEST_MS):
        yield interval_ms + away_ms
        yield interval_ms - away_ms


def _interval_ms(setting: Setting) -> float | None:
    """The interval that a setting asks for; None where it is none, or is not written as a time."""
    if setting.name not in _SETTINGS:
        return None
    found = _VALUE.fullmatch(setting.value.strip())
    if found is None:
        return None
    unit = found[2] or "ms"
    return float(found[1]) * (1.0 if unit.startswith(("ms", "mil")) else _UNIT_MS[unit[0]])


def lock_warnings(
    titled: Sequence[tuple[str, Plan]], closing: Closings, conditions: Conditions
) -> tuple[str, ...]:
    """What is to be said of each plan whose interval locks, by its title."""
    found = (_lock_warning(title, plan, closing, conditions) for title, plan in titled)
    return tuple(warning for warning in found if warning is not None)
