"""What the embedded broker is told: its settings, its logging, its command line."""

from __future__ import annotations

import base64
import os
import shlex
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

MAX_MESSAGE_BYTES: Final = 64 << 20
"""A batch of a long quantum at a high rate; the default of 1 MiB would refuse it."""

NODE_ID: Final = 1

_SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": str(NODE_ID),
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Records keep the event times of their trace, which may be years ago: nothing may expire.
    "log.retention.ms": "-1",
    "message.max.bytes": str(MAX_MESSAGE_BYTES),
    # Without a word the broker looks for dead transactions every 10 s only, and rows of a new
    # owner wait that long behind them.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    # A producer's sequences are forgotten once its newest *record time* is older than this (1 day by
    # default), and a replay's record times may be: the greatest value there is, 24.8 days.
    "producer.id.expiration.ms": str(2**31 - 1),
    "group.initial.rebalance.delay.ms": "0",
    "group.streams.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.min.heartbeat.interval.ms": "300",
    "group.streams.min.session.timeout.ms": "1000",
    "group.streams.min.heartbeat.interval.ms": "300",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "num.recovery.threads.per.data.dir": "1",
    # The cleaner's default buffer of 128 MiB would be a quarter of the heap.
    "log.cleaner.dedupe.buffer.size": str(16 << 20),
    "unclean.leader.election.enable": "false",
}

_LOGGING: Final = """\
status = warn
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_OUT
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS} %-5p %m (%c{1})%n%ex
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


# The controller alone has no broker to be patient with.
_CONTROLLER_ALONE: Final = {"process.roles": "controller", "broker.session.timeout.ms": "200"}


def server_properties(*, data: Path, port: int, controller_port: int) -> str:
    """The text of server.properties: KRaft, one node, 127.0.0.1 only, no JMX."""
    controller = _controller(data, controller_port)
    return _text(
        {
            **controller,
            "listeners": f"PLAINTEXT://127.0.0.1:{port},{controller['listeners']}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        }
    )


def controller_properties(*, data: Path, controller_port: int) -> str:
    """The text of controller.properties: the same node on the same folder, but its broker."""
    return _text({**_controller(data, controller_port), **_CONTROLLER_ALONE})


def _controller(data: Path, controller_port: int) -> dict[str, str]:
    return {
        **_SETTINGS,
        "listeners": f"CONTROLLER://127.0.0.1:{controller_port}",
        "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller_port}",
        "log.dirs": str(data),
    }


def _text(settings: Mapping[str, str]) -> str:
    return "".join(f"{name}={_escaped(value)}\n" for name, value in settings.items())


def logging_properties() -> str:
    """The text of log4j2.properties: INFO and above to standard output."""
    return _LOGGING


def cluster_id() -> str:
    """A fresh cluster id in the form that Kafka wants: not with "-" first, which reads as an option."""
    drawn = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return drawn if not drawn.startswith("-") else "A" + drawn[1:]


def command(
    *, java: Path, jars: Sequence[Path], properties: Path, logging: Path, heap_mib: int
) -> tuple[str, ...]:
    """The command line: format the folder unless that is done, then become the broker.

    Formatting is left to Kafka's own tool, which also sets the features (transactions, group
    protocols) to what a real cluster of this version has. The shell keeps both under one process id,
    and a restart with the same command finds its folder formatted.
    """
    format_folder = (
        *(str(java), *_SMALL, *_common(jars, logging)),
        "kafka.tools.StorageTool",
        *("format", "--standalone", "--ignore-formatted", "--cluster-id", cluster_id()),
        *("--config", str(properties)),
    )
    serve = (
        str(java),
        f"-Xms{heap_mib}m",
        f"-Xmx{heap_mib}m",
        # Beside an engine on few cores: no concurrent collector threads; and a request of some
        # 100 kB would be a humongous object to G1 in so small a heap.
        "-XX:+UseSerialGC",
        # What lives for good moves out of the way of the young collections while the broker is warmed;
        # else one of them copies all of it in the middle of the load, for 40 ms.
        "-XX:MaxTenuringThreshold=1",
        "-XX:MetaspaceSize=128m",  # no full collections because of classes
        "-XX:+ExitOnOutOfMemoryError",
        *_common(jars, logging),
        "kafka.Kafka",
        str(properties),
    )
    return ("/bin/sh", "-c", f"{shlex.join(format_folder)} && exec {shlex.join(serve)}")


def controller_command(
    *, java: Path, jars: Sequence[Path], properties: Path, logging: Path
) -> tuple[str, ...]:
    """The command line of the controller alone, on a folder that is formatted."""
    return (str(java), *_SMALL, *_common(jars, logging), "kafka.Kafka", str(properties))


_SMALL: Final = ("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def _common(jars: Sequence[Path], logging: Path) -> tuple[str, ...]:
    return (
        "-cp",
        os.pathsep.join(str(jar) for jar in jars),
        f"-Dlog4j2.configurationFile={logging.as_uri()}",
        "-Djava.awt.headless=true",
        "-XX:-UsePerfData",
    )


def _escaped(value: str) -> str:
    """A value as a Java properties file wants it (a path may hold a backslash)."""
    return value.replace("\\", "\\\\")
