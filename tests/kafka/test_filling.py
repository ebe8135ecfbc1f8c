"""A topic filled with a trace's events holds them all, each in its partition, in their order."""

from __future__ import annotations

import pytest
from kafka import KafkaConsumer, TopicPartition
from typer.testing import CliRunner

from streambench.cli.main import app
from streambench.kafka.filling import make_topic, topic_name
from streambench.load.events import events_of
from streambench.load.trace import compile_trace
from streambench.model.errors import EnvironmentLacks, ExitCode, UsageError
from streambench.runtime.paths import cache_dir
from streambench.runtime.ports import free_port
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.one_broker import one_broker

FROM_MS = 946_684_800_000


def generate(topic: str, *bootstrap: str) -> tuple[int, str]:
    asked = ["generate", "clicks", "--duration", "2s", "--rate", "2000", "--topic", topic]
    done = CliRunner(env={"COLUMNS": "80"}).invoke(app, [*asked, *bootstrap])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr


@pytest.mark.broker
def test_a_topic_is_made_and_filled_once() -> None:
    bootstrap, topic = one_broker.broker.bootstrap, "filled-by-generate"
    code, said = generate(topic, "--bootstrap-servers", bootstrap)
    assert (code, said.splitlines()[0]) == (
        0,
        f"4,000 events are in topic {topic} at {bootstrap}",
    )
    trace = compile_trace(
        load_workload(find("clicks")),
        duration_ms=2_000,
        seed=1,
        cache=cache_dir() / "traces",
        rate_per_s=2_000,
    )
    expected: dict[int, list[tuple[int, bytes | None, bytes]]] = {}
    for event in events_of(trace, FROM_MS):
        told = (event.event_ms, event.key, event.value)
        expected.setdefault(event.partition, []).append(told)
    assert contents(bootstrap, topic, trace.meta.records) == expected
    code, said = generate(topic, "--bootstrap-servers", bootstrap)
    assert code == ExitCode.USAGE
    assert f"topic {topic} exists already" in said


def contents(bootstrap: str, topic: str, records: int) -> dict[int, list[tuple[int, bytes, bytes]]]:
    found: dict[int, list[tuple[int, bytes, bytes]]] = {}
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    try:
        consumer.assign([TopicPartition(topic, partition) for partition in range(4)])
        while sum(map(len, found.values())) < records:
            polled = consumer.poll(timeout_ms=10_000)
            assert polled
            for partition, arrived in polled.items():
                found.setdefault(partition.partition, []).extend(
                    (record.timestamp, record.key, record.value) for record in arrived
                )
    finally:
        consumer.close()
    return found


def test_a_topic_without_a_broker_is_refused() -> None:
    code, said = generate("events")
    assert code == ExitCode.USAGE
    assert "--bootstrap-servers is missing" in said


@pytest.mark.parametrize(
    "bootstrap", ["127.0.0.1:PORT", "no host at all", "x" * 70 + ":1", "localhost:99999"]
)
def test_a_broker_that_does_not_answer_is_told(bootstrap: str) -> None:
    bootstrap = bootstrap.replace("PORT", str(free_port()))
    with pytest.raises(EnvironmentLacks, match=f"no broker answers at {bootstrap}"):
        make_topic(bootstrap, "events", 4)


@pytest.mark.parametrize("name", ["", ".", "a b", "x" * 250])
def test_a_name_that_kafka_refuses_is_refused_before(name: str) -> None:
    with pytest.raises(UsageError, match="Kafka takes no topic named"):
        topic_name(name)
