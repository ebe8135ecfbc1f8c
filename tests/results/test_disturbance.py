"""From which shares on a trial is marked or says nothing, and who is to blame for a late load."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streambench.model.machine import ANY_MACHINE, STRICT, MachineUsage, Stranger
from streambench.model.disturbance import Disturbance, disturbance, saturated_by_the_engine

QUIET = MachineUsage(
    idle_share=0.4,
    steal_share=0.0,
    kernel_share=0.01,
    foreign_share=0.005,
    strangers=(),
    cpu_some_share=0.8,
    memory_full_share=0.0,
    io_full_share=0.0,
)
BUSY = (Stranger("cc1", 0.08), Stranger("firefox", 0.03))


def test_a_machine_that_only_the_run_used_is_undisturbed_however_short_of_cores() -> None:
    assert disturbance(QUIET, STRICT) == Disturbance()
    unknown = replace(QUIET, steal_share=None, memory_full_share=None, io_full_share=None)
    assert disturbance(unknown, STRICT) == Disturbance()


@pytest.mark.parametrize(
    ("foreign", "marked", "invalid"),
    [(0.03, False, False), (0.031, True, False), (0.10, True, False), (0.101, False, True)],
)
def test_foreign_work_marks_above_three_and_spoils_above_ten_percent(
    foreign: float, marked: bool, invalid: bool
) -> None:
    found = disturbance(replace(QUIET, foreign_share=foreign, strangers=BUSY), STRICT)
    assert (found.mark is not None, found.invalid is not None) == (marked, invalid)
    for said in filter(None, (found.mark, found.invalid)):
        assert said.startswith("something else was running: ")
        assert said.endswith("(cc1 8%, firefox 3%)")


def test_what_nobody_saw_is_said_to_have_no_name() -> None:
    found = disturbance(replace(QUIET, foreign_share=0.3), STRICT)
    assert found.invalid == (
        "something else was running: 30% of the machine, by processes that were not seen"
    )


@pytest.mark.parametrize(("name", "limit"), [("steal_share", 0.05), ("memory_full_share", 0.05), ("throttled_share", 0.05)])
def test_time_that_the_host_or_a_lack_of_memory_took_spoils(name: str, limit: float) -> None:
    at_limit = replace(QUIET, **{name: limit})  # type: ignore[arg-type]
    above = replace(QUIET, **{name: limit + 0.001})  # type: ignore[arg-type]
    assert disturbance(at_limit, STRICT) == Disturbance()
    assert disturbance(above, STRICT).invalid is not None
    assert disturbance(above, ANY_MACHINE) == Disturbance()


def test_a_late_load_is_the_engines_doing_only_where_it_is_seen_and_nothing_else_was_busy() -> None:
    full = replace(QUIET, idle_share=0.01)
    marked = replace(full, foreign_share=0.05)
    for machine, late, engines in (
        (full, True, True),
        (full, False, False),
        (QUIET, True, False),
        (marked, True, False),
        (replace(full, foreign_share=0.5), True, False),
    ):
        found = disturbance(machine, STRICT)
        for seen in (True, False):
            blamed = saturated_by_the_engine(machine, found, only_late=late, engine_seen=seen)
            assert blamed is (engines and seen)
