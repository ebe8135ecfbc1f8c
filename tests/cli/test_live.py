"""What is shown while a run goes on: at most 80 columns, readable without colour, and nothing unknown."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from streambench.cli.live import RunClock, TrialDisplay, bars
from streambench.trial.observer import Phase, Status

PLAYED = Status(
    Phase.MEASURED,
    rate_per_s=20_000,
    rows_read=12_345,
    left_s=12.0,
    note="40,000 passed, 60,000 failed",
    load_s=30.0,
    rows_due=28_098,
    behind_s=0.4,
)


def drawn(status: Status, clock: RunClock | None = None) -> list[str]:
    console = Console(file=io.StringIO(), width=80, no_color=True, force_terminal=True)
    shown = clock or RunClock(600.0, clock=lambda: 0.0)
    heading = "2 of 4: Spark Structured Streaming, with a very long name of its own"
    console.print(bars(shown, heading, status, 3.0))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_load_shows_what_comes_in_what_came_out_and_how_far_behind_it_is() -> None:
    lines = drawn(PLAYED)
    assert all(len(line) <= 80 for line in lines)
    text = "\n".join(lines)
    assert "about 10 min left" in text
    assert "measured · 12 s left" in text
    assert "20,000 events/s offered · 12,345 of 28,098 rows came · 0.4 s behind" in text
    assert "40,000 passed, 60,000 failed" in text


def test_the_bar_of_a_load_is_as_full_as_it_is_played() -> None:
    (half,) = (line for line in drawn(PLAYED) if line.startswith("load"))
    (done,) = (
        line
        for line in drawn(Status(Phase.MEASURED, left_s=0.0, load_s=30.0))
        if line.startswith("load")
    )
    assert 0 < half.count("━") <= done.count("━")


def test_what_is_not_known_is_not_shown() -> None:
    text = "\n".join(drawn(Status(Phase.LAUNCH), RunClock(None, clock=lambda: 0.0)))
    assert "launch · for 3 s" in text
    for word in ("None", "left", "behind", "rows", "load"):
        assert word not in text


def test_the_time_left_is_told_by_the_trials_that_are_over() -> None:
    now = [0.0]
    clock = RunClock(1_000.0, clock=lambda: now[0])
    now[0] = 40.0  # something was set up before
    clock.begins(1, 4)
    assert clock.left_s == 960
    now[0] = 140.0
    clock.begins(2, 4)
    assert clock.left_s == 300
    now[0] = 200.0
    assert clock.left_s == 240
    # A second job of the same trial is no trial that is over.
    clock.begins(2, 4)
    assert clock.finished == 1
    now[0] = 900.0
    assert clock.left_s == 0


@pytest.mark.parametrize("note", [None, "the first rate"])
def test_without_a_terminal_there_is_one_word_a_phase(note: str | None) -> None:
    told: list[bool] = []
    display = TrialDisplay(lambda status, since_s, changed: told.append(changed))
    for _ in range(3):
        display.status(Status(Phase.MEASURED, note=note))
    display.status(Status(Phase.STOP, note=note))
    assert told == [True, False, False, True]
