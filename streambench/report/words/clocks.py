"""For which partition an engine's event clock waited, in words."""

from __future__ import annotations

from typing import assert_never

from streambench.analysis.clock_waits import longest_clock_waits
from streambench.analysis.variants import Standing
from streambench.model.numbers import number, plural
from streambench.model.plan import EventClock
from streambench.model.trial import ClockWait

CLOCK_WAITS_INTRODUCED = (
    "An engine's event clock may have to wait for the records of one partition. The result delay "
    "contains that wait; the engine's own part does not."
)


def clock_wait_words(stand: Standing) -> list[str]:
    """One text for each partition that was waited for a second or more, over all trials of the variant."""
    return [f"{stand.title}: {_words(wait)}" for wait in longest_clock_waits(stand)]


def _words(wait: ClockWait) -> str:
    return f"{_why(wait)} {_for_whom(wait)} {_how_long(wait)}"


def _why(wait: ClockWait) -> str:
    if wait.silent_from_ms is None:
        return f"the event times of partition {wait.partition} were behind those of the others."
    since = f"from {number(wait.silent_from_ms / 1_000, 1)} s of the load"
    until = (
        "to its end"
        if wait.silent_until_ms is None
        else f"to {number(wait.silent_until_ms / 1_000, 1)} s"
    )
    return f"partition {wait.partition} was silent {since} {until}: no record moved its clock."


def _for_whom(wait: ClockWait) -> str:
    match wait.clock:
        case EventClock.MIN_OF_PARTITIONS:
            return "This engine's clock is that of the slowest partition, so every window waits for it."
        case EventClock.PER_PARTITION:
            return "This engine has a clock for each partition, so the windows of its keys wait for it."
        case EventClock.AFTER_REPARTITION:
            return (
                "This engine has a clock for each partition of the topic to which it moves records, so the "
                "windows of its keys wait for it."
            )
        case EventClock.GLOBAL_PER_BATCH:
            return "This engine's clock is that of the fastest partition."
        case EventClock.OF_ITS_OWN:
            return "This engine runs a program by hand, and when that takes a window for over is not known."
        case _:
            assert_never(wait.clock)


def _how_long(wait: ClockWait) -> str:
    windows = plural(wait.windows, "measured window")
    return f"{windows} waited 1 s or more, {number(wait.longest_ms / 1_000, 1)} s at most."
