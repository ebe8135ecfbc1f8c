"""Spark on a real broker: exact results, deaths included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from streambench.engines.spark import ENGINE
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Role
from tests.beside import Act, Ended, acts
from tests.engines.cluster_lab import ClusterLab, given_up, running
from tests.engines.deaths_lab import kill_a_worker, kill_the_coordinator, wrong_rows

# A silent executor is given up after ten seconds, and no time is looked at.
pytestmark = [pytest.mark.engine, pytest.mark.patient]


@pytest.fixture(scope="module", autouse=True)
def ended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ended]:
    """A variant has an application of its own, beside the one that all other tests have."""
    with acts(request, tmp_path_factory, at_once=1, given_up=given_up()) as ended:
        yield ended


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterLab]:
    with running(ENGINE, Conditions(), tmp_path_factory.mktemp("spark")) as lab:
        yield lab


@pytest.fixture
def lab(started: ClusterLab) -> ClusterLab:
    """One application for all tests that ask nothing else of it."""
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
    assert readings.late_counter > late_before
    assert readings.batches
    watermarks = [watermark for watermark, _ in readings.batches]
    assert watermarks == sorted(watermarks)
    ends = readings.batches[-1][1]
    assert sorted(ends) == list(range(lab.partitions))
    assert len(lab.job.targets(Role.WORKER)) == 2
    assert lab.no_death()


def test_a_killed_worker_loses_nothing_and_state_stays_exact(lab: ClusterLab) -> None:
    kill_a_worker(lab)
    assert not wrong_rows(lab)


def test_a_driver_that_is_killed_goes_on_from_its_checkpoint(lab: ClusterLab) -> None:
    kill_the_coordinator(lab)
    assert not wrong_rows(lab)


def a_trigger_of_a_second_makes_the_same_rows_and_the_query_says_that_it_has_it(
    folder: Path,
) -> None:
    variant = Variant(ENGINE.name, ENGINE.version, name="trigger-1s")
    with running(ENGINE, Conditions(), folder, variant) as lab:
        lab.windows(0, 6)
        lab.close_windows(6)
        lab.wait_for_rows()
        assert lab.rows == lab.right_rows()
        lab.wait_healthy()
        assert lab.job.readings().effective["query", "trigger"] == "1000 ms"
        lab.job.stop()
        assert lab.supervisor.children() == ()
        assert lab.no_death()


@pytest.mark.parametrize(
    "act",
    [a_trigger_of_a_second_makes_the_same_rows_and_the_query_says_that_it_has_it],
    ids=lambda act: act.__name__,
)
def test_of_a_variant(ended: Ended, act: Act) -> None:
    ended(act)
