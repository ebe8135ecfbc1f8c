"""The session's broker, with topics of its own for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streambench.kafka.broker import Broker
from streambench.kafka.broker_versions import broker_jar_set
from streambench.load.trace import Trace, compile_trace
from streambench.model.plan import Artifacts
from streambench.runtime.artifacts import Resolved, resolve
from streambench.runtime.supervisor import Supervisor
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.one_broker import one_broker

PARTITIONS = 4


@pytest.fixture(scope="session")
def resolved() -> Resolved:
    return resolve(Artifacts(java=True, jar_sets=(broker_jar_set(),)))


@pytest.fixture
def broker() -> Broker:
    return one_broker.broker


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor() as supervisor:
        yield supervisor


@pytest.fixture
def input_topic() -> str:
    return one_broker.topics(PARTITIONS)[0]


@pytest.fixture
def output_topic() -> str:
    return one_broker.topics(PARTITIONS)[1]


@pytest.fixture(scope="session")
def clicks(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, int], Trace]:
    """A trace of the workload `clicks`, by (records/s, duration in ms)."""
    cache: Path = tmp_path_factory.mktemp("traces")

    def compiled(rate_per_s: int, duration_ms: int) -> Trace:
        return compile_trace(
            load_workload(find("clicks")),
            duration_ms=duration_ms,
            seed=7,
            cache=cache,
            rate_per_s=rate_per_s,
            partitions=PARTITIONS,
        )

    return compiled
