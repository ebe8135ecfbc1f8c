"""Clients of Flink and Spark prove who they are, and trust, by what the properties themselves hold."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import javaproperties
import pytest
import trustme

from streambench.engines.common.access import access_options, access_symbols
from streambench.engines.common.symbols import fill
from streambench.engines.registry import contender_named
from streambench.kafka.access.client_properties import read_client_properties
from streambench.model.conditions import Conditions, ForeignCluster, ForeignKafka
from streambench.model.plan import Artifacts
from streambench.runtime.artifacts import resolve
from streambench.runtime.compiler import compile_java
from tests.engines.test_token_clients import CLIENTS, Client
from tests.kafka.kafka_lab import key_and_chain

pytestmark = [pytest.mark.engine, pytest.mark.no_load]

# It asks a broker that never answers: by then each of them has shown its certificate.
SOURCE = """
import java.time.Duration;
import java.util.Properties;

public class ShowsItself {
    public static void main(String[] asked) throws Exception {
        Properties properties = new Properties();
        properties.load(System.in);
        String kafka = asked[0] + "org.apache.kafka.";
        for (String of : new String[] {"key", "value"}) {
            properties.put(of + ".deserializer", kafka + "common.serialization.StringDeserializer");
        }
        Object consumer = Class.forName(kafka + "clients.consumer.KafkaConsumer")
            .getConstructor(Properties.class).newInstance(properties);
        System.out.println("made");
        try {
            consumer.getClass().getMethod("listTopics", Duration.class)
                .invoke(consumer, Duration.ofMinutes(5));
        } catch (java.lang.reflect.InvocationTargetException nobodyAnswers) {
            System.out.println(nobodyAnswers.getCause());
        }
        System.exit(0);
    }
}
"""


@dataclass
class Doorkeeper:
    """Lets one client in by its certificate, and then says nothing; `seen` are the names on it."""

    port: int
    seen: list[str] = field(default_factory=list)
    answered: threading.Event = field(default_factory=threading.Event)


@contextmanager
def doorkeeper(authority: trustme.CA) -> Iterator[Doorkeeper]:
    """A server that asks for a certificate of the authority, and has one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        keeper = Doorkeeper(listening.getsockname()[1])

        def serve() -> None:
            client, _ = listening.accept()
            with client, suppress(OSError), context.wrap_socket(client, server_side=True) as inside:
                shown = inside.getpeercert()
                assert shown is not None
                keeper.seen += [str(pair[1]) for pair in shown["subjectAltName"]]
            keeper.answered.set()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield keeper
    thread.join(5)


def answered(client: Client, folder: Path, authority: trustme.CA) -> tuple[str, list[str]]:
    """What a JVM says whose client has no file, and which names the server saw."""
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "own.pem").write_bytes(key_and_chain(authority.issue_cert("bench.example")))
    config = folder / "client.properties"
    config.write_text(
        "security.protocol = SSL\nssl.truststore.type = PEM\nssl.truststore.location = ca.pem\n"
        "ssl.keystore.type = PEM\nssl.keystore.location = own.pem\n"
    )
    with doorkeeper(authority) as keeper:
        told = properties_without_files(client, f"127.0.0.1:{keeper.port}", config)
        for name in ("ca.pem", "own.pem"):
            (folder / name).unlink()
        engine, variant = contender_named(client.name)
        artifacts = resolve(engine.requires(variant))
        jars = [jar for some in artifacts.jars.values() for jar in some]
        assert artifacts.site_packages is not None
        for at in ("pyspark/jars", "pyflink/lib"):
            jars += sorted((artifacts.site_packages / at).glob("*.jar"))
        (folder / "ShowsItself.java").write_text(SOURCE)
        (ecj,) = resolve(Artifacts(java=True, jar_sets=("compiler",))).jars["compiler"]
        classes = compile_java(
            (folder / "ShowsItself.java",),
            classpath=(),
            out=folder / "classes",
            java=artifacts.java,
            ecj=ecj,
        )
        path = ":".join(str(jar) for jar in (classes, *jars))
        java = (str(artifacts.java), "-XX:TieredStopAtLevel=1", "-cp", path)
        with subprocess.Popen(
            [*java, "ShowsItself", client.packages],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as asking:
            assert asking.stdin is not None
            asking.stdin.write(told)
            asking.stdin.close()
            asking.stdin = None
            keeper.answered.wait(120)
            if keeper.seen:  # it would wait for a list of topics that never comes
                asking.kill()
            said, _ = asking.communicate(timeout=120)
    return said, keeper.seen


def properties_without_files(client: Client, bootstrap: str, config: Path) -> str:
    """The properties that a client in a cluster elsewhere gets."""
    access = read_client_properties(config, bootstrap).access
    engine = client.name.partition("@")[0]
    conditions = Conditions(
        foreign_kafka=ForeignKafka(bootstrap, property_names=tuple(access.properties)),
        foreign_clusters=(ForeignCluster(engine, "there"),),
    )
    language = "sql" if engine == "flink" else "json"
    options = access_options(conditions, language, engine=engine)
    found = {name: fill(value, access_symbols(access)) for name, value in options.items()}
    if language == "json":  # a text of Python, as Spark's query has it
        found = {name: str(json.loads(f'"{value}"')) for name, value in found.items()}
    return javaproperties.dumps({**found, "bootstrap.servers": bootstrap, "group.id": "g"})


@pytest.mark.parametrize("client", CLIENTS[2:], ids=lambda client: client.name)
def test_a_client_needs_no_file(client: Client, tmp_path: Path) -> None:
    said, seen = answered(client, tmp_path, trustme.CA())
    assert "made\n" in said
    assert seen == ["bench.example"], said[-2_000:]
