"""docker/entrypoint.sh: clusters of the environment become options of the commands that know them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import typer

from streambench.cli.main import app
from tests.docker.files import DOCKER, services

KAFKA = {"STREAMBENCH_BOOTSTRAP_SERVERS": "kafka:9092"}
ALL = services()["streambench"]["environment"]
ENGINES = ALL["STREAMBENCH_ENGINES"]


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A `streambench` that says one argument a line."""
    program = tmp_path / "streambench"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    return tmp_path


def became(folder: Path, environment: dict[str, str], *words: str) -> list[str]:
    done = subprocess.run(
        [str(DOCKER / "entrypoint.sh"), *words],
        env={"PATH": f"{folder}:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("words", [(), ("run",), ("run", "flights", "--repeat", "3"), ("doctor",)])
def test_without_an_environment_it_changes_nothing(stand_in: Path, words: tuple[str, ...]) -> None:
    assert became(stand_in, {}, *words) == list(words or ("run",))


def test_a_run_in_compose_goes_to_all_clusters(stand_in: Path) -> None:
    assert became(stand_in, ALL, "run", "flights", "--note", "a b") == [
        "run",
        *("--checkpoint-dir", "file:///checkpoints"),
        *("--spark-master", "spark://spark-master:7077"),
        *("--flink-rest", "http://flink-jobmanager:8081"),
        *("--engine", ENGINES),
        *("--bootstrap-servers", "kafka:9092"),
        *("flights", "--note", "a b"),
    ]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--engine", "kafka-streams"), ()),
        (("-e", "flink"), ("--flink-rest", "--checkpoint-dir")),
        (("--engine=spark@4.2.0,kafka-python",), ("--spark-master", "--checkpoint-dir")),
        (("-eflink:spare", "-e", "spark"), ("--flink-rest", "--spark-master", "--checkpoint-dir")),
    ],
)
def test_only_clusters_of_engines_that_are_run_are_named(
    stand_in: Path, words: tuple[str, ...], named: tuple[str, ...]
) -> None:
    found = became(stand_in, ALL, "run", *words)
    clusters = {"--flink-rest", "--spark-master", "--checkpoint-dir"}
    assert clusters & set(found) == set(named)
    assert ENGINES not in found
    assert found[-len(words) :] == list(words)


def test_a_file_of_client_properties_is_given_where_it_is_named(stand_in: Path) -> None:
    told = {"STREAMBENCH_KAFKA_CONFIG": "/etc/streambench/client.properties"}
    assert became(stand_in, told, "play", "--shard", "0/4") == [
        *("play", "--kafka-config", "/etc/streambench/client.properties"),
        *("--shard", "0/4"),
    ]


def knowing(option: str) -> set[str]:
    """The commands that have an option."""
    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]
    context = typer.Context(group)
    names = group.list_commands(context)  # type: ignore[attr-defined]
    found = {}
    for name in names:
        command = group.get_command(context, name) or commands[name]  # type: ignore[attr-defined]
        found[name] = {word for each in command.get_params(context) for word in each.opts}
    return {name for name, words in found.items() if option in words}


def test_every_command_that_can_use_a_kafka_elsewhere_gets_it(stand_in: Path) -> None:
    # To `generate` it says to write there.
    able = knowing("--bootstrap-servers") - {"generate"}
    assert {"run", "doctor", "clean"} <= able
    for name in able:
        assert "--bootstrap-servers" in became(stand_in, KAFKA, name), name
    for name in ("report", "workloads", "engines"):
        assert became(stand_in, ALL, name) == [name]


def test_options_for_clusters_go_to_no_command_that_lacks_them(stand_in: Path) -> None:
    for option in ("--flink-rest", "--spark-master", "--checkpoint-dir"):
        able = knowing(option)
        for name in ("run", "doctor", "clean", "curve", "find-rate") if able else ():
            assert (option in became(stand_in, ALL, name)) <= (name in able), (name, option)
