"""Variants in which a group is led or shared out otherwise, on a real broker, deaths included."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streambench.engines.registry import contender_named
from streambench.model.conditions import Conditions, Guarantee
from tests.engines.cluster_lab import ClusterLab, running
from tests.engines.deaths_lab import duplicates, kill_a_worker, stop_a_worker, wrong_rows

pytestmark = pytest.mark.engine


@pytest.fixture(
    scope="module",
    params=[
        "kafka-streams:streams-protocol",
        "kafka-streams@4.3.1:streams-protocol",
        "kafka-python:range-assignor",
    ],
)
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ClusterLab]:
    engine, variant = contender_named(request.param)
    conditions = Conditions(guarantee=Guarantee.EXACTLY_ONCE)
    with running(engine, conditions, tmp_path_factory.mktemp("group"), variant) as lab:
        yield lab


@pytest.fixture
def lab(started: ClusterLab) -> ClusterLab:
    """One job for all tests of a variant."""
    started.begin_again()
    return started


def test_every_row_comes_out_once_and_right(lab: ClusterLab) -> None:
    lab.windows(0, 6)
    lab.close_windows(6)
    lab.wait_for_rows()
    assert lab.rows == lab.right_rows()
    lab.wait_healthy()
    readings = lab.job.readings()
    assert readings.restarts == (lab.before.restarts or 0)
    effective = {
        (item.scope, item.name): readings.effective[item.scope, item.name]
        for item in lab.plan.settings
        if (item.scope, item.name) in readings.effective
    }
    if lab.plan.engine == "kafka-streams":
        assert effective["kafka-streams", "group.protocol"] == "streams"
        assert effective["group", "streams.session.timeout.ms"] == "2000"
        assert effective["group", "streams.heartbeat.interval.ms"] == "500"
    else:
        assert effective["kafka-python", "worker.assignor"] == "range"


def test_exactly_once_outlives_a_kill_and_the_broker_notices_it(lab: ClusterLab) -> None:
    kill_a_worker(lab)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0


def test_one_that_wakes_does_no_harm(lab: ClusterLab) -> None:
    stop_a_worker(lab)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0
