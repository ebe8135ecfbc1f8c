"""Workers on other hosts, on the command line: what is printed for them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streambench.cli.main import app
from streambench.model.errors import ExitCode


def streambench(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "1000"})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "ca.pem").write_text("not read yet")
    path = tmp_path / "client.properties"
    path.write_text(
        "bootstrap.servers = kafka-1:9094\nsecurity.protocol = SASL_SSL\nsasl.mechanism = PLAIN\n"
        "ssl.truststore.type = PEM\nssl.truststore.location = ca.pem\n"
        "sasl.jaas.config = org.apache.kafka.common.security.plain.PlainLoginModule required "
        'username="bench" password="hunter2";\n'
    )
    return path


def test_the_commands_for_other_hosts_are_printed() -> None:
    words = ("--join", "monday", "--workers", "3", "--bootstrap-servers", "kafka-1:9092")
    done = streambench("worker", "print", *words)
    assert done.exit_code == ExitCode.OK, done.output
    ends = "--join monday --bootstrap-servers kafka-1:9092"
    for number in range(3):
        assert f"streambench worker join --worker {number}/3 {ends}\n" in done.stdout
    run = "streambench run --workers-elsewhere --workers 3 --run-id monday"
    assert f"{run} --bootstrap-servers kafka-1:9092\n" in done.stdout


def test_files_are_named_and_no_password_is_printed(config: Path) -> None:
    done = streambench("worker", "print", "--join", "monday", "--kafka-config", str(config))
    assert done.exit_code == ExitCode.OK, done.output
    assert f"FILE is a copy of {config}" in done.stdout
    assert f"#   {config.parent / 'ca.pem'}\n" in done.stdout
    assert "--bootstrap-servers kafka-1:9094 --kafka-config FILE\n" in done.stdout
    assert "hunter2" not in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("worker", "print", "--join", "monday"), "none is named"),
        (("worker", "join", "--join", "monday", "--worker", "0/2"), "none is named"),
        (
            ("worker", "join", "--join", "a b", "--worker", "0/2", "--bootstrap-servers", "k:1"),
            "cannot name a run",
        ),
        (
            ("worker", "join", "--join", "x", "--worker", "2/2", "--bootstrap-servers", "k:1"),
            "there is no worker 2/2",
        ),
        (
            ("worker", "join", "--join", "x", "--worker", "any/two", "--bootstrap-servers", "k:1"),
            "'any/two' is not a worker; write how many there are, as any/2",
        ),
        (("run", "--workers-elsewhere"), "meet in a Kafka of yours, and none is named"),
        (
            ("run", "--workers-elsewhere", "--engine", "flink", "--bootstrap-servers", "k:1"),
            "neither is run",
        ),
        (("run", "--run-id", "monday"), "none is waited for"),
    ],
)
def test_what_cannot_be_is_refused(words: tuple[str, ...], said: str) -> None:
    done = streambench(*words)
    assert done.exit_code == ExitCode.USAGE, done.output
    assert said in done.stderr
    assert "hint: " in done.stderr
