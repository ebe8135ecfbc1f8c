"""The embedded Kafka broker: one KRaft node as a child process, on free ports of 127.0.0.1."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from streambench.kafka.broker_config import (
    NODE_ID,
    command,
    controller_command,
    controller_properties,
    logging_properties,
    server_properties,
)
from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.metadata_log import broker_fenced
from streambench.kafka.wire import metadata_request, parse_metadata
from streambench.model.errors import EngineFailed
from streambench.model.kafka_access import KafkaAccess, addresses
from streambench.model.plan import Role
from streambench.runtime.ports import free_port
from streambench.runtime.supervisor import Child, Supervisor
from streambench.runtime.waiting import wait_until

_CONTROLLER: Final = "controller"
_PORT_ATTEMPTS: Final = 3
_START_TIMEOUT_S: Final = 60.0
_ANSWER_TIMEOUT_S: Final = 2.0
_SERVES_POLL_S: Final = 0.02
_PORT_TAKEN: Final = ("Address already in use", "BindException")


@dataclass(frozen=True)
class Broker:
    """A running broker; `log_data_dir` holds one folder a topic and partition.

    After a restart the process is another one; it has the same name.
    """

    bootstrap: str
    child: Child
    folder: Path
    log_data_dir: Path
    argv: tuple[str, ...]
    controller_argv: tuple[str, ...]
    log: Path

    @property
    def access(self) -> KafkaAccess:
        """Anybody on this machine may use it."""
        return KafkaAccess(self.bootstrap)


BROKER: Final = "broker"


def give_up_broker(supervisor: Supervisor, broker: Broker) -> None:
    """Have the controller give up a broker that has died, as one that outlived it would.

    Here it died, too. A node that comes back with broker and controller at once takes itself for the
    leader of everything until its own old session runs out: its transaction coordinator loads, aborts
    what has timed out, then finds no leader for the partitions concerned, takes them for deleted, and
    calls the transactions complete without having written a marker (TransactionMarkerChannelManager,
    Kafka 4.3). The next commit of the same producer then commits the aborted rows, too: duplicates
    under exactly-once that no engine is to blame for. So the controller comes first, alone.

    What counts is what stands in its log: it logs "Fencing broker" before it writes that down, and a
    controller that is told to end at this word may end without having written it.

    Raises EngineFailed at stage `broker`.
    """
    log = broker.log.with_name("controller.log")
    controller = supervisor.start(_CONTROLLER, Role.BROKER, broker.controller_argv, log=log)
    try:
        wait_until(
            lambda: broker_fenced(broker.log_data_dir, NODE_ID),
            what="the controller to give up the dead broker",
            timeout_s=_START_TIMEOUT_S,
            alive=controller.alive,
            log=log,
            stage="broker",
            poll_s=_SERVES_POLL_S,
        )
    finally:
        supervisor.stop(controller)


def restart_broker(supervisor: Supervisor, broker: Broker) -> Broker:
    """Start a broker that was given up again: same ports, same node id, same log.

    Waits until it serves. Raises EngineFailed at stage `broker`.
    """
    child = supervisor.start(BROKER, Role.BROKER, broker.argv, log=broker.log)
    wait_until(
        partial(serves, broker.bootstrap),
        what="the Kafka broker",
        timeout_s=_START_TIMEOUT_S,
        alive=child.alive,
        log=broker.log,
        stage="broker",
        poll_s=_SERVES_POLL_S,
    )
    return dataclasses.replace(broker, child=child)


def start_broker(
    supervisor: Supervisor,
    *,
    folder: Path,
    log_dir: Path,
    java: Path,
    jars: tuple[Path, ...],
    heap_mib: int = 512,
) -> Broker:
    """Start a broker in `folder` (made, and deleted when `supervisor` ends) and wait until it serves.

    `jars` is the class path of Kafka's server; the broker's log is `log_dir`/broker.log. Another pair
    of ports is tried when a port was taken meanwhile. Raises EngineFailed at stage `broker`.
    """
    supervisor.discard_at_end(folder)
    log = log_dir / "broker.log"
    for attempt in range(1, _PORT_ATTEMPTS + 1):
        seen_bytes = log.stat().st_size if log.exists() else 0
        broker = _launch(supervisor, folder, log, java, jars, heap_mib)
        try:
            wait_until(
                partial(serves, broker.bootstrap),
                what="the Kafka broker",
                timeout_s=_START_TIMEOUT_S,
                alive=broker.child.alive,
                log=log,
                stage="broker",
            )
        except EngineFailed:
            supervisor.stop(broker.child)
            if attempt == _PORT_ATTEMPTS or not _logged(log, seen_bytes, _PORT_TAKEN):
                raise
        else:
            return broker
    raise AssertionError("the last attempt returns or raises")


def serves(bootstrap: str) -> bool:
    """Whether the broker answers a metadata request, is registered and has an active controller."""
    try:
        (address,) = addresses(bootstrap)
        connection = Connection(address, timeout_s=_ANSWER_TIMEOUT_S)
    except OSError:
        return False
    try:
        metadata = parse_metadata(connection.call(metadata_request(0)))
    except ConnectionLost:
        return False
    finally:
        connection.close()
    return bool(metadata.brokers) and metadata.controller_id is not None


def _launch(
    supervisor: Supervisor,
    folder: Path,
    log: Path,
    java: Path,
    jars: tuple[Path, ...],
    heap_mib: int,
) -> Broker:
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)  # an earlier attempt's, with other ports in it
    folder.mkdir(parents=True, exist_ok=True)
    port, controller_port = free_port(), free_port()
    properties, controller = folder / "server.properties", folder / "controller.properties"
    logging = folder / "log4j2.properties"
    properties.write_text(
        server_properties(data=data.absolute(), port=port, controller_port=controller_port)
    )
    controller.write_text(
        controller_properties(data=data.absolute(), controller_port=controller_port)
    )
    logging.write_text(logging_properties())
    argv = command(
        java=java,
        jars=jars,
        properties=properties.absolute(),
        logging=logging.absolute(),
        heap_mib=heap_mib,
    )
    controller_argv = controller_command(
        java=java, jars=jars, properties=controller.absolute(), logging=logging.absolute()
    )
    child = supervisor.start(BROKER, Role.BROKER, argv, log=log)
    return Broker(f"127.0.0.1:{port}", child, folder, data, argv, controller_argv, log)


def _logged(log: Path, seen_bytes: int, signs: tuple[str, ...]) -> bool:
    """Whether one of `signs` stands in the log behind its first `seen_bytes`."""
    with log.open("rb") as file:
        file.seek(seen_bytes)
        text = file.read().decode("utf-8", errors="replace")
    return any(sign in text for sign in signs)
