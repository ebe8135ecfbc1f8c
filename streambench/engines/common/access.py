"""How a program is told to reach Kafka: properties whose values are filled in when the job is launched.

A plan holds their names alone. So no program that is kept or shown holds a password.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from streambench.kafka.access.property_names import TOKEN_URL
from streambench.kafka.access.without_files import names_without_files, without_files
from streambench.model.conditions import Conditions
from streambench.model.kafka_access import KafkaAccess, SaslMechanism

# Flink's connector for SQL brings a client of its own, whose packages have other names.
_KAFKA: Final = "org.apache.kafka."
_IN_FLINK: Final = f"org.apache.flink.kafka.shaded.{_KAFKA}"
# Which URLs a JVM's clients may ask for a token: none unless it is told so, since Kafka 4.0. What packs
# Flink's connector changed this name, too.
_ALLOWED_URLS: Final = "sasl.oauthbearer.allowed.urls"
_TOKEN_URL_SYMBOL: Final = "kafka_token_url"
# Symbols for clients of this host, which read its files, and for those that have none of them.
_HERE: Final = "kafka_in"
_SENT: Final = "kafka_sent_in"


def _in_sql(value: str) -> str:
    # Only where a class is named, as a log-in module begins with one: not within a password.
    if value.startswith(_KAFKA):
        value = _IN_FLINK + value.removeprefix(_KAFKA)
    return value.replace("'", "''")


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _in_properties(value: str) -> str:
    # Backslashes first; a line that ends is one that goes on, for java.util.Properties.
    escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"\\{escaped}" if escaped.startswith((" ", "\t")) else escaped


# What a value looks like within each kind of program; JSON's strings are Python's, too.
_WRITTEN: Final[Mapping[str, Callable[[str], str]]] = {
    "sql": _in_sql,
    "json": _in_json,
    "properties": _in_properties,
}


def access_options(
    conditions: Conditions, language: str, *, prefix: str = "", engine: str | None = None
) -> dict[str, str]:
    """The client properties as a program's options: each name behind `prefix`, each value a symbol.

    `language` is one of `sql` (Flink's), `json` and `properties`. Where `engine` has a cluster that
    streambench did not start, no path of this host is among the values, but what is there.
    """
    foreign = conditions.foreign_kafka
    names = () if foreign is None else foreign.property_names
    if engine is None or conditions.cluster_of(engine) is None:
        return {f"{prefix}{name}": f"${{{_HERE}_{language}:{name}}}" for name in names}
    sent = names_without_files(names)
    return {f"{prefix}{name}": f"${{{_SENT}_{language}:{name}}}" for name in sent}


def kafka_members(conditions: Conditions) -> dict[str, dict[str, str]]:
    """What a job file in JSON says of it; nothing where anybody may come."""
    options = access_options(conditions, "json")
    return {"kafka": options} if options else {}


def token_flags(conditions: Conditions) -> tuple[str, ...]:
    """JVM flags with which Kafka's clients may ask the token endpoint; none where there is none."""
    return (
        (f"-D{_KAFKA}{_ALLOWED_URLS}=${{{_TOKEN_URL_SYMBOL}}}",)
        if asks_endpoint(conditions)
        else ()
    )


def token_flags_in_flink(conditions: Conditions) -> tuple[str, ...]:
    """The same for the client that Flink's connector brings."""
    if not asks_endpoint(conditions):
        return ()
    return (f"-D{ALLOWED_URLS_IN_FLINK}=${{{_TOKEN_URL_SYMBOL}}}",)


def logs_in_by_token(conditions: Conditions) -> bool:
    """Whether clients log in by a token, of an endpoint or an unsecured one."""
    foreign = conditions.foreign_kafka
    return foreign is not None and foreign.mechanism == SaslMechanism.OAUTHBEARER.value


def asks_endpoint(conditions: Conditions) -> bool:
    """Whether clients get a token of an endpoint before they log in."""
    foreign = conditions.foreign_kafka
    return foreign is not None and TOKEN_URL in foreign.property_names


ALLOWED_URLS_IN_FLINK: Final = f"{_IN_FLINK}{_ALLOWED_URLS}"
"""The system property of the JVMs of a Flink."""


def access_symbols(access: KafkaAccess) -> dict[str, str]:
    """The values of these symbols. Raises UsageError where a file cannot be read."""
    found = {
        f"{where}_{language}:{name}": written(value)
        for where, properties in (
            (_HERE, access.properties),
            (_SENT, without_files(access.properties)),
        )
        for language, written in _WRITTEN.items()
        for name, value in properties.items()
    }
    if (url := access.properties.get(TOKEN_URL)) is not None:
        found[_TOKEN_URL_SYMBOL] = url
    return found
