"""Logging in by SASL: with kafka-python's own mechanisms, over any connection to a broker."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from kafka.net.sasl import get_sasl_mechanism
from kafka.net.sasl.oauth import AbstractTokenProvider

from streambench.kafka.access.client_properties import JAAS, TOKEN_URL
from streambench.kafka.access.jaas import read_jaas
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess, SaslMechanism

_TOKEN_TIMEOUT_S: Final = 10.0
_RENEWED_BEFORE_S: Final = 30.0
_USUAL_LIFETIME_S: Final = 300.0
_UNSECURED: Final = "unsecuredLoginStringClaim_sub"


class Tokens(AbstractTokenProvider):  # type: ignore[misc]
    """Bearer tokens of the client credentials grant (RFC 6749, section 4.4), each used until it runs out.

    Without a token endpoint the token is an unsecured one, as Java's client makes it for
    `unsecuredLoginStringClaim_sub`: only a broker that is set up for tests takes it.
    """

    def __init__(self, options: Mapping[str, str], url: str | None) -> None:
        super().__init__()
        self._options = options
        self._url = url
        self._token = ""
        self._until_s = 0.0

    def token(self) -> str:
        """A token that is still good. Raises InstrumentFailed."""
        if time.time() > self._until_s - _RENEWED_BEFORE_S:
            self._token, lasts_s = (
                self._unsecured() if self._url is None else self._asked(self._url)
            )
            self._until_s = time.time() + lasts_s
        return self._token

    def _asked(self, url: str) -> tuple[str, float]:
        fields = {"grant_type": "client_credentials"}
        if scope := self._options.get("scope"):
            fields["scope"] = scope
        who = f"{self._options.get('clientId', '')}:{self._options.get('clientSecret', '')}"
        basic = base64.b64encode(who.encode()).decode()
        request = urllib.request.Request(
            url,
            data=urllib.parse.urlencode(fields).encode(),
            headers={"Authorization": f"Basic {basic}", "Accept": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TOKEN_TIMEOUT_S) as answer:
                found = json.load(answer)
            return str(found["access_token"]), float(found.get("expires_in", _USUAL_LIFETIME_S))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InstrumentFailed(f"no token from {url}: {error}") from error

    def _unsecured(self) -> tuple[str, float]:
        now_s = time.time()
        lasts_s = _USUAL_LIFETIME_S + _RENEWED_BEFORE_S
        claims = {"sub": self._options.get(_UNSECURED, ""), "iat": now_s, "exp": now_s + lasts_s}
        return f"{_part({'alg': 'none'})}.{_part(claims)}.", lasts_s


def _part(members: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()


def sasl_options(access: KafkaAccess) -> dict[str, Any]:
    """The arguments by which kafka-python's clients log in; none where they need not."""
    mechanism = access.mechanism
    if mechanism is None:
        return {}
    options = read_jaas(access.properties[JAAS], "the client properties").options
    found: dict[str, Any] = {"sasl_mechanism": mechanism.value}
    if mechanism is SaslMechanism.OAUTHBEARER:
        found["sasl_oauth_token_provider"] = Tokens(options, access.properties.get(TOKEN_URL))
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
