"""Executors that have room are waited for while their nodes fetch Spark; those that have none are not."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from streambench.engines.spark import driver

WANTED = 2


class Clock:
    """Time that passes with each sleep alone."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, _: float) -> None:
        self.now_s += 2.0

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(driver, "time", found)
    return found


def come_after(clock: Clock, instants_s: Sequence[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """An executor registers at each of these instants."""
    monkeypatch.setattr(
        driver, "executors_of", lambda _: sum(clock.now_s >= instant for instant in instants_s)
    )


def told(written: io.StringIO) -> Iterator[Any]:
    return (json.loads(line) for line in written.getvalue().splitlines())


def test_executors_that_have_room_may_take_long_and_it_is_told_how_many_came(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_after(clock, (200.0, 300.0), monkeypatch)
    written = io.StringIO()
    driver.wait_for_executors(None, WANTED, driver.ProgressLines(written), lambda: WANTED)
    assert [line["why"] for line in told(written)] == [
        "0 of 2 executors are there",
        "1 of 2 executors are there",
    ]


@pytest.mark.parametrize("given", [0, 1])
def test_where_there_is_no_room_for_all_they_are_given_up_after_a_minute(
    given: int, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_after(clock, (10.0,) * given, monkeypatch)
    written = io.StringIO()
    with pytest.raises(SystemExit, match=f"{given} of 2 executors have come"):
        driver.wait_for_executors(None, WANTED, driver.ProgressLines(written), lambda: given)
    *_, last = told(written)
    assert (last["event"], last["have"], last["wanted"]) == ("lacking", given, WANTED)
    assert 60 < clock.now_s < 70


def test_room_that_was_taken_away_again_is_missed_a_minute_later(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_after(clock, (), monkeypatch)
    written = io.StringIO()
    with pytest.raises(SystemExit):
        driver.wait_for_executors(
            None,
            WANTED,
            driver.ProgressLines(written),
            lambda: WANTED if clock.now_s < 100 else 0,
        )
    assert 155 < clock.now_s < 170
