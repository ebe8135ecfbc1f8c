"""Flink on a real broker: exact results, under exactly-once, deaths included."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from streambench.engines.flink import ENGINE
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.plan import Role
from streambench.runtime.waiting import wait_until
from tests.beside import Act, Ended, acts
from tests.engines.cluster_lab import GRACE_MS, ClusterLab, Row, given_up, running
from tests.engines.deaths_lab import (
    duplicates,
    hit,
    kill_a_worker,
    kill_the_coordinator,
    stop_a_worker,
    wrong_rows,
)

pytestmark = pytest.mark.engine


# At-least-once goes the whole way in tests/end_to_end.
EXACTLY_ONCE = Conditions(guarantee=Guarantee.EXACTLY_ONCE)


@pytest.fixture(scope="module", autouse=True)
def ended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ended]:
    """Variants have clusters of their own, beside the one that all other tests have."""
    with acts(request, tmp_path_factory, at_once=1, given_up=given_up()) as ended:
        yield ended


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterLab]:
    with running(ENGINE, EXACTLY_ONCE, tmp_path_factory.mktemp("flink")) as lab:
        yield lab


@pytest.fixture
def lab(started: ClusterLab) -> ClusterLab:
    """One cluster and one job for all tests that ask nothing else of them."""
    started.begin_again()
    return started


def test_every_row_comes_out_once_and_right_and_late_ones_are_counted(lab: ClusterLab) -> None:
    lab.windows(0, 6)
    lab.close_windows(6)
    lab.wait_for_rows()
    assert lab.rows == lab.right_rows()
    lab.wait_healthy()
    readings = lab.job.readings()
    late_before = lab.before.late_counter or 0
    assert readings.late_counter == late_before
    assert readings.restarts == (lab.before.restarts or 0)
    # Some were due before its tasks ran, and no other one failed.
    failed = readings.words["failed checkpoints"]
    assert failed.endswith("not begun") or failed == lab.before.words.get("failed checkpoints", "0")
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
    assert late > late_before
    assert lab.no_death()


def test_a_window_is_open_until_an_event_reaches_its_end_plus_the_grace(lab: ClusterLab) -> None:
    last_ms = lab.begin_of(2) - 1  # of the second window
    first = {(f"c{key}", lab.begin_of(0)) for key in range(20)}
    lab.windows(0, 2)
    for key in range(20):
        lab.view(f"c{key}", 7, last_ms + GRACE_MS)
    lab.producer.flush()
    # The first window's rows come by the watermark that these make, and only by it.
    wait_until(
        lambda: {row[:2] for row in _read(lab)} >= first,
        what="the first window's rows",
        timeout_s=180,
    )
    for key in range(20):
        lab.view(f"c{key}", 9, last_ms)
        lab.view(f"c{key}", 9, last_ms)
    lab.close_windows(4)
    lab.wait_for_rows()
    assert lab.rows == lab.right_rows()


def test_a_killed_task_manager_loses_nothing_and_state_stays_exact(lab: ClusterLab) -> None:
    kill_a_worker(lab)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0
    assert len(lab.job.targets(Role.WORKER)) == 2


def test_a_task_manager_that_wakes_after_it_was_given_up_does_no_harm(lab: ClusterLab) -> None:
    # Its slot is missing meanwhile: the job waits for it.
    stop_a_worker(lab, others_take_over=False)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0


def test_a_job_goes_on_from_its_checkpoint_when_its_job_manager_died(lab: ClusterLab) -> None:
    kill_the_coordinator(lab)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0


def a_spare_one_is_right_after_a_kill_and_comes_back(folder: Path) -> None:
    right_after_a_kill("spare", folder)


def an_adaptive_one_is_right_after_a_kill_and_comes_back(folder: Path) -> None:
    right_after_a_kill("adaptive", folder)


def right_after_a_kill(name: str, folder: Path) -> None:
    variant = Variant(ENGINE.name, ENGINE.version, name=name)
    with running(ENGINE, EXACTLY_ONCE, folder, variant) as lab:
        kill_a_worker(lab)
        assert not wrong_rows(lab)
        assert duplicates(lab) == 0


def a_spare_task_manager_is_not_hit_and_takes_over(folder: Path) -> None:
    variant = Variant(ENGINE.name, ENGINE.version, name="spare")
    conditions = Conditions(restart_delay_ms=None)
    with running(ENGINE, conditions, folder, variant) as lab:
        lab.windows(0, 2)
        lab.close_windows(2)
        lab.wait_for_rows()
        lab.wait_healthy()
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
        lab.job.stop()
        assert lab.supervisor.children() == ()


@pytest.mark.parametrize(
    "act",
    [
        a_spare_one_is_right_after_a_kill_and_comes_back,
        an_adaptive_one_is_right_after_a_kill_and_comes_back,
        a_spare_task_manager_is_not_hit_and_takes_over,
    ],
    ids=lambda act: act.__name__,
)
def test_of_a_variant(ended: Ended, act: Act) -> None:
    ended(act)


def _read(lab: ClusterLab) -> Counter[Row]:
    lab.read()
    return lab.rows
