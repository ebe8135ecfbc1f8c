"""A job has recovered when all rows of the windows that were due lately have come."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast

from streambench.engines.protocol import State
from streambench.kafka.raw_rows import NO_ROWS, RawRow, RawRows
from streambench.model.windows import Tumbling
from streambench.trial.output_watch import LOOKS, LoadClock, OutputWatch
from tests.oracle.stand_in import COUNT, OFFSET_MS, keyed_windows, query

# T0 was so long ago: the windows looked at lie some seconds behind that.
SINCE_S = 10.0
WINDOWS = range(0, 20_000, 100)


class Blocks:
    """Rows that were written so far; those passed over do not come."""

    def __init__(self) -> None:
        self.written: list[list[RawRow]] = []

    def take(self) -> RawRows:
        return RawRows.of(self.written.pop(0)) if self.written else NO_ROWS

    def skip(self) -> None:
        self.written.clear()


def rows(keys: Iterable[str], starts_ms: Iterable[int] = WINDOWS) -> list[RawRow]:
    return [
        RawRow(
            0,
            0,
            1,
            1,
            None,
            json.dumps({"key": key, "window_start": OFFSET_MS + start, "n": 1}).encode(),
        )
        for start in starts_ms
        for key in keys
    ]


def watch(state: State = State.RUNNING, speed: float = 1.0) -> tuple[OutputWatch, Blocks]:
    blocks = Blocks()
    found = OutputWatch(
        cast(Any, SimpleNamespace(follow_anew=lambda: blocks)),
        cast(Any, SimpleNamespace(healthy=lambda: SimpleNamespace(state=state))),
        query(COUNT, window=Tumbling(round(100 * speed)), grace_ms=round(50 * speed)),
        keyed_windows((key, round(speed * start)) for key in ("a", "b") for start in WINDOWS),
        LoadClock(OFFSET_MS, time.monotonic_ns() - round(SINCE_S * 1e9), speed),
    )
    return found, blocks


def looks(watched: OutputWatch) -> list[bool]:
    return [watched.recovered() for _ in range(LOOKS)]


def test_it_has_recovered_when_all_was_whole_for_some_looks() -> None:
    watched, blocks = watch()
    blocks.written = [rows("a"), rows("b")]
    assert looks(watched) == [False] * (LOOKS - 1) + [True]


def test_of_a_replay_it_is_asked_by_the_clock_of_the_load() -> None:
    """A file's windows are hours long, and follow each other by a tenth of a second as it is played."""
    watched, blocks = watch(speed=36_000)
    so_far = range(0, 10_000, 100)
    blocks.written = [rows("ab", (36_000 * start for start in so_far))]
    assert looks(watched) == [False] * (LOOKS - 1) + [True]
    watched, blocks = watch(speed=36_000)
    blocks.written = [rows("ab", (36_000 * start for start in range(0, 6_000, 100)))]
    assert looks(watched) == [False] * LOOKS


def test_what_came_before_the_restart_does_not_count() -> None:
    watched, blocks = watch()
    blocks.written = [rows("ab")]
    assert looks(watched)[-1]
    blocks.written = [rows("ab")]
    watched.restart()
    assert not any(looks(watched))


def test_a_key_that_is_missing_is_not_made_up_for_by_another() -> None:
    watched, blocks = watch()
    blocks.written = [rows(["a", "?"]), rows("b", WINDOWS[:45]), rows("b", WINDOWS[46:])]
    assert not any(looks(watched))


def test_an_engine_that_does_not_run_has_not_recovered() -> None:
    watched, blocks = watch(State.FAILED)
    blocks.written = [rows("ab")]
    assert not any(looks(watched))
