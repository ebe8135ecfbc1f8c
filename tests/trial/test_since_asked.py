"""A load of a job is charged with its own checkpoints, and not with those of the loads before it."""

from __future__ import annotations

from streambench.engines.protocol import Readings
from streambench.trial.since_asked import SinceAsked


def test_each_time_only_what_came_since_counts() -> None:
    since = SinceAsked()
    since.played(1_000)  # it warmed the job
    since.played(500)
    first = since.asked(Readings(checkpoint_bytes=30_000))
    assert (first.readings.checkpoint_bytes, first.records) == (30_000, 1_500)
    since.played(4_000)
    second = since.asked(Readings(checkpoint_bytes=50_000))
    assert (second.readings.checkpoint_bytes, second.records) == (20_000, 4_000)


def test_an_engine_without_checkpoints_stays_without() -> None:
    since = SinceAsked()
    since.played(10)
    assert since.asked(Readings(restarts=3)).readings == Readings(restarts=3)
    assert since.asked(Readings()).records == 0
