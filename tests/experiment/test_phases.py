"""Commits that always meet the closings of windows at the same few phases are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from streambench.cli.planning import make_requests
from streambench.cli.sweeps import sweep_axes
from streambench.experiment.phases import closing_interval_ms, phase_count, phase_warnings
from streambench.experiment.request import Request
from streambench.model.conditions import Conditions, Guarantee
from streambench.workload.locate import find
from streambench.workload.parse import load_workload


def requests(guarantee: Guarantee, *sweeps: str) -> tuple[Request, ...]:
    return make_requests(
        sweep_axes(None, sweeps, None),
        workload="clicks",
        engines=("reference",),
        settings=(),
        conditions=Conditions(guarantee=guarantee),
        rate_per_s=None,
        measured_s=None,
        warm_up_s=None,
        faults=None,
        quick=False,
        repeats=1,
        seed=1,
        out=Path("results"),
        command="test",
    )


@pytest.mark.parametrize(
    ("interval_ms", "every_ms", "phases"),
    [(970, 500, 97), (100, 500, 1), (300, 500, 3), (500, 500, 1), (1_000, 500, 2), (970, 970, 1)],
)
def test_phases_are_counted_as_they_are_met(interval_ms: int, every_ms: int, phases: int) -> None:
    met = {number * every_ms % interval_ms for number in range(10 * interval_ms)}
    assert phase_count(interval_ms, every_ms) == len(met) == phases


def test_only_intervals_that_meet_few_phases_are_told_and_each_once() -> None:
    said = phase_warnings(requests(Guarantee.EXACTLY_ONCE, "commit=100ms,300ms,970ms"))
    assert [("100 ms" in each, "300 ms" in each) for each in said] == [(True, False), (False, True)]
    assert "one phase only" in said[0]
    assert "3 phases only" in said[1]
    twice = requests(Guarantee.EXACTLY_ONCE, "commit=100ms,970ms", "workers=1,2")
    assert len(phase_warnings(twice)) == 1


def test_the_usual_interval_and_rows_that_wait_for_no_commit_are_not_told() -> None:
    assert phase_warnings(requests(Guarantee.EXACTLY_ONCE)) == ()
    assert phase_warnings(requests(Guarantee.AT_LEAST_ONCE, "commit=100ms,300ms")) == ()


def test_a_replays_windows_close_as_often_as_it_is_played() -> None:
    flights = load_workload(find("flights"))
    assert closing_interval_ms(flights) == 3_600_000 / 1_800
    (usual,) = requests(Guarantee.EXACTLY_ONCE)
    assert phase_warnings((replace(usual, workload=flights),)) == ()
