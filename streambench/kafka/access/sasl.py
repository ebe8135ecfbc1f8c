"""Logging in by SASL: with kafka-python's own mechanisms, over any connection to a broker."""

from __future__ import annotations

import base64
import json
import math
import time
from collections.abc import Mapping
from typing import Any, Final

from kafka.net.sasl import get_sasl_mechanism
from kafka.net.sasl.oauth import AbstractTokenProvider

from streambench.kafka.access.jaas import read_jaas
from streambench.kafka.access.oauth import ClientCredentials, credentials_of, extensions_of
from streambench.kafka.access.property_names import JAAS
from streambench.kafka.access.tokens import PATIENCE_S, token_for
from streambench.model.kafka_access import KafkaAccess, SaslMechanism

_LASTS_S: Final = 300.0
_SUBJECT: Final = "unsecuredLoginStringClaim_sub"


class UnsecuredTokens(AbstractTokenProvider):  # type: ignore[misc]
    """Tokens that prove nothing, as Java's client makes them of `unsecuredLoginStringClaim_sub`.

    Only a broker that is set up for tests takes one.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__()
        self._subject = options.get(_SUBJECT, "")

    def token(self) -> str:
        """A token for the next log-in."""
        # A broker of this machine may look at it within the same millisecond, and reads its clock by whole
        # ones: what was issued in the future is refused.
        now_s = math.floor(time.time())
        claims = {"sub": self._subject, "iat": now_s, "exp": now_s + _LASTS_S}
        return f"{_part({'alg': 'none'})}.{_part(claims)}."


class EndpointTokens(AbstractTokenProvider):  # type: ignore[misc]
    """Tokens of an endpoint. kafka-python asks for one at each log-in, and logs in anew by itself (KIP-368).

    The endpoint is waited for at most `patience_s`, and only where no token is kept.
    """

    def __init__(
        self, credentials: ClientCredentials, extensions: Mapping[str, str], patience_s: float
    ) -> None:
        super().__init__()
        self._credentials = credentials
        self._extensions = extensions
        self._patience_s = patience_s

    def token(self) -> str:
        """A token for the next log-in. Raises TokenRefused for good, EndpointAway for now."""
        return token_for(self._credentials, patience_s=self._patience_s)

    def extensions(self) -> dict[str, str]:
        """What goes beside it."""
        return dict(self._extensions)


def _part(members: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()


def sasl_options(access: KafkaAccess, *, patience_s: float = PATIENCE_S) -> dict[str, Any]:
    """The arguments by which kafka-python's clients log in; none where they need not.

    `patience_s`: how long a log-in waits for a token endpoint.
    """
    mechanism = access.mechanism
    if mechanism is None:
        return {}
    options = read_jaas(access.properties[JAAS], "the client properties").options
    found: dict[str, Any] = {"sasl_mechanism": mechanism.value}
    if mechanism is SaslMechanism.OAUTHBEARER:
        credentials = credentials_of(access.properties)
        found["sasl_oauth_token_provider"] = (
            UnsecuredTokens(options)
            if credentials is None
            else EndpointTokens(credentials, extensions_of(options), patience_s)
        )
    else:
        found["sasl_plain_username"] = _name(mechanism, options["username"])
        found["sasl_plain_password"] = options["password"]
    return found


def _name(mechanism: SaslMechanism, name: str) -> str:
    """A user's name as it is sent: kafka-python leaves out what SCRAM asks for (RFC 5802, findings)."""
    if mechanism is SaslMechanism.PLAIN:
        return name
    return name.replace("=", "=3D").replace(",", "=2C")


class Sasl:
    """One log-in: what is sent, and what is made of each answer."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.mechanism: str = options["sasl_mechanism"]
        self._made: Any = get_sasl_mechanism(self.mechanism)(**options)

    def done(self) -> bool:
        """Whether the exchange is over."""
        return bool(self._made.is_done())

    def next(self) -> bytes:
        """What is sent now."""
        sent: bytes = self._made.auth_bytes()
        return sent

    def take(self, answer: bytes) -> None:
        """Take the broker's answer. Raises ValueError for one that proves nothing."""
        self._made.receive(answer)
