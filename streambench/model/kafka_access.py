"""How clients reach a Kafka that already runs: addresses, and what they prove who they are with."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from streambench.model.loopback import is_loopback


class SecurityProtocol(enum.Enum):
    """How a connection to a broker is protected (Kafka's `security.protocol`)."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"

    @property
    def encrypted(self) -> bool:
        """Whether the connection is by TLS."""
        return self in (SecurityProtocol.SSL, SecurityProtocol.SASL_SSL)

    @property
    def logs_in(self) -> bool:
        """Whether clients log in by SASL."""
        return self in (SecurityProtocol.SASL_PLAINTEXT, SecurityProtocol.SASL_SSL)


class SaslMechanism(enum.Enum):
    """How a client logs in (Kafka's `sasl.mechanism`)."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"
    OAUTHBEARER = "OAUTHBEARER"


def addresses(bootstrap: str) -> list[tuple[str, int]]:
    """Host and port of each address of `HOST:PORT,HOST:PORT`."""
    found = []
    for each in bootstrap.split(","):
        host, _, port = each.strip().rpartition(":")
        found.append((host.removeprefix("[").removesuffix("]"), int(port)))
    return found


def all_here(bootstrap: str) -> bool:
    """Whether all addresses of `HOST:PORT,HOST:PORT` are this machine's loopback."""
    return all(is_loopback(host) for host, _ in addresses(bootstrap))


@dataclass(frozen=True)
class KafkaAccess:
    """Bootstrap servers, and Kafka's own client properties that say how to reach them.

    `properties` holds passwords, so it is never shown: not by repr, in a bundle, a log or a command line.
    """

    bootstrap: str
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def protocol(self) -> SecurityProtocol:
        """How connections are protected."""
        return SecurityProtocol(self.properties.get("security.protocol", "PLAINTEXT"))

    @property
    def mechanism(self) -> SaslMechanism | None:
        """How clients log in; None where they do not."""
        if not self.protocol.logs_in:
            return None
        return SaslMechanism(self.properties["sasl.mechanism"])

    def as_json(self) -> dict[str, Any]:
        """All of it, passwords too: for the pipe to a process of our own, and for nothing else."""
        return {"bootstrap": self.bootstrap, "properties": dict(self.properties)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> KafkaAccess:
        """What `as_json` made."""
        return cls(fields["bootstrap"], MappingProxyType(dict(fields["properties"])))

    @property
    def shown(self) -> str:
        """Protocol and mechanism, which are no secret."""
        mechanism = self.mechanism
        return self.protocol.value + ("" if mechanism is None else f", {mechanism.value}")
