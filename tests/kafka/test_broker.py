from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from streambench.kafka import broker as broker_module
from streambench.kafka.broker import Broker, serves, start_broker
from streambench.kafka.broker_config import cluster_id, server_properties
from streambench.kafka.broker_versions import broker_jars
from streambench.kafka.topics import (
    TopicSpec,
    create_topics,
    delete_topics,
    input_topic_config,
    topic_bytes,
)
from streambench.kafka.warm_up import warm_broker
from streambench.load.trace import Trace
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.runtime.artifacts import Resolved
from streambench.runtime.ports import free_port
from streambench.runtime.supervisor import Supervisor


@pytest.mark.broker
def test_a_broker_whose_port_is_taken_starts_on_another_and_leaves_nothing(
    resolved: Resolved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, Supervisor() as supervisor:
        taken_port = int(taken.getsockname()[1])
        ports: Iterator[int] = iter([taken_port, free_port()])
        monkeypatch.setattr(broker_module, "free_port", lambda: next(ports, None) or free_port())
        started = start_broker(
            supervisor,
            folder=tmp_path / "kafka",
            log_dir=tmp_path / "logs",
            java=resolved.java,
            jars=broker_jars(resolved.jars),
        )
        assert started.bootstrap != f"127.0.0.1:{taken_port}"
        assert serves(started.bootstrap)
        process = psutil.Process(started.child.pid)
        addresses = {
            connection.laddr.ip
            for connection in process.net_connections(kind="tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert {address.removeprefix("::ffff:") for address in addresses} == {"127.0.0.1"}
    assert not process.is_running()
    assert not (tmp_path / "kafka").exists()
    assert (tmp_path / "logs" / "broker.log").stat().st_size > 0
    assert not serves(started.bootstrap)


def test_a_broker_that_cannot_run_fails_with_the_end_of_its_log(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho no such class\nexit 3\n")
    java.chmod(0o755)
    with pytest.raises(EngineFailed) as failed:
        start_broker(
            supervisor, folder=tmp_path / "kafka", log_dir=tmp_path, java=java, jars=(tmp_path,)
        )
    assert failed.value.stage == "broker"
    assert "no such class" in failed.value.log_tail


def test_the_broker_listens_on_the_loopback_only() -> None:
    text = server_properties(data=Path("/data"), port=1, controller_port=2)
    listeners = [line for line in text.splitlines() if "listeners=" in line]
    assert len(listeners) == 2
    for line in listeners:
        assert line.count("://") == line.count("://127.0.0.1:")


def test_a_cluster_id_never_reads_as_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    class Drawn:
        bytes = b"\xff" * 16

    monkeypatch.setattr("streambench.kafka.broker_config.uuid.uuid4", Drawn)
    assert len(cluster_id()) == 22
    monkeypatch.setattr(Drawn, "bytes", b"\xfb" + b"\xef" * 15)  # "-" is base64's 62
    assert not cluster_id().startswith("-")


@pytest.mark.broker
def test_topics_have_leaders_when_they_are_made_and_are_gone_when_deleted(broker: Broker) -> None:
    create_topics(broker.access, (TopicSpec("made", 3, input_topic_config()),))
    assert len(list(broker.log_data_dir.glob("made-*"))) == 3
    assert topic_bytes(broker, "made") == 0
    with pytest.raises(InstrumentFailed, match="made"):
        create_topics(broker.access, (TopicSpec("made", 3),))
    delete_topics(broker.access, ["made"])
    with pytest.raises(InstrumentFailed, match="made"):
        delete_topics(broker.access, ["made"])


@pytest.mark.broker
def test_warming_up_leaves_no_topic_and_no_process(
    supervisor: Supervisor, broker: Broker, clicks: Callable[[int, int], Trace], tmp_path: Path
) -> None:
    trace = clicks(2_000, 200)
    for _ in range(2):
        warm_broker(supervisor, broker, ref=trace.ref, partitions=4, log_dir=tmp_path)
    assert supervisor.children() == ()
    with pytest.raises(InstrumentFailed, match="streambench-warm-up"):
        delete_topics(broker.access, ["streambench-warm-up"])
