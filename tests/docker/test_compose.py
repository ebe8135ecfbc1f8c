"""compose.yaml: by Compose's own schema, with tested versions, equal limits and the settings of our own clusters."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from streambench.cli.joining import Seat, run_id, seat
from streambench.engines.flink import versions as flink_versions
from streambench.engines.flink.settings import CLUSTER, flink_settings
from streambench.engines.registry import contender_named
from streambench.engines.spark import versions as spark_versions
from streambench.engines.spark.processes import spark_processes
from streambench.engines.spark.settings import DAEMON_HEAP_MIB
from streambench.kafka import broker_config
from streambench.kafka.broker_versions import BROKER_VERSIONS
from streambench.model.conditions import Conditions, Variant
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.docker.files import (
    compose,
    flink_properties,
    interpolated,
    kafka_properties,
    services,
)

SCHEMA = json.loads((Path(__file__).parent / "compose-spec.json").read_text(encoding="utf-8"))
CLUSTERS = ("flink-taskmanager", "spark-worker")
WORKERS = (*CLUSTERS, "streams-worker")


def complaints(document: Any) -> list[str]:
    checker = jsonschema.Draft202012Validator(SCHEMA)
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(document)]


def test_the_file_keeps_the_schema_with_and_without_variables() -> None:
    assert complaints(compose()) == []
    given = {"WORKERS": "4", "WORKER_CPUS": "2", "CLUSTER_CPUSET": "4-15"}
    assert complaints(compose(given)) == []


def test_the_schema_finds_what_is_wrong() -> None:
    misspelt, never = compose(), compose()
    misspelt["services"]["kafka"]["helthcheck"] = {}
    never["services"]["spark-master"]["depends_on"]["checkpoints"]["condition"] = "soon"
    assert "helthcheck" in " ".join(complaints(misspelt))
    assert "soon" in " ".join(complaints(never))


def test_a_service_that_is_waited_for_can_become_what_is_waited_for() -> None:
    found = services()
    for service in found.values():
        for name, wanted in service.get("depends_on", {}).items():
            match wanted["condition"]:
                case "service_healthy":
                    assert "healthcheck" in found[name], name
                case "service_started":  # it waits for the run by itself, as often as it is started
                    assert found[name]["restart"] == "always", name
                case other:
                    assert other == "service_completed_successfully"


def test_one_command_starts_all() -> None:
    found = services()
    reached, to_do = set(), ["streambench"]
    while to_do:
        name = to_do.pop()
        reached.add(name)
        to_do += found[name].get("depends_on", {})
    assert reached == set(found)


def test_versions_are_tested_ones_and_the_client_is_of_the_clusters() -> None:
    found = services()
    images = {name: service["image"] for name, service in found.items()}
    flink = images["flink-jobmanager"].removeprefix("flink:").partition("-")[0]
    spark = images["spark-master"].removeprefix("spark:").partition("-")[0]
    assert flink == flink_versions.USUAL_VERSION
    assert spark in spark_versions.VERSIONS
    assert images["kafka"].removeprefix("apache/kafka:") in BROKER_VERSIONS
    assert images["flink-taskmanager"] == images["flink-jobmanager"]
    assert images["spark-worker"] == images["spark-master"]
    asked = found["streambench"]["environment"]["STREAMBENCH_ENGINES"].split(",")
    assert asked == [f"flink@{flink}", f"spark@{spark}", "kafka-streams", "kafka-python"]
    for name in asked:
        contender_named(name)
    assert found["streambench"]["build"]["args"]["ENGINES"].split(",") == asked


def test_workers_of_all_engines_have_equal_limits_whatever_is_asked() -> None:
    for given in ({}, {"WORKERS": "3", "WORKER_CPUS": "2.5", "WORKER_MEMORY": "3g"}):
        found = services(**given)
        terms = [
            {key: found[name][key] for key in ("cpus", "mem_limit", "deploy", "cpuset")}
            for name in WORKERS
        ]
        assert terms[0] == terms[1] == terms[2]
    assert terms[0]["cpus"] == "2.5"
    assert terms[0]["deploy"] == {"replicas": "3"}


def test_there_are_as_many_workers_as_a_run_asks_for() -> None:
    usual = Conditions()
    for name in WORKERS:
        service = services()[name]
        assert service["deploy"]["replicas"] == str(usual.workers)
    for name in CLUSTERS:
        counted = services()[name]["healthcheck"]["test"][-1].partition("grep -q")[2]
        assert f"{usual.workers}" in counted
    assert float(services()["flink-taskmanager"]["cpus"]) == 1.0


def test_workers_join_the_runs_that_wait_for_them() -> None:
    for given in ({}, {"WORKERS": "3"}):
        found = services(**given)
        words = shlex.split(found["streams-worker"]["command"])
        told = found["streambench"]["environment"]
        assert words[:2] == ["worker", "join"]
        assert seat(words[words.index("--worker") + 1]) == Seat(
            None, int(found["streams-worker"]["deploy"]["replicas"])
        )
        assert words[words.index("--join") + 1] == run_id(told["STREAMBENCH_WORKERS_RUN_ID"])
        assert told["STREAMBENCH_WORKERS"] == given.get("WORKERS", "2")


def test_flink_is_set_as_our_own_clusters_are() -> None:
    found = services()
    told = flink_properties(found["flink-taskmanager"])
    assert told == flink_properties(found["flink-jobmanager"])
    query = load_workload(find("clicks")).query
    ours = flink_settings(query, Conditions(), Variant("flink", flink_versions.USUAL_VERSION))
    explicit = {s.name: s.value for s in ours if s.scope == CLUSTER and s.name in told}
    assert {name: told[name] for name in explicit} == explicit
    left_out = {s.name for s in ours if s.scope == CLUSTER} - explicit.keys()
    # The same default in Flink itself.
    assert left_out == {"heartbeat.rpc-failure-threshold"}


def test_sizes_of_flinks_processes_are_the_sums_of_their_parts() -> None:
    """Else Flink does not start: the image's own configuration has other totals."""
    told = flink_properties(services()["flink-jobmanager"])
    for process in ("jobmanager", "taskmanager"):
        parts = {
            name: int(value.removesuffix("m"))
            for name, value in told.items()
            if name.startswith(f"{process}.memory.")
            and not name.endswith((".min", ".max", "process.size"))
        }
        ranges = ("jvm-overhead", "network") if process == "taskmanager" else ("jvm-overhead",)
        for name in ranges:
            low, high = (told[f"{process}.memory.{name}.{end}"] for end in ("min", "max"))
            assert low == high
            parts[name] = int(low.removesuffix("m"))
        assert told[f"{process}.memory.process.size"] == f"{sum(parts.values())}m"


def test_sparks_daemons_are_set_as_ours_are() -> None:
    found = services()
    ours = {process.name: process.argv for process in spark_processes(Conditions())}
    for name, own in (("spark-master", "spark-master"), ("spark-worker", "spark-worker-0")):
        service = found[name]
        flags = shlex.split(service["environment"]["SPARK_DAEMON_JAVA_OPTS"])
        assert set(flags) <= set(ours[own])
        assert service["environment"]["SPARK_DAEMON_MEMORY"] == f"{DAEMON_HEAP_MIB}m"
        command = shlex.split(service["command"])
        assert command[1] in ours[own]
    worker = ours["spark-worker-0"]
    told = shlex.split(found["spark-worker"]["command"])
    for option in ("--cores", "--memory"):
        assert told[told.index(option) + 1] == worker[worker.index(option) + 1]


def test_kafka_is_set_as_our_own_broker_is() -> None:
    told = kafka_properties(services()["kafka"])
    ours = broker_config._SETTINGS
    assert {name: told.get(name) for name in ours} == dict(ours)
    addresses = {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}
    assert told.keys() - ours.keys() == addresses


def test_the_environment_is_translated_as_the_image_documents() -> None:
    service = {
        "environment": {
            "KAFKA_ABC_DEF": "1",
            "KAFKA_ABC__DEF": "2",
            "KAFKA_ABC___DEF": "3",
            "KAFKA_HEAP_OPTS": "-Xmx1g",
            "CLUSTER_ID": "x",
        }
    }
    assert kafka_properties(service) == {"abc.def": "1", "abc_def": "2", "abc-def": "3"}


def test_variables_without_a_default_are_not_let_through() -> None:
    assert interpolated("${A:-1} ${B:-}", {"A": "2"}) == "2 "
    with pytest.raises(AssertionError, match="no default"):
        interpolated("${A}", {"A": "2"})
