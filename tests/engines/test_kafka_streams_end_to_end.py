"""Kafka Streams on a real broker: exact results, under exactly-once, deaths included."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streambench.engines.kafka_streams import ENGINE
from streambench.model.conditions import Conditions, Guarantee
from tests.engines.cluster_lab import ClusterLab, running
from tests.engines.deaths_lab import duplicates, kill_a_worker, stop_a_worker, wrong_rows

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterLab]:
    # At-least-once goes the whole way in tests/end_to_end.
    conditions = Conditions(guarantee=Guarantee.EXACTLY_ONCE)
    with running(ENGINE, conditions, tmp_path_factory.mktemp("streams")) as lab:
        yield lab


@pytest.fixture
def lab(started: ClusterLab) -> ClusterLab:
    """One job for all tests."""
    started.begin_again()
    return started


def test_every_row_comes_out_once_and_right(lab: ClusterLab) -> None:
    lab.windows(0, 6)
    lab.close_windows(6)
    lab.wait_for_rows()
    assert lab.rows == lab.right_rows()
    lab.wait_healthy()
    readings = lab.job.readings()
    assert readings.late_counter == (lab.before.late_counter or 0)
    assert readings.restarts == (lab.before.restarts or 0)
    # Its heap is large from the start, and so few records fill none of it: known, and perhaps none.
    assert readings.gc_pauses is not None
    asked = {item.name for item in lab.plan.settings if item.scope == "kafka-streams"}
    assert {name for _, name in readings.effective} >= asked
    assert readings.effective["kafka-streams", "commit.interval.ms"] == "970"


def test_exactly_once_outlives_a_kill_inside_a_transaction(lab: ClusterLab) -> None:
    kill_a_worker(lab)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0


def test_one_that_wakes_inside_a_transaction_does_no_harm(lab: ClusterLab) -> None:
    # Its session and its transaction have run out, and others have its partitions.
    stop_a_worker(lab)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0
