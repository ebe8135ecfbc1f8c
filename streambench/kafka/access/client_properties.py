"""An ordinary Kafka client properties file: what of it says how to reach Kafka, and what is wrong with that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from streambench.kafka.access.jaas import read_jaas
from streambench.kafka.access.oauth import written_for_all
from streambench.kafka.access.property_names import (
    BOOTSTRAP,
    JAAS,
    KNOWN,
    MECHANISM,
    OF_OAUTH,
    OWN_CHAIN,
    OWN_FILE,
    OWN_TYPE,
    PROTOCOL,
    TRUSTED,
    TRUSTED_FILE,
    TRUSTED_TYPE,
)
from streambench.kafka.access.secret_values import secrets_of
from streambench.model.errors import UsageError
from streambench.model.kafka_access import KafkaAccess, SaslMechanism, SecurityProtocol
from streambench.model.written import quoted
from streambench.runtime.blanking import keep_secret
from streambench.workload.names import did_you_mean
from streambench.workload.text_file import NoText, read_text

_PEM: Final = "PEM"
_COMMENT: Final = re.compile(r"\s*[#!]")
_NO_ESCAPE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u(?![0-9A-Fa-f]{4})")
_FILES: Final = (TRUSTED_FILE, OWN_FILE)
# The beginnings of names that say how to reach Kafka; one that is not known could not be kept everywhere.
_OF_ACCESS: Final = ("security.", "ssl.", "sasl.")


@dataclass(frozen=True)
class ClientProperties:
    """What a file says of access, and the names in it that say nothing of that."""

    access: KafkaAccess
    left_out: tuple[str, ...]


def read_client_properties(path: Path | None, bootstrap: str | None) -> ClientProperties:
    """Read a file, whose `bootstrap.servers` yields to `bootstrap`. Raises UsageError.

    Without a file there are only addresses. Paths in the file count from its folder. From then on this process
    keeps and shows none of its secrets.
    """
    found = {} if path is None else _parsed(path)
    where = "--bootstrap-servers" if path is None else path.name
    addresses = bootstrap or found.pop(BOOTSTRAP, None)
    found.pop(BOOTSTRAP, None)
    if not addresses:
        raise UsageError(
            f"{where} names no {BOOTSTRAP}", hint="add --bootstrap-servers HOST:PORT,HOST:PORT"
        )
    left_out = tuple(sorted(name for name in found if not name.startswith(_OF_ACCESS)))
    properties = {name: value for name, value in found.items() if name not in left_out}
    _check_stores(where, properties)
    for name in sorted(properties):
        if name not in KNOWN:
            raise UsageError(
                f"{where}: {quoted(name)} is not translated for every client"
                f"{did_you_mean(name, KNOWN)}",
                hint="docs/clusters.md lists the properties that can be used",
            )
    if path is not None:
        for name in _FILES:
            if name in properties:
                properties[name] = str(_there(path, name, properties[name]))
    _check(where, properties)
    if _by_token(properties):
        properties = written_for_all(properties, where)
    keep_secret(secrets_of(properties))
    access = KafkaAccess(check_addresses(addresses), MappingProxyType(properties))
    return ClientProperties(access, left_out)


def files_of(access: KafkaAccess) -> tuple[str, ...]:
    """The files that client properties name, besides their own."""
    return tuple(access.properties[name] for name in _FILES if name in access.properties)


def check_addresses(text: str) -> str:
    """`HOST:PORT,HOST:PORT` without spaces. Raises UsageError."""
    addresses = [each.strip() for each in text.split(",") if each.strip()]
    for each in addresses:
        host, _, port = each.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise UsageError(
                f"{quoted(each)} is no address of a broker",
                hint="--bootstrap-servers HOST:PORT,HOST:PORT",
            )
    if not addresses:
        raise UsageError("no broker is named", hint="--bootstrap-servers HOST:PORT,HOST:PORT")
    return ",".join(addresses)


def _parsed(path: Path) -> dict[str, str]:
    import javaproperties  # most runs have no such file

    try:
        text = read_text(path)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist", hint=f"ls {path.parent}") from None
    except NoText as error:
        raise UsageError(f"{path} cannot be read: {error.why}", hint=f"ls -l {path}") from None
    try:
        found: dict[str, str] = javaproperties.loads(text)
    except javaproperties.InvalidUEscapeError:
        # What stands there is not shown: it may be a part of a password.
        raise UsageError(
            f"{path.name}{_line_of_escape(text)} holds a wrong escape: \\u without four hexadecimal digits",
            hint=r"write a backslash as \\ in such a file",
        ) from None
    return found


def _line_of_escape(text: str) -> str:
    lines = enumerate(text.splitlines(), start=1)
    wrong = (
        number for number, line in lines if not _COMMENT.match(line) and _NO_ESCAPE.search(line)
    )
    number = next(wrong, None)
    return "" if number is None else f", line {number},"


def _there(path: Path, name: str, value: str) -> Path:
    file = (path.parent / value).absolute()
    try:
        there = file.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise UsageError(
            f"{path.name}: the file of {name} does not exist: {file}", hint=f"ls {file.parent}"
        )
    return file


def _check(where: str, properties: Mapping[str, str]) -> None:
    protocol = properties.get(PROTOCOL, SecurityProtocol.PLAINTEXT.value)
    known = [each.value for each in SecurityProtocol]
    if protocol not in known:
        raise UsageError(
            f"{where}: there is no {PROTOCOL} {quoted(protocol)}{did_you_mean(protocol, known)}",
            hint=f"{PROTOCOL} is one of {', '.join(known)}",
        )
    if SecurityProtocol(protocol).logs_in:
        _check_login(where, properties)
    if not _by_token(properties):
        for name in sorted(OF_OAUTH & properties.keys()):
            raise UsageError(
                f"{where}: {name} is for {MECHANISM}=OAUTHBEARER, which does not log in here",
                hint=f"{PROTOCOL}=SASL_SSL and {MECHANISM}=OAUTHBEARER, or leave it out",
            )


def _by_token(properties: Mapping[str, str]) -> bool:
    protocol = SecurityProtocol(properties.get(PROTOCOL, SecurityProtocol.PLAINTEXT.value))
    return protocol.logs_in and properties[MECHANISM] == SaslMechanism.OAUTHBEARER.value


def _check_stores(where: str, properties: Mapping[str, str]) -> None:
    for type_name, about in (
        (TRUSTED_TYPE, (TRUSTED_FILE, TRUSTED)),
        (OWN_TYPE, (OWN_FILE, OWN_CHAIN)),
    ):
        if any(name in properties for name in about) and properties.get(type_name) != _PEM:
            raise UsageError(
                f"{where}: {about[0]} must be a PEM file, which all clients can read",
                hint=f"{type_name}=PEM; a PKCS12 store becomes one by: openssl pkcs12 -in STORE -out "
                "STORE.pem; a JKS store first becomes PKCS12 by: keytool -importkeystore -srckeystore "
                "STORE.jks -destkeystore STORE.p12 -deststoretype PKCS12",
            )


def _check_login(where: str, properties: Mapping[str, str]) -> None:
    mechanisms = [each.value for each in SaslMechanism]
    mechanism = properties.get(MECHANISM)
    if mechanism not in mechanisms:
        told = (
            f"no {MECHANISM}"
            if mechanism is None
            else f"a {MECHANISM} that is not known: {mechanism}"
        )
        raise UsageError(
            f"{where} names {told}", hint=f"{MECHANISM} is one of {', '.join(mechanisms)}"
        )
    if JAAS not in properties:
        raise UsageError(
            f"{where} says nothing of who logs in: {JAAS} is missing",
            hint=f"{JAAS}=org.apache.kafka.common.security.scram.ScramLoginModule required "
            'username="NAME" password="PASSWORD";',
        )
    options = read_jaas(properties[JAAS], where).options
    if mechanism != SaslMechanism.OAUTHBEARER.value:
        missing = [name for name in ("username", "password") if name not in options]
        if missing:
            raise UsageError(
                f"{where}: {JAAS} has no {' and no '.join(missing)}",
                hint=f"write {' '.join(f'{name}=…' for name in missing)} before its semicolon",
            )
