"""A Kafka that streambench did not start: brokers in combined mode by their own tools, with TLS and log-ins."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from streambench.kafka.broker_config import cluster_id
from streambench.kafka.broker_versions import broker_jar_set
from streambench.model.plan import Artifacts
from streambench.runtime.artifacts import resolve
from streambench.runtime.ports import free_port
from tests.orphans import die_with_parent

# Nothing that Kafka's own tool, which makes the users, would take for a part of its syntax.
PASSWORD: Final = "it's;no${word}"
# What no language writes otherwise than it is: a quote is doubled in SQL, and escaped in Python.
PART_OF_PASSWORD: Final = "s;no${word}"
USER: Final = "bench"
GUEST: Final = "guest"
AUDIENCE: Final = "brokers-of-the-test"
ISSUER: Final = "https://issuer.of.the.test"
_START_TIMEOUT_S: Final = 90.0
_LOGINS: Final = "org.apache.kafka.common.security"
_LOG4J: Final = """\
status = warn
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-5p %m (%c{1})%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def jaas_line(module: str, user: str = USER, password: str = PASSWORD) -> str:
    """Who logs in, as a properties file has it."""
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in (user, password)]
    text = f'{_LOGINS}.{module} required username="{quoted[0]}" password="{quoted[1]}";'
    return text.replace("\\", "\\\\")


@dataclass
class KafkaLab:
    """Running brokers; `ca` signed their certificates."""

    folder: Path
    ports: Sequence[int]
    ca: trustme.CA
    inner_ports: Sequence[
        int
    ] = ()  # where the brokers speak among themselves, without TLS or log-in
    commands: list[list[str]] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    by_certificate: bool = False  # clients prove who they are by one, too

    @property
    def bootstrap(self) -> str:
        """All brokers."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def client_properties(self, changed: Mapping[str, str | None] = MappingProxyType({})) -> Path:
        """A file of client properties for SCRAM; `changed` are others than usual, None: left out."""
        self.ca.cert_pem.write_to_path(self.folder / "ca.pem")
        own = {"ssl.keystore.type": "PEM", "ssl.keystore.location": "client.pem"}
        lines = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "SASL_SSL",
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": "ca.pem",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.jaas.config": jaas_line("scram.ScramLoginModule"),
            **(own if self.by_certificate else {}),
            **changed,
        }
        path = self.folder / "client.properties"
        path.write_text("".join(f"{k} = {v}\n" for k, v in lines.items() if v is not None))
        return path

    def start(self, node: int) -> None:
        """Start a broker, or start it again."""
        with (self.folder / f"broker-{node}.log").open("ab") as log:
            process = subprocess.Popen(
                self.commands[node],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                preexec_fn=die_with_parent,
            )
        if node < len(self.processes):
            self.processes[node] = process
        else:
            self.processes.append(process)

    def kill(self, node: int) -> None:
        """Kill a broker."""
        self.processes[node].kill()
        self.processes[node].wait()

    def stop(self) -> None:
        """Kill all that run."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


def key_and_chain(certificate: trustme.LeafCert) -> bytes:
    """As Kafka reads it: the key in PKCS #8, then the certificates."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    chain = b"".join(pem.bytes() for pem in certificate.cert_chain_pems)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain


@contextmanager
def kafka_lab(
    folder: Path, nodes: int, keys_url: str | None = None, users: Sequence[str] = (), **more: str
) -> Iterator[KafkaLab]:
    """So many brokers, ready to serve; stopped when the block ends.

    They take tokens signed by a key of `keys_url`; None: unsecured ones. `users` may log in and do nothing.
    `more` are settings, `_` for a dot.
    """
    artifacts = resolve(Artifacts(java=True, jar_sets=(broker_jar_set(),)))
    class_path = os.pathsep.join(map(str, artifacts.jars[broker_jar_set()]))
    java = [str(artifacts.java), "-cp", class_path, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    ports = [free_port() for _ in range(3 * nodes)]
    lab = KafkaLab(folder, ports[:nodes], trustme.CA(), ports[2 * nodes :])
    lab.by_certificate = more.get("ssl_client_auth") == "required"
    (folder / "client.pem").write_bytes(key_and_chain(lab.ca.issue_cert("client.example")))
    (folder / "server.pem").write_bytes(key_and_chain(lab.ca.issue_cert("127.0.0.1", "localhost")))
    lab.ca.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "log4j2.properties").write_text(_LOG4J)
    identity = cluster_id()
    voters = ",".join(f"{n}@127.0.0.1:{ports[nodes + n]}" for n in range(nodes))
    for node in range(nodes):
        data = folder / f"data-{node}"
        config = folder / f"server-{node}.properties"
        settings = _settings(folder, node, nodes)
        if keys_url is not None:
            settings |= _tokens_signed(keys_url)
        settings |= {name.replace("_", "."): value for name, value in more.items()}
        settings |= {
            "controller.quorum.voters": voters,
            "listeners": f"CLIENTS://127.0.0.1:{ports[node]},"
            f"CONTROLLER://127.0.0.1:{ports[nodes + node]},"
            f"BROKERS://127.0.0.1:{ports[2 * nodes + node]}",
            "advertised.listeners": f"CLIENTS://127.0.0.1:{ports[node]},"
            f"BROKERS://127.0.0.1:{ports[2 * nodes + node]}",
            "log.dirs": str(data),
        }
        config.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        format_folder = [*java, "-Xmx128m", "kafka.tools.StorageTool", "format"]
        format_folder += ["--cluster-id", identity, "--config", str(config)]
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            for name in (USER, GUEST, *users):
                format_folder += ["--add-scram", _scram(mechanism, name, PASSWORD)]
        done = subprocess.run(format_folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout, done.stderr)
        lab.commands.append(
            [
                *java,
                "-Xmx256m",
                *_may_ask(keys_url),
                f"-Dlog4j2.configurationFile={(folder / 'log4j2.properties').as_uri()}",
                "kafka.Kafka",
                str(config),
            ]
        )
    try:
        for node in range(nodes):
            lab.start(node)
        _await(lab, nodes)
        yield lab
    finally:
        lab.stop()


def _may_ask(keys_url: str | None) -> tuple[str, ...]:
    flag = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={keys_url}"
    return () if keys_url is None else (flag,)


def _tokens_signed(keys_url: str) -> dict[str, str]:
    of_tokens = "listener.name.clients.oauthbearer"
    handler = f"{_LOGINS}.oauthbearer.OAuthBearerValidatorCallbackHandler"
    return {
        f"{of_tokens}.sasl.server.callback.handler.class": handler,
        f"{of_tokens}.sasl.jaas.config": f"{_LOGINS}.oauthbearer.OAuthBearerLoginModule required;",
        f"{of_tokens}.sasl.oauthbearer.jwks.endpoint.url": keys_url,
        f"{of_tokens}.sasl.oauthbearer.expected.audience": AUDIENCE,
        f"{of_tokens}.sasl.oauthbearer.expected.issuer": ISSUER,
    }


def _scram(mechanism: str, name: str, password: str) -> str:
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in (name, password)]
    return f'{mechanism}=[name="{quoted[0]}",password="{quoted[1]}"]'


def _settings(folder: Path, node: int, nodes: int) -> dict[str, str]:
    kept = str(nodes)
    logins = "listener.name.clients"
    user = USER.replace("\\", "\\\\")
    password = PASSWORD.replace("\\", "\\\\").replace('"', '\\"').replace("\\", "\\\\")
    return {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "BROKERS",
        "listener.security.protocol.map": "CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT,BROKERS:PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "server.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER",
        f"{logins}.scram-sha-256.sasl.jaas.config": f"{_LOGINS}.scram.ScramLoginModule required;",
        f"{logins}.scram-sha-512.sasl.jaas.config": f"{_LOGINS}.scram.ScramLoginModule required;",
        f"{logins}.plain.sasl.jaas.config": f"{_LOGINS}.plain.PlainLoginModule required "
        f'"user_{user}"="{password}" user_{GUEST}="{password}";',
        f"{logins}.oauthbearer.sasl.jaas.config": f"{_LOGINS}.oauthbearer.OAuthBearerLoginModule "
        'required unsecuredLoginStringClaim_sub="broker";',
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # The brokers among themselves, and the one who may all.
        "super.users": f"User:ANONYMOUS;User:{USER};User:oauth",
        "auto.create.topics.enable": "false",
        "default.replication.factor": kept,
        "offsets.topic.replication.factor": kept,
        "offsets.topic.num.partitions": "3",
        "transaction.state.log.replication.factor": kept,
        "transaction.state.log.min.isr": str(max(1, nodes - 1)),
        "transaction.state.log.num.partitions": "3",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "500",
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
    }


def _await(lab: KafkaLab, nodes: int) -> None:
    from streambench.kafka.access.client_properties import read_client_properties
    from streambench.kafka.cluster import Cluster
    from streambench.kafka.connection import ConnectionLost
    from streambench.kafka.secured import NotLetIn
    from streambench.kafka.wire import metadata_request, parse_metadata

    access = read_client_properties(lab.client_properties(), None).access
    until_s = time.monotonic() + _START_TIMEOUT_S
    why = ""
    while time.monotonic() < until_s:
        for node, process in enumerate(lab.processes):
            log = lab.folder / f"broker-{node}.log"
            assert process.poll() is None, log.read_text()[-3_000:]
        try:
            connection = Cluster(access).anyone(timeout_s=2.0)
            try:
                found = parse_metadata(connection.call(metadata_request(0)))
            finally:
                connection.close()
            if len(found.brokers) == nodes:
                return
        except (ConnectionLost, NotLetIn) as error:
            why = str(error)
        time.sleep(0.2)
    raise AssertionError(f"the brokers do not serve: {why}")
