"""What a run left in clusters of the user's: the command that is told finds it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from streambench.cli.foreign_clusters import tell_jobs_left
from streambench.cli.foreign_kafka import Elsewhere, elsewhere, tell_leftovers
from streambench.cli.joining import named_after, refuse_a_second
from streambench.kafka import inspection, removal
from streambench.kafka.removal import Leftovers
from streambench.model.conditions import ForeignCluster
from streambench.model.errors import UsageError
from streambench.model.kafka_access import KafkaAccess
from tests.engines.rest_server import serving


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "of mine.properties"
    file.write_text("bootstrap.servers = a:9094\nsecurity.protocol = SSL\n")
    return file


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    def left(access: KafkaAccess, prefix: str) -> Leftovers:
        return Leftovers((f"{prefix}input",), ())

    monkeypatch.setattr(inspection, "inspect_brokers", lambda access: {})
    monkeypatch.setattr(removal, "leftovers", left)
    monkeypatch.setattr(removal, "still_left", left)


def kafka(bootstrap: str | None, config: Path | None, prefix: str | None) -> Elsewhere:
    there = elsewhere(bootstrap, config, None, prefix)
    assert there is not None
    return there


def hint(told: str) -> list[str]:
    """Its words, as a shell reads them."""
    return shlex.split(told.partition("hint: ")[2])


def test_topics_that_stay_are_told_with_the_options_that_find_them(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_leftovers(kafka(None, config, "bench-"))
    words = ["--kafka-config", str(config), "--topic-prefix", "bench-"]
    assert hint(capsys.readouterr().err) == ["streambench", "clean", *words]
    tell_leftovers(kafka("a:1,b:1", config, None))
    words = ["--bootstrap-servers", "a:1,b:1", "--kafka-config", str(config)]
    assert hint(capsys.readouterr().err) == ["streambench", "clean", *words]


@pytest.mark.parametrize("prefix", [None, "bench-"])
def test_jobs_that_stay_are_told_with_their_prefix(
    prefix: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    there = kafka("a:1", None, prefix)
    with serving() as flink:
        name = f"{there.prefix}x"
        flink.answers["/jobs/overview"] = {
            "jobs": [{"jid": "a1", "name": name, "state": "RUNNING"}]
        }
        tell_jobs_left((ForeignCluster("flink", flink.url),), there)
    told = capsys.readouterr().err
    assert name in told
    begun_by = [] if prefix is None else ["--topic-prefix", prefix]
    assert hint(told) == ["streambench", "clean", "--flink-rest", flink.url, *begun_by]


def test_a_second_run_of_a_name_is_told_how_to_take_away_the_first(config: Path) -> None:
    with pytest.raises(UsageError) as refused:
        refuse_a_second(named_after(kafka(None, config, "bench-"), "monday", "bench-"))
    command = shlex.split((refused.value.hint or "").partition(", or ")[2])
    words = ["--kafka-config", str(config), "--topic-prefix", "bench-monday-"]
    assert command == ["streambench", "clean", *words]
