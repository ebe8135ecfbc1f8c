"""What a cluster that runs already is told of TLS names no file: its hosts have none of this one's."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest
import trustme

from streambench.engines.common.access import access_symbols
from streambench.engines.common.symbols import fill, symbols_in
from streambench.engines.flink.engine import FlinkEngine
from streambench.engines.flink.submit import statements
from streambench.engines.protocol import Engine
from streambench.engines.spark.engine import SparkEngine
from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.access.jaas import read_jaas
from streambench.kafka.access.without_files import without_files
from streambench.model.conditions import Conditions, ForeignCluster, ForeignKafka, Variant
from streambench.model.errors import UsageError
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Plan
from tests.engines.cluster_lab import CLICKS
from tests.kafka.kafka_lab import key_and_chain

FLINK = ForeignCluster("flink", "http://jobs.example:8081")
SPARK = ForeignCluster("spark", "spark://master.example:7077", "hdfs://files.example/bench")
ENGINES = ((FlinkEngine(), FLINK, "query.sql"), (SparkEngine(), SPARK, "query.py"))
TLS = {
    "security.protocol": "SSL",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": "ca.pem",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": "own.pem",
}
TOKENS = {
    "security.protocol": "SASL_SSL",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": "ca.pem",
    "sasl.mechanism": "OAUTHBEARER",
    "sasl.oauthbearer.token.endpoint.url": "https://idp.example/token",
    "sasl.jaas.config": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule "
    'required clientId="bench" clientSecret="for nobody";',
}


def read(folder: Path, lines: Mapping[str, str]) -> KafkaAccess:
    authority = trustme.CA()
    # As openssl writes it: what stands around the certificate is no part of it.
    (folder / "ca.pem").write_text(f"Bag of O'Hara; ${{job_id}}\n{text_of(authority.cert_pem)}")
    (folder / "own.pem").write_bytes(key_and_chain(authority.issue_cert("bench.example")))
    path = folder / "client.properties"
    path.write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
    return read_client_properties(path, "kafka.example:9094").access


def text_of(blob: trustme.Blob) -> str:
    return blob.bytes().decode()


def filled(
    engine: Engine, cluster: ForeignCluster | None, program: str, access: KafkaAccess
) -> str:
    """What a job is given, its secrets filled in, and folders of this host by their symbols."""
    kafka = ForeignKafka(access.bootstrap, property_names=tuple(sorted(access.properties)))
    clusters = () if cluster is None else (cluster,)
    conditions = Conditions(foreign_kafka=kafka, foreign_clusters=clusters)
    plan = engine.plan(CLICKS, conditions, Variant(engine.name, engine.version))
    assert isinstance(plan, Plan)
    (text,) = (each.text for each in plan.programs if each.name == program)
    symbols = access_symbols(access)
    return fill(text, {name: f"<{name}>" for name in symbols_in(text)} | symbols)


@pytest.mark.parametrize("lines", [TLS, TOKENS], ids=["certificates", "tokens"])
@pytest.mark.parametrize(("engine", "cluster", "program"), ENGINES, ids=["flink", "spark"])
def test_a_cluster_elsewhere_is_told_what_the_files_hold(
    engine: Engine,
    cluster: ForeignCluster,
    program: str,
    lines: Mapping[str, str],
    tmp_path: Path,
) -> None:
    access = read(tmp_path, lines)
    text = filled(engine, cluster, program, access)
    assert str(tmp_path) not in text
    assert ".pem" not in text
    assert "O'Hara" not in text
    assert "-----BEGIN CERTIFICATE-----" in text
    # An engine of this machine reads the files themselves.
    assert str(tmp_path / "ca.pem") in filled(engine, None, program, access)


def test_the_content_reaches_both_languages_whole(tmp_path: Path) -> None:
    access = read(tmp_path, TLS)
    sent = without_files(access.properties)
    sql = filled(FlinkEngine(), FLINK, "query.sql", access)
    python = filled(SparkEngine(), SPARK, "query.py", access)
    strings = {
        node.value
        for node in ast.walk(ast.parse(python))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for name in (
        "ssl.truststore.certificates",
        "ssl.keystore.certificate.chain",
        "ssl.keystore.key",
    ):
        assert sent[name].endswith("-----\n")
        assert f"'properties.{name}' = '{sent[name]}'" in sql
        assert {f"kafka.{name}", sent[name]} <= strings
    # Two dashes begin a comment of SQL, but not in a text.
    assert [each.split()[0] for each in statements(sql)] == ["CREATE", "CREATE", "INSERT"]


def test_key_and_certificates_are_told_apart(tmp_path: Path) -> None:
    sent = without_files(read(tmp_path, TLS).properties)
    own = (tmp_path / "own.pem").read_text()
    key, begins, chain = own.partition("-----BEGIN CERTIFICATE-----")
    assert sent["ssl.keystore.key"] == key
    assert sent["ssl.keystore.certificate.chain"] == begins + chain
    assert sent["ssl.keystore.type"] == "PEM"
    assert not [name for name in sent if name.endswith(".location")]


def test_a_token_endpoint_is_trusted_by_the_content_too(tmp_path: Path) -> None:
    sent = without_files(read(tmp_path, TOKENS).properties)
    options = read_jaas(sent["sasl.jaas.config"], "here").options
    assert options["ssl.truststore.certificates"] == sent["ssl.truststore.certificates"]
    assert "ssl.truststore.location" not in options
    assert options["clientSecret"] == "for nobody"


def test_what_names_no_file_stays_as_it_is() -> None:
    properties = {"security.protocol": "SSL", "ssl.truststore.certificates": "x"}
    assert without_files(properties) == properties


def test_a_file_that_holds_no_certificate_is_told(tmp_path: Path) -> None:
    access = read(tmp_path, TLS)
    (tmp_path / "ca.pem").write_text("hidden")
    with pytest.raises(UsageError, match="holds no certificate") as refused:
        access_symbols(access)
    assert "hidden" not in str(refused.value)
    (tmp_path / "ca.pem").unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        access_symbols(access)
