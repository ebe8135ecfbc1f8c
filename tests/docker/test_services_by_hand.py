"""Each service of compose.yaml does what it is there for, as a process started by its own command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streambench.engines.common.http import get_json
from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.inspection import WantedOfKafka, inspect_kafka
from streambench.model.trial import Completed, Invalid
from streambench.model.verdict import Verdict
from streambench.results.bundle import read_bundle
from tests.docker.by_hand import (
    HERE,
    ByHand,
    start_flink,
    start_kafka,
    start_spark,
    start_streams_worker,
    streambench_here,
)
from tests.docker.files import flink_properties, services
from tests.end_to_end.bench import came_late

pytestmark = [pytest.mark.engine, pytest.mark.ends]

MIB = 1 << 20
WORKERS = ("one", "other")
RUN_S = 180.0


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[ByHand]:
    with ByHand(services(), tmp_path) as running:
        yield running


def asked(lab: ByHand, address: str, path: str) -> Any:
    return get_json(f"http://{HERE}:{lab.port(address)}{path}", timeout_s=10)


def test_kafka_is_fit_for_a_run(lab: ByHand, tmp_path: Path) -> None:
    start_kafka(lab)
    lab.becomes_healthy("kafka")
    properties = tmp_path / "client.properties"
    properties.write_text(f"bootstrap.servers={HERE}:{lab.port('kafka:9092')}\n")
    access = read_client_properties(properties, None).access
    found = inspect_kafka(access, WantedOfKafka("bench-", 1, 1, transactions=True))
    assert (found.facts.brokers, found.notes) == (1, ())


def test_flink_is_a_cluster_of_as_many_slots_as_workers(lab: ByHand) -> None:
    start_flink(lab, "flink-jobmanager", "flink-jobmanager")
    lab.becomes_healthy("flink-jobmanager")
    for name in WORKERS:
        start_flink(lab, "flink-taskmanager", name)
    lab.becomes_healthy("flink-taskmanager")
    overview = asked(lab, "flink-jobmanager:8081", "/overview")
    assert (overview["taskmanagers"], overview["slots-available"]) == (2, 2)
    managers = asked(lab, "flink-jobmanager:8081", "/taskmanagers")["taskmanagers"]
    for manager in managers:
        memory = manager["memoryConfiguration"]
        assert memory["taskHeap"] == 448 * MIB
        assert memory["totalProcessMemory"] == 1216 * MIB
    told = flink_properties(lab.services["flink-jobmanager"])
    effective = {
        each["key"]: each["value"]
        for each in asked(lab, "flink-jobmanager:8081", "/jobmanager/config")
    }
    for name in ("heartbeat.timeout", "web.timeout", "cluster.registration.error-delay"):
        assert effective[name] == told[name]


def test_spark_is_a_cluster_of_as_many_workers(lab: ByHand) -> None:
    start_spark(lab, "spark-master", "spark-master")
    lab.becomes_healthy("spark-master")
    for name in WORKERS:
        start_spark(lab, "spark-worker", name)
    lab.becomes_healthy("spark-worker")
    state = asked(lab, "spark-master:8080", "/json/")
    alive = [each for each in state["workers"] if each["state"] == "ALIVE"]
    assert [(each["cores"], each["memory"]) for each in alive] == [(1, 512), (1, 512)]
    assert state["url"] == f"spark://{HERE}:{lab.port('spark-master:7077')}"


def test_streams_workers_serve_a_run_that_compose_starts(lab: ByHand, tmp_path: Path) -> None:
    start_kafka(lab)
    lab.becomes_healthy("kafka")
    for name in WORKERS:
        start_streams_worker(lab, name)
    argv, env = streambench_here(lab, "streambench")
    words = ["run", "--quick", "--engine", "kafka-python", "--rate", "1k", "--duration", "3s"]
    lab.start("streambench", [*argv, *words], env)
    lab.ends("streambench", RUN_S)
    said = (tmp_path / "streambench.log").read_text()
    assert [lab.ends(name, RUN_S) for name in WORKERS] == [0, 0], said
    (bundle,) = (read_bundle(each) for each in (tmp_path / "results").iterdir())
    (trial,) = bundle.of("kafka-python")
    assert any("joined the run" in warning for warning in trial.record.warnings)
    match trial.record.outcome:
        case Completed(verdict=verdict) | Invalid(verdict=Verdict() as verdict):
            assert verdict.right
        case other:
            assert came_late(trial.record), other
