"""One real broker for all tests of this folder; every test has topics of its own."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streambench.load.trace import Trace, compile_trace
from streambench.model.plan import Artifacts
from streambench.runtime.artifacts import Resolved, resolve
from streambench.runtime.supervisor import Supervisor
from streambench.workload.locate import find
from streambench.workload.parse import load_workload

with warnings.catch_warnings():
    # kafka-python reads its schemas through functions that Python 3.11 and 3.12 call deprecated.
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    from streambench.kafka.broker import Broker, start_broker
    from streambench.kafka.topics import (
        TopicSpec,
        create_topics,
        input_topic_config,
        output_topic_config,
    )

PARTITIONS = 4

_numbers = itertools.count()


@pytest.fixture(scope="session")
def resolved() -> Resolved:
    return resolve(Artifacts(java=True, jar_sets=("broker",)))


@pytest.fixture(scope="session")
def session_supervisor() -> Iterator[Supervisor]:
    with Supervisor() as supervisor:
        yield supervisor


@pytest.fixture(scope="session")
def broker(
    session_supervisor: Supervisor, resolved: Resolved, tmp_path_factory: pytest.TempPathFactory
) -> Broker:
    base = tmp_path_factory.mktemp("broker")
    return start_broker(
        session_supervisor,
        folder=base / "kafka",
        log_dir=base / "logs",
        java=resolved.java,
        jars=resolved.jars["broker"],
    )


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor() as supervisor:
        yield supervisor


@pytest.fixture
def input_topic(broker: Broker) -> str:
    name = f"input-{next(_numbers)}"
    create_topics(broker.bootstrap, (TopicSpec(name, PARTITIONS, input_topic_config()),))
    return name


@pytest.fixture
def output_topic(broker: Broker) -> str:
    name = f"output-{next(_numbers)}"
    create_topics(broker.bootstrap, (TopicSpec(name, PARTITIONS, output_topic_config()),))
    return name


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
