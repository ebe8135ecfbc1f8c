"""What a Flink job in a cluster of the user's tells, by whose clock."""

from __future__ import annotations

import pytest

from streambench.engines.flink import ENGINE
from streambench.engines.flink.elsewhere import FlinkJobElsewhere
from streambench.engines.flink.rest import JobStatus
from streambench.engines.protocol import State
from streambench.model.conditions import Conditions, ForeignCluster, Variant
from streambench.model.plan import Plan
from tests.engines.cluster_lab import CLICKS
from tests.engines.test_flink_health import ALWAYS_ASKED, HEALTHY, Told


def job_in(endpoint: str) -> tuple[FlinkJobElsewhere, Told]:
    conditions = Conditions(foreign_clusters=(ForeignCluster("flink", endpoint),))
    plan = ENGINE.plan(CLICKS, conditions, Variant("flink", ENGINE.version))
    assert isinstance(plan, Plan)
    rest = Told()
    return FlinkJobElsewhere(plan, rest, ALWAYS_ASKED), rest


@pytest.mark.parametrize(
    ("endpoint", "noticed_ms"),
    [
        ("http://jobs.example:8081", ()),
        ("http://192.0.2.7:8081", ()),
        ("http://localhost:8081", (1_000.0, 2_000.0)),
        ("http://127.0.0.1:8081", (1_000.0, 2_000.0)),
        ("http://[::1]:8081", (1_000.0, 2_000.0)),
    ],
)
def test_when_it_noticed_a_failure_is_known_by_this_hosts_clock_only(
    endpoint: str, noticed_ms: tuple[float, ...]
) -> None:
    job, rest = job_in(endpoint)
    rest.answer = HEALTHY
    assert job.healthy().state is State.RUNNING
    rest.failures = ((2_000, "lost"), (1_000, "lost"))
    rest.answer = JobStatus("RUNNING", ("RUNNING", "CANCELING"), 2, 0, 1)
    assert job.healthy().state is State.DEGRADED
    readings = job.readings()
    assert readings.failures_noticed_ms == noticed_ms
    assert readings.restarts == 1
