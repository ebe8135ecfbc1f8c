"""What a file of client properties says of access, and how it is refused without showing a password."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streambench.cli.main import app
from streambench.engines.common.access import access_options, access_symbols, kafka_members
from streambench.engines.common.symbols import fill
from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.access.jaas import read_jaas
from streambench.kafka.access.sasl import sasl_options
from streambench.model.conditions import Conditions, ForeignKafka
from streambench.model.errors import ExitCode, UsageError
from streambench.model.kafka_access import KafkaAccess

SECRET = "its \"own\" \\ 'word'"
LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="be=n,ch" password="{}";'
SASL = "security.protocol = SASL_SSL\nsasl.mechanism = PLAIN\n"


def read(folder: Path, text: str, bootstrap: str | None = "a:1") -> KafkaAccess:
    path = folder / "client.properties"
    path.write_text(text, encoding="utf-8")
    return read_client_properties(path, bootstrap).access


def login(password: str = SECRET) -> str:
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    return "sasl.jaas.config = " + LOGIN.format(quoted).replace("\\", "\\\\") + "\n"


def test_a_file_as_kafkas_own_tools_take_it(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    text = (
        "# mine\nbootstrap.servers: b-1:9092, b-2:9092\nacks=all\nsession.timeout.ms=45000\n"
        f"{SASL}ssl.truststore.type=PEM\nssl.truststore.location=ca.pem\n{login()}"
    )
    path = tmp_path / "client.properties"
    path.write_text(text)
    found = read_client_properties(path, None)
    assert found.access.bootstrap == "b-1:9092,b-2:9092"
    assert found.left_out == ("acks", "session.timeout.ms")
    assert found.access.properties["ssl.truststore.location"] == str(tmp_path / "ca.pem")
    assert found.access.shown == "SASL_SSL, PLAIN"
    assert sasl_options(found.access) == {
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "be=n,ch",
        "sasl_plain_password": SECRET,
    }
    assert "word" not in repr(found)


def test_what_the_command_line_names_wins(tmp_path: Path) -> None:
    assert read(tmp_path, "bootstrap.servers=a:1\n", "b:2,c:3").bootstrap == "b:2,c:3"


def test_scram_names_are_written_as_its_standard_asks(tmp_path: Path) -> None:
    text = SASL.replace("PLAIN\n", "SCRAM-SHA-512\n") + login()
    assert sasl_options(read(tmp_path, text))["sasl_plain_username"] == "be=3Dn=2Cch"


@pytest.mark.parametrize(
    ("text", "bootstrap", "told"),
    [
        ("", None, "client.properties names no bootstrap.servers"),
        ("", "nowhere", "'nowhere' is no address of a broker"),
        ("", "a:99999", "'a:99999' is no address"),
        ("security.protocol=SASLSSL\n", "a:1", "no security.protocol 'SASLSSL'; did you mean"),
        ("sasl.kerberos.service.name=x\n", "a:1", "is not translated for every client"),
        ("ssl.cipher.suites=x\n", "a:1", "'ssl.cipher.suites' is not translated"),
        ("ssl.truststore.type=PEM\nssl.truststore.location=none.pem\n", "a:1", "does not exist"),
        ("ssl.truststore.certificates=x\n", "a:1", "must be a PEM file"),
        ("ssl.truststore.location=a.jks\nssl.truststore.password=x\n", "a:1", "must be a PEM file"),
        ("security.protocol=SASL_SSL\n", "a:1", "names no sasl.mechanism"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI\n", "a:1", "not known: GSSAPI"),
        (SASL, "a:1", "sasl.jaas.config is missing"),
        (f"{SASL}sasl.jaas.config=Module required password=hidden\n", "a:1", "is not MODULE required"),
        (f"{SASL}sasl.jaas.config=Module required password=hidden;\n", "a:1", "has no username"),
    ],
    ids=range(14),
)  # fmt: skip
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, text: str, bootstrap: str | None, told: str
) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, text, bootstrap)
    assert told in str(refused.value)
    assert refused.value.hint
    assert "hidden" not in str(refused.value) + refused.value.hint


def test_jaas_options_with_and_without_quotes() -> None:
    found = read_jaas('a.B$C required x=1 y=\'two words\' z="a\\"b" ;', "here")
    assert found.module == "a.B$C"
    assert found.options == {"x": "1", "y": "two words", "z": 'a"b'}


def test_a_plan_holds_names_and_a_launch_the_values() -> None:
    foreign = ForeignKafka("a:1", property_names=("sasl.jaas.config",))
    conditions = Conditions(foreign_kafka=foreign)
    access = KafkaAccess("a:1", {"sasl.jaas.config": SECRET})
    symbols = access_symbols(access)
    in_sql = access_options(conditions, "sql", prefix="properties.")
    assert in_sql == {"properties.sasl.jaas.config": "${kafka_in_sql:sasl.jaas.config}"}
    filled = fill(in_sql["properties.sasl.jaas.config"], symbols)
    assert filled.replace("''", "'") == SECRET
    module = "org.apache.kafka.common.security.plain.PlainLoginModule required password="
    at_launch = access_symbols(KafkaAccess("a:1", {"x": f"{module}'org.apache.kafka.';"}))
    shaded = "org.apache.flink.kafka.shaded."
    assert at_launch["kafka_in_sql:x"] == f"{shaded}{module}''org.apache.kafka.'';"
    members = kafka_members(conditions)
    assert "word" not in str(members)
    assert fill(members["kafka"]["sasl.jaas.config"], symbols) == "its \\\"own\\\" \\\\ 'word'"
    in_properties = access_options(conditions, "properties")["sasl.jaas.config"]
    assert fill(in_properties, symbols) == SECRET.replace("\\", "\\\\")
    assert kafka_members(Conditions()) == {}


def test_a_pipe_is_no_file_of_properties(tmp_path: Path) -> None:
    pipe = tmp_path / "client.properties"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="a pipe or a device"):
        read_client_properties(pipe, "a:1")


def test_a_version_of_the_broker_is_refused_beside_a_kafka_of_the_users() -> None:
    command = ["run", "--bootstrap-servers", "127.0.0.1:1", "--broker", "4.3.1"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == ExitCode.USAGE
    assert "--broker 4.3.1 says which broker streambench starts" in done.output
