"""Secrets are blanked however a program quoted them, and words that are no secrets are left."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from streambench.runtime.blanking import BLANK, Secrets

CORE = "no${word}"
PASSWORD = f'it\'s "so" \\ {CORE}'


def keeping(*values: str) -> Secrets:
    secrets = Secrets()
    secrets.keep(values)
    return secrets


def pem() -> str:
    made = ec.generate_private_key(ec.SECP384R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def in_jaas(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'a.Module required username="bench" password="{quoted}";'


@pytest.mark.parametrize(
    "text",
    [
        PASSWORD,
        in_jaas(PASSWORD),
        f"'properties.sasl.jaas.config' = '{in_jaas(PASSWORD)}'".replace("it's", "it''s"),
        json.dumps({"kafka.sasl.jaas.config": in_jaas(PASSWORD)}),
        repr({"password": PASSWORD}),
        f"sasl.jaas.config = {in_jaas(PASSWORD)}".replace("\\", "\\\\"),
    ],
    ids=["bare", "JAAS", "SQL", "JSON", "Python", "properties"],
)
def test_a_password_is_found_however_it_is_quoted(text: str) -> None:
    assert CORE in text
    told = keeping(PASSWORD).blanked(f"before {text} after")
    assert CORE not in told
    assert BLANK in told
    assert told.startswith("before ")
    assert told.endswith(" after")


def test_who_logs_in_is_no_secret() -> None:
    told = keeping(PASSWORD).blanked(in_jaas(PASSWORD))
    assert told == f'a.Module required username="bench" password="{BLANK}";'


@pytest.mark.parametrize("known", [True, False], ids=["known", "by its looks"])
def test_no_line_of_a_private_key_is_left(known: bool) -> None:
    key = pem()
    lines = [line for line in key.splitlines() if not line.startswith("-")]
    secrets = keeping(key) if known else Secrets()
    for text in (
        f"ssl.keystore.key = '{key}' and more",
        json.dumps({"key": key, "more": "and more"}),
    ):
        told = secrets.blanked(text)
        assert not [line for line in lines if line in told]
        assert "and more" in told
    if known:  # as the end of a log begins anywhere
        assert lines[1] not in secrets.blanked("\n".join(lines[1:]))


def test_a_token_is_known_by_its_looks() -> None:
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode()
             for each in ({"alg": "RS256"}, {"sub": "bench", "exp": 1})]  # fmt: skip
    token = f"{parts[0]}.{parts[1]}.c2lnbmF0dXJl"
    assert Secrets().blanked(f"Bearer {token}!") == f"Bearer {BLANK}!"


@pytest.mark.parametrize("value", ["kafka", "test", "streambench", "a1"])
def test_a_word_is_blanked_only_where_it_is_called_a_secret(value: str) -> None:
    secrets = keeping(value)
    other = f"the {value} broker of {value}-streams"
    assert secrets.blanked(other) == other
    for text in (
        f'password="{value}"',
        f'\\"clientSecret\\": \\"{value}\\"',
        f"Password -> {value};",
        f"ssl.key.password = {value}",
        f"secret.key: '{value}'",
    ):
        assert value not in secrets.blanked(text)


def test_a_name_is_left_whatever_the_password_is() -> None:
    """Else the key words of a bundle would go."""
    secrets = keeping("kafka-streams")
    assert secrets.blanked("kafka-streams") == "kafka-streams"
    assert secrets.blanked("with kafka-streams") == f"with {BLANK}"


def test_nothing_is_nothing() -> None:
    secrets = keeping("", "\n")
    assert secrets.blanked("") == ""
    assert secrets.blanked("password=\n") == "password=\n"
