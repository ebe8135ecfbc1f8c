"""docker/entrypoint.sh: clusters of the environment become options of the commands that know them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.docker.files import DOCKER, ROOT, services

ALL: Mapping[str, str] = services()["streambench"]["environment"]
ENGINES = ALL["STREAMBENCH_ENGINES"]
KAFKA = MappingProxyType({"STREAMBENCH_BOOTSTRAP_SERVERS": "kafka:9092"})
NONE: Mapping[str, str] = MappingProxyType({})
OF_KAFKA = "│ --bootstrap-servers  TEXT │\n│ --kafka-config  FILE │\n"
OF_CLUSTERS = (
    "--flink-rest URL\n--spark-master URL\n--checkpoint-dir URL\n"
    "--workers-elsewhere\n--run-id NAME\n--workers COUNT\n"
)
OF_WORKERS = ("--workers", "2", "--workers-elsewhere", "--run-id", "compose")
# It says one argument a line. What a command's help is, is in a file of the command's name.
SAID = 'printf "%%s\\n" "$@"\n'
STAND_IN = (
    '#!/bin/sh\ncase "$*" in *" --help") exec cat "%s/$(echo "${*%% --help}" | tr " " -)" ;; esac\n'
    + SAID
)
REAL = '#!/bin/sh\ncd %s\ncase "$*" in *" --help") exec %s -m streambench "$@" ;; esac\n' + SAID


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    program(tmp_path, STAND_IN % tmp_path)
    help_of = {
        "run": f"{OF_KAFKA}{OF_CLUSTERS}--engine  -e  NAME\n",
        "curve": f"{OF_KAFKA}--engine  -e  NAME\n",
        "play": OF_KAFKA,
        "report": "--engine-logs  shows --flink-rested\n",
        "generate": OF_KAFKA,
        "worker-join": OF_KAFKA,
    }
    for name, text in help_of.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def program(folder: Path, text: str) -> None:
    (folder / "streambench").write_text(text)
    (folder / "streambench").chmod(0o755)


def became(folder: Path, environment: Mapping[str, str], *words: str) -> list[str]:
    done = subprocess.run(
        [str(DOCKER / "entrypoint.sh"), *words],
        env={"PATH": f"{folder}:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "words", [(), ("run",), ("run", "flights", "--repeat", "3"), ("play",), ("--version",)]
)
def test_without_an_environment_it_changes_nothing(folder: Path, words: tuple[str, ...]) -> None:
    assert became(folder, NONE, *words) == list(words or ("run",))


def test_a_run_in_compose_goes_to_all_clusters(folder: Path) -> None:
    assert became(folder, ALL, "run", "flights", "--note", "a b") == [
        "run",
        *("--bootstrap-servers", "kafka:9092"),
        *OF_WORKERS,
        *("--checkpoint-dir", "file:///checkpoints"),
        *("--spark-master", "spark://spark-master:7077"),
        *("--flink-rest", "http://flink-jobmanager:8081"),
        *("--engine", ENGINES),
        *("flights", "--note", "a b"),
    ]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--engine", "kafka-streams"), ("--workers-elsewhere",)),
        (("-e", "flink"), ("--flink-rest", "--checkpoint-dir")),
        (
            ("--engine=spark@4.2.0,kafka-python",),
            ("--spark-master", "--checkpoint-dir", "--workers-elsewhere"),
        ),
        (("-eflink:spare", "-e", "spark"), ("--flink-rest", "--spark-master", "--checkpoint-dir")),
    ],
)
def test_only_clusters_of_engines_that_are_run_are_named(
    folder: Path, words: tuple[str, ...], named: tuple[str, ...]
) -> None:
    found = became(folder, ALL, "run", *words)
    clusters = {"--flink-rest", "--spark-master", "--checkpoint-dir", "--workers-elsewhere"}
    assert clusters & set(found) == set(named)
    assert ENGINES not in found
    assert found[-len(words) :] == list(words)


def test_a_command_gets_no_more_than_it_knows(folder: Path) -> None:
    kafka = ("--bootstrap-servers", "kafka:9092")
    assert became(folder, ALL, "curve") == ["curve", *kafka, "--engine", ENGINES]
    assert became(folder, ALL, "play", "--shard", "0/4") == ["play", *kafka, "--shard", "0/4"]
    for words in (("report", "results/RUN"), ("generate", "clicks"), ("--version",)):
        assert became(folder, ALL, *words) == list(words)


def test_a_worker_that_joins_is_told_of_kafka(folder: Path) -> None:
    told = {**KAFKA, "STREAMBENCH_WORKERS": "2", "STREAMBENCH_WORKERS_RUN_ID": "compose"}
    words = ("--worker", "any/2", "--join", "compose")
    assert became(folder, NONE, "worker", "join", *words) == ["worker", "join", *words]
    found = became(folder, told, "worker", "join", *words)
    assert found == ["worker", "join", "--bootstrap-servers", "kafka:9092", *words]
    assert became(folder, told, "worker") == ["worker"]


def test_a_file_of_client_properties_is_given_where_it_is_named(folder: Path) -> None:
    told = {"STREAMBENCH_KAFKA_CONFIG": "/etc/streambench/client.properties"}
    assert became(folder, told, "play") == ["play", "--kafka-config", *told.values()]


def test_the_real_help_is_understood(tmp_path: Path) -> None:
    program(tmp_path, REAL % (ROOT, sys.executable))
    for name in ("run", "doctor", "clean"):
        found = became(tmp_path, KAFKA, name)
        assert found == [name, "--bootstrap-servers", "kafka:9092"], name
    assert became(tmp_path, KAFKA, "engines") == ["engines"]
    joined = became(tmp_path, KAFKA, "worker", "join")
    assert joined == ["worker", "join", "--bootstrap-servers", "kafka:9092"]
    assert "--workers-elsewhere" in became(tmp_path, ALL, "run")
    assert became(tmp_path, ALL, "run")[-2:] == ["--engine", ENGINES]
