"""What is secret of client properties, and that reading them keeps it from being kept, shown or sent."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import trustme

from streambench.cli import console
from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.access.secret_values import secrets_of
from streambench.model.conditions import Variant
from streambench.model.errors import EngineFailed, UsageError
from streambench.model.trial import Failed
from streambench.results.bundle import BundleWriter, read_bundle
from tests.kafka.kafka_lab import jaas_line, key_and_chain
from tests.results.test_bundle import ONE, trial

CORE = "x7;no${word}"
PASSWORD = f"it's{CORE}"


def test_passwords_keys_and_client_secrets_are_secret_and_names_are_not(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_bytes(key_and_chain(trustme.CA().issue_cert("bench.example")))
    found = secrets_of(
        {
            "sasl.jaas.config": 'a.B required username="bench" password="one" more="two";',
            "ssl.key.password": "three",
            "ssl.keystore.location": str(own),
        }
    )
    assert found[:3] == ("one", "two", "three")
    assert [each.split("\n")[0] for each in found[3:]] == ["-----BEGIN PRIVATE KEY-----"]
    by_token = secrets_of(
        {
            "sasl.oauthbearer.token.endpoint.url": "https://idp/t",
            "sasl.jaas.config": 'a.B required clientId="bench" clientSecret="one" scope="s" '
            'ssl.truststore.certificates="x";',
        }
    )
    assert by_token == ("one", "YmVuY2g6b25l", "YmVuY2g6b25l")
    assert secrets_of({"sasl.jaas.config": "of no use"}) == ("of no use",)
    assert secrets_of({"security.protocol": "SSL"}) == ()


@pytest.fixture(name="told")
def _told(tmp_path: Path) -> str:
    """What a client of an engine may write down."""
    key = key_and_chain(trustme.CA().issue_cert("bench.example")).decode()
    (tmp_path / "own.pem").write_text(key)
    path = tmp_path / "client.properties"
    path.write_text(
        "security.protocol = SASL_SSL\nsasl.mechanism = PLAIN\n"
        "ssl.keystore.type = PEM\nssl.keystore.location = own.pem\n"
        f"sasl.jaas.config = {jaas_line('plain.PlainLoginModule', password=PASSWORD)}\n"
    )
    access = read_client_properties(path, "kafka.example:9094").access
    jaas = access.properties["sasl.jaas.config"].replace("'", "''")
    return f"ValidationException: 'properties.sasl.jaas.config'='{jaas}'\n'key'='{key}'\nand why"


def test_neither_logs_nor_records_keep_them(told: str, tmp_path: Path) -> None:
    line = (tmp_path / "own.pem").read_text().splitlines()[1]
    assert CORE in told
    assert line in told
    writer = BundleWriter.create(tmp_path / "results", ONE)
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "flink-submit.log").write_text(told)
    writer.add_logs(1, Variant("flink", "2"), logs)
    failed = Failed("submit", f"no: {told}", f"hint: {told}", told)
    writer.add_trial(dataclasses.replace(trial(1, failed), warnings=(told,)), {})
    folder = writer.finish()
    for file in (each for each in folder.rglob("*") if each.is_file()):
        assert CORE not in file.read_text()
        assert line not in file.read_text()
    assert "and why" in (folder / "jobs/01-flink/logs/flink-submit.log").read_text()
    (kept,) = read_bundle(folder).trials
    assert isinstance(kept.record.outcome, Failed)
    assert kept.record.outcome.log_tail.endswith("and why")


def test_the_console_shows_none(
    told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (tmp_path / "own.pem").read_text().splitlines()[1]
    console.show_error(EngineFailed(told, stage="submit", hint=told))
    console.out.print(told)
    shown = "".join(capsys.readouterr())
    assert shown.count("and why") == 3
    assert CORE not in shown
    assert line not in shown


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a=b\\\n", None),
        (r"sasl.jaas.config=password=\u12xyz", ", line 1, "),
        ("# \\u12xyz\na = b\\\\u12\nc = \\\\\\uxyzt\n", ", line 3, "),
    ],
    ids=["none", "in the first line", "behind a comment and escaped ones"],
)
def test_a_wrong_escape_is_told_by_its_line_and_not_shown(
    text: str, where: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "client.properties"
    path.write_text(text)
    if where is None:
        read_client_properties(path, "a:1")
        return
    with pytest.raises(UsageError) as refused:
        read_client_properties(path, "a:1")
    said = f"{refused.value.message}{refused.value.hint}"
    assert f"client.properties{where}holds a wrong escape" in said
    assert "xyz" not in said
    assert "12" not in said
