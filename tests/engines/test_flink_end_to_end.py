"""Flink on a real broker: exact results, under exactly-once, deaths included."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from streambench.engines.flink import ENGINE
from streambench.kafka.reader import read_uncommitted_count
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.plan import Role
from streambench.runtime.waiting import wait_until
from tests.engines.cluster_lab import (
    GRACE_MS,
    ORIGIN_MS,
    WINDOW_MS,
    ClusterLab,
    Row,
    running,
)
from tests.engines.deaths_lab import (
    duplicates,
    hit,
    rows_after_a_coordinators_death,
    rows_after_a_kill,
    rows_after_a_sleep,
    wait_healthy,
    wrong_rows,
)

pytestmark = pytest.mark.engine

VARIANTS = [("spare", Guarantee.EXACTLY_ONCE), ("adaptive", Guarantee.EXACTLY_ONCE)]


def test_every_row_comes_out_once_and_right_and_late_ones_are_counted(tmp_path: Path) -> None:
    # At-least-once goes the whole way in tests/end_to_end.
    with running(ENGINE, Conditions(guarantee=Guarantee.EXACTLY_ONCE), tmp_path) as lab:
        lab.windows(0, 6)
        lab.close_windows(6)
        lab.wait_for_rows()
        assert lab.rows == lab.right_rows()
        wait_healthy(lab)
        readings = lab.job.readings()
        assert readings.late_counter == 0
        assert readings.restarts == 0
        # Some were due before its tasks ran, and no other one failed.
        failed = readings.words["failed checkpoints"]
        assert failed == "0" or failed.endswith("not begun")
        assert readings.gc_pauses
        asked = {(s.scope, s.name): s.value for s in lab.plan.settings}
        told = {key: value for key, value in readings.effective.items() if key in asked}
        assert len(told) > 20
        loose = {("job", "restart-strategy.type"), ("job", "state.backend.type")}
        assert {k: v for k, v in told.items() if k not in loose} == {
            k: asked[k] for k in told if k not in loose
        }
        assert len(lab.job.targets(Role.WORKER)) == 2
        assert lab.job.targets(Role.SUBMITTER) == ()

        expected = {key: list(prices) for key, prices in lab.expected.items()}
        lab.windows(0, 1)  # again: all of them late
        lab.expected = expected
        lab.windows(10, 2)
        lab.close_windows(12)
        lab.wait_for_rows()
        assert lab.rows == lab.right_rows()
        late = lab.job.readings().late_counter
        assert late is not None
        assert late > 0
        lab.job.stop()
        assert [child.role for child in lab.supervisor.children()] == [Role.BROKER]
        assert lab.no_death()


def test_a_window_is_open_until_an_event_reaches_its_end_plus_the_grace(tmp_path: Path) -> None:
    last_ms = ORIGIN_MS + 2 * WINDOW_MS - 1  # of the second window
    with running(ENGINE, Conditions(), tmp_path) as lab:
        lab.windows(0, 2)
        for key in range(20):
            lab.view(f"c{key}", 7, last_ms + GRACE_MS)
        lab.producer.flush()
        # The first window's rows come by the watermark that these make, and only by it.
        wait_until(
            lambda: (
                {row[:2] for row in _read(lab)} >= {(f"c{key}", ORIGIN_MS) for key in range(20)}
            ),
            what="the first window's rows",
            timeout_s=180,
        )
        for key in range(20):
            lab.view(f"c{key}", 9, last_ms)
            lab.view(f"c{key}", 9, last_ms)
        lab.close_windows(4)
        lab.wait_for_rows()
        assert lab.rows == lab.right_rows()


def test_a_killed_task_manager_loses_nothing_and_state_stays_exact(tmp_path: Path) -> None:
    with running(ENGINE, Conditions(guarantee=Guarantee.EXACTLY_ONCE), tmp_path) as lab:
        lab.windows(0, 4, keys=400)
        lab.close_windows(4)
        lab.wait_for_rows()
        wait_healthy(lab)
        # More than one transaction's rows are out, the last ones not yet committed.
        lab.windows(5, 6, keys=400)
        lab.close_windows(11)
        wait_until(lambda: _written(lab) > sum(lab.rows.values()), what="more rows", timeout_s=60)
        assert lab.job.readings().failures_noticed_ms == ()
        victim = lab.job.targets(Role.WORKER)[0]
        hit_ms = hit(lab, victim, signal.SIGKILL)
        lab.windows(12, 4, keys=400)
        lab.close_windows(16)
        wait_until(lab.complete, what="every row", timeout_s=180)
        wait_healthy(lab)
        lab.read()
        assert not wrong_rows(lab)
        assert duplicates(lab) == 0
        assert [death.name for death in lab.supervisor.deaths()] == [victim.name]
        # Its metrics are fetched every few seconds only.
        wait_until(lambda: lab.job.readings().restarts, what="the count of restarts", timeout_s=30)
        readings = lab.job.readings()
        assert readings.failures_noticed_ms
        assert readings.failures_noticed_ms[0] >= hit_ms
        assert len(lab.job.targets(Role.WORKER)) == 2


def test_a_task_manager_that_wakes_after_it_was_given_up_does_no_harm(tmp_path: Path) -> None:
    # Its slot is missing meanwhile: the job waits for it.
    lab = rows_after_a_sleep(ENGINE, Guarantee.EXACTLY_ONCE, tmp_path, others_take_over=False)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0


@pytest.mark.parametrize(("name", "guarantee"), VARIANTS)
def test_a_variant_of_it_is_right_after_a_kill_and_comes_back(
    tmp_path: Path, name: str, guarantee: Guarantee
) -> None:
    variant = Variant(ENGINE.name, ENGINE.version, name=name)
    lab = rows_after_a_kill(ENGINE, guarantee, tmp_path, variant)
    assert not wrong_rows(lab)
    if guarantee is Guarantee.EXACTLY_ONCE:
        assert duplicates(lab) == 0


def test_a_spare_task_manager_is_not_hit_and_takes_over(tmp_path: Path) -> None:
    variant = Variant(ENGINE.name, ENGINE.version, name="spare")
    conditions = Conditions(restart_delay_ms=None)
    with running(ENGINE, conditions, tmp_path, variant) as lab:
        lab.windows(0, 2)
        lab.close_windows(2)
        lab.wait_for_rows()
        wait_healthy(lab)
        assert len(lab.supervisor.children(Role.WORKER)) == 3
        at_work = {target.name for target in lab.job.targets(Role.WORKER)}
        assert len(at_work) == 2
        victim = lab.job.targets(Role.WORKER)[0]
        hit(lab, victim, signal.SIGKILL)
        # Nobody starts it again: only the spare one can do its work.
        lab.windows(3, 2)
        lab.close_windows(5)
        wait_until(lab.complete, what="every row", timeout_s=60)
        assert not wrong_rows(lab)
        left = {child.name for child in lab.supervisor.children(Role.WORKER)}
        assert {target.name for target in lab.job.targets(Role.WORKER)} == left
        assert left - at_work


def test_a_job_goes_on_from_its_checkpoint_when_its_job_manager_died(tmp_path: Path) -> None:
    lab = rows_after_a_coordinators_death(ENGINE, Guarantee.EXACTLY_ONCE, tmp_path)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0


def _read(lab: ClusterLab) -> Counter[Row]:
    lab.read()
    return lab.rows


def _written(lab: ClusterLab) -> int:
    """Rows in the topic, whether committed or not (the flush records' and markers included)."""
    return read_uncommitted_count(lab.bootstrap, "output", lab.partitions)
