"""Spark on a real broker: exact results, deaths included."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.engines.spark import ENGINE
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.plan import Role
from tests.engines.cluster_lab import running
from tests.engines.deaths_lab import (
    rows_after_a_coordinators_death,
    rows_after_a_kill,
    wait_healthy,
    wrong_rows,
)

pytestmark = pytest.mark.engine


def test_every_row_comes_out_once_and_right_and_late_ones_are_counted(tmp_path: Path) -> None:
    with running(ENGINE, Conditions(), tmp_path) as lab:
        lab.windows(0, 6)
        lab.close_windows(6)
        lab.wait_for_rows()
        assert lab.rows == lab.right_rows()
        wait_healthy(lab)
        readings = lab.job.readings()
        assert readings.late_counter == 0
        assert readings.restarts == 0
        assert readings.gc_pauses
        asked = {(s.scope, s.name): s.value for s in lab.plan.settings}
        told = {key: value for key, value in readings.effective.items() if key in asked}
        assert len(told) > 10
        assert told == {key: asked[key] for key in told}
        assert told["query", "trigger"] == "as soon as possible"

        expected = {key: list(prices) for key, prices in lab.expected.items()}
        lab.windows(0, 1)  # again: all of them late
        lab.expected = expected
        lab.windows(10, 2)
        lab.close_windows(12)
        lab.wait_for_rows()
        assert lab.rows == lab.right_rows()
        readings = lab.job.readings()
        assert readings.late_counter is not None
        assert readings.late_counter > 0
        assert readings.batches
        watermarks = [watermark for watermark, _ in readings.batches]
        assert watermarks == sorted(watermarks)
        ends = readings.batches[-1][1]
        assert sorted(ends) == list(range(lab.partitions))

        assert len(lab.job.targets(Role.WORKER)) == 2
        lab.job.stop()
        assert [child.role for child in lab.supervisor.children()] == [Role.BROKER]
        assert lab.no_death()


def test_a_trigger_of_a_second_makes_the_same_rows_and_the_query_says_that_it_has_it(
    tmp_path: Path,
) -> None:
    variant = Variant(ENGINE.name, ENGINE.version, name="trigger-1s")
    with running(ENGINE, Conditions(), tmp_path, variant) as lab:
        lab.windows(0, 6)
        lab.close_windows(6)
        lab.wait_for_rows()
        assert lab.rows == lab.right_rows()
        wait_healthy(lab)
        assert lab.job.readings().effective["query", "trigger"] == "1000 ms"
        lab.job.stop()


def test_a_killed_worker_loses_nothing_and_state_stays_exact(tmp_path: Path) -> None:
    lab = rows_after_a_kill(ENGINE, Guarantee.AT_LEAST_ONCE, tmp_path)
    assert not wrong_rows(lab)


def test_a_driver_that_is_killed_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    lab = rows_after_a_coordinators_death(ENGINE, Guarantee.AT_LEAST_ONCE, tmp_path)
    assert not wrong_rows(lab)
