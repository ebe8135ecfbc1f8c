"""Every version's Kafka client, with the jars and the flag that it gets, gets a token before it asks a broker."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import javaproperties
import pytest
import trustme

from streambench.engines.common.access import (
    access_options,
    access_symbols,
    token_flags,
    token_flags_in_flink,
)
from streambench.engines.common.symbols import fill
from streambench.engines.registry import contender_named
from streambench.kafka.access.client_properties import read_client_properties
from streambench.model.conditions import Conditions, ForeignKafka
from streambench.model.plan import Artifacts
from streambench.runtime.artifacts import resolve
from streambench.runtime.compiler import compile_java
from tests.kafka.token_endpoint import TokenEndpoint, token_endpoint, token_login

pytestmark = [pytest.mark.engine, pytest.mark.no_load]

IN_FLINK = "org.apache.flink.kafka.shaded."
# A consumer logs in when it is made: it is there once it has a token, or never.
SOURCE = """
import java.util.Properties;

public class TokenLogIn {
    public static void main(String[] asked) throws Exception {
        Properties properties = new Properties();
        properties.load(System.in);
        String kafka = asked[0] + "org.apache.kafka.";
        for (String of : new String[] {"key", "value"}) {
            properties.put(of + ".deserializer", kafka + "common.serialization.StringDeserializer");
        }
        Class.forName(kafka + "clients.consumer.KafkaConsumer").getConstructor(Properties.class)
            .newInstance(properties);
        System.out.println("made");
        System.exit(0);
    }
}
"""


@dataclass(frozen=True)
class Client:
    """A client of a version of an engine; `packages` are named before Kafka's own."""

    name: str
    packages: str = ""


CLIENTS = (
    Client("kafka-streams@4.4.0"),
    Client("kafka-streams@4.3.1"),
    Client("flink@2.3.0", IN_FLINK),
    Client("flink@2.1.3", IN_FLINK),
    Client("spark@4.3.0"),
    Client("spark@4.1.1"),
)


def properties_of(client: Client, login: Mapping[str, str], folder: Path) -> tuple[str, list[str]]:
    """Client properties as the engine gives them to its client, and the flags of its JVM."""
    path = folder / "client.properties"
    lines = {
        "bootstrap.servers": "127.0.0.1:1",
        "security.protocol": "SASL_PLAINTEXT",
        **login,
    }
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    access = read_client_properties(path, None).access
    foreign = ForeignKafka(access.bootstrap, property_names=tuple(access.properties))
    conditions = Conditions(foreign_kafka=foreign)
    symbols = access_symbols(access)
    found = dict(access.properties)
    if client.packages:  # as Flink's SQL has them
        options = access_options(conditions, "sql")
        found = {name: fill(value, symbols).replace("''", "'") for name, value in options.items()}
    flags = token_flags_in_flink(conditions) if client.packages else token_flags(conditions)
    made = {**found, "bootstrap.servers": access.bootstrap, "group.id": "g"}
    return javaproperties.dumps(made), [fill(flag, symbols) for flag in flags]


def made_with(
    client: Client,
    folder: Path,
    *,
    told: bool = True,
    context: ssl.SSLContext | None = None,
    login: Callable[[TokenEndpoint], Mapping[str, str]] = token_login,
) -> tuple[str, TokenEndpoint]:
    """What is said by a JVM that makes a consumer, and the endpoint that it could ask."""
    engine, variant = contender_named(client.name)
    artifacts = resolve(engine.requires(variant))
    jars = [jar for some in artifacts.jars.values() for jar in some]
    if artifacts.site_packages is not None:
        # What Spark and Flink bring along beside them.
        for at in ("pyspark/jars", "pyflink/lib"):
            jars += sorted((artifacts.site_packages / at).glob("*.jar"))
    (folder / "TokenLogIn.java").write_text(SOURCE)
    (ecj,) = resolve(Artifacts(java=True, jar_sets=("compiler",))).jars["compiler"]
    classes = compile_java(
        (folder / "TokenLogIn.java",),
        classpath=(),
        out=folder / "classes",
        java=artifacts.java,
        ecj=ecj,
    )
    with token_endpoint(context) as endpoint:
        text, of_token = properties_of(client, login(endpoint), folder)
        path = [str(jar) for jar in (classes, *jars)]
        done = subprocess.run(
            [
                *(str(artifacts.java), "-XX:TieredStopAtLevel=1", *(of_token if told else ())),
                *("-cp", ":".join(path), "TokenLogIn", client.packages),
            ],
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    return done.stdout + done.stderr, endpoint


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_client_has_the_classes_and_may_ask(client: Client, tmp_path: Path) -> None:
    said, endpoint = made_with(client, tmp_path)
    assert "made\n" in said
    assert len(endpoint.given) == 1
    assert endpoint.asked[0]["scope"] == ["kafka read"]


@pytest.mark.parametrize("inline", [True, False], ids=["certificates", "file"])
@pytest.mark.parametrize("client", CLIENTS[::2], ids=lambda client: client.name)
def test_a_client_trusts_an_endpoint_by_the_truststore_of_the_properties(
    client: Client, inline: bool, tmp_path: Path
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "the ca.pem")
    in_file = authority.cert_pem.bytes().decode().replace("\n", "\\n")
    name, value = ("certificates", in_file) if inline else ("location", "the ca.pem")
    more = {"ssl.truststore.type": "PEM", f"ssl.truststore.{name}": value}
    said, endpoint = made_with(
        client, tmp_path, context=context, login=lambda endpoint: {**token_login(endpoint), **more}
    )
    assert "made\n" in said
    assert len(endpoint.given) == 1


@pytest.mark.parametrize("client", [CLIENTS[0], CLIENTS[2]], ids=lambda client: client.name)
def test_a_client_that_is_not_told_the_endpoint_asks_nobody(client: Client, tmp_path: Path) -> None:
    said, endpoint = made_with(client, tmp_path, told=False)
    assert "made\n" not in said
    assert "sasl.oauthbearer.allowed.urls" in said
    assert not endpoint.asked


@pytest.mark.parametrize("client", CLIENTS[2:4], ids=lambda client: client.name)
def test_flinks_clients_make_unsecured_tokens(client: Client, tmp_path: Path) -> None:
    module = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
    unsecured = {
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.jaas.config": f'{module} required unsecuredLoginStringClaim_sub="a";',
    }
    said, endpoint = made_with(client, tmp_path, login=lambda _endpoint: unsecured)
    assert "made\n" in said
    assert not endpoint.asked
