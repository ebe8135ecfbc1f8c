"""Connections to brokers that ask for TLS or a log-in."""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Sequence
from typing import Final

from streambench.kafka.access.new_tokens import EndpointAway, TokenRefused
from streambench.kafka.access.sasl import Sasl, sasl_options
from streambench.kafka.access.tls import tls_context
from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.wire import (
    Buffer,
    error_name,
    parse_sasl_authenticate,
    parse_sasl_handshake,
    sasl_authenticate_request,
    sasl_handshake_request,
)
from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import KafkaAccess, SaslMechanism

# A record of TLS holds 16 KiB. What is handed over must be handed over again, unchanged, until it is taken.
_HANDED_OVER_BYTES: Final = 64 << 10
_RECEIVED_AT_ONCE_BYTES: Final = 64 << 10
# A new log-in begins after this part of a session. A broker takes none within a second of the last one.
_USED_OF_A_SESSION: Final = 0.8
_SHORTEST_SESSION_S: Final = 1.2
_PASSWORD_HINT: Final = "check the name and the password in sasl.jaas.config"
_TOKEN_HINT: Final = (
    "check that the brokers take tokens of this kind: their sasl.oauthbearer.jwks.endpoint.url, "
    "expected.issuer and expected.audience"
)


class NotLetIn(EnvironmentLacks):
    """A broker does not take the client, or the client does not trust the broker: to try again is in vain."""


class TlsConnection(Connection):
    """A connection by TLS. When an answer arrived is when it was read: the kernel sees only ciphers."""

    def __init__(
        self, address: tuple[str, int], context: ssl.SSLContext, *, timeout_s: float
    ) -> None:
        """Connect, or raise OSError; NotLetIn where the broker proves to be another, or refuses us."""
        super().__init__(address, timeout_s=timeout_s)
        where = f"{address[0]}:{address[1]}"
        self._handed_over: memoryview | None = None
        try:
            self._tls = context.wrap_socket(self.socket, server_hostname=address[0])
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise NotLetIn(
                f"the certificate of {where} is not trusted: {error.verify_message}",
                hint=f"openssl s_client -connect {where} -showcerts",
            ) from error
        except ssl.SSLError as error:
            self.close()
            raise NotLetIn(
                f"{where} and this client do not agree on TLS: {error.reason or error}",
                hint=f"openssl s_client -connect {where}",
            ) from error
        except OSError:
            self.close()
            raise
        self.socket = self._tls

    def write(self, parts: Sequence[Buffer]) -> int:
        """Hand over as much as fits; return how many bytes, 0 when none are taken now."""
        if self._handed_over is None:
            joined = bytearray()
            for part in parts:
                joined += part[: _HANDED_OVER_BYTES - len(joined)]
                if len(joined) == _HANDED_OVER_BYTES:
                    break
            self._handed_over = memoryview(joined)
        try:
            sent = self._tls.send(self._handed_over)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        self._handed_over = None
        return sent

    def _receive(self) -> None:
        """Take all that is there: what TLS has deciphered already, no socket shows as readable."""
        received = b""
        try:
            while True:
                some = self._tls.recv(_RECEIVED_AT_ONCE_BYTES)
                if not some:
                    raise ConnectionLost("the broker closed the connection")
                received += some
                if not self._tls.pending() and self._tls.gettimeout() != 0:
                    break
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            if not received:
                raise BlockingIOError from error
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        self._received += received
        self._notes = ()


def told_off(lost: ConnectionLost) -> bool:
    """Whether the other side ended the connection by an alert of TLS."""
    cause = lost.__cause__
    return isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or "")


def refused_by_tls(address: tuple[str, int], lost: ConnectionLost) -> NotLetIn:
    """A broker that wants another certificate of its client, or any."""
    where, cause = f"{address[0]}:{address[1]}", lost.__cause__
    reason = (cause.reason or "") if isinstance(cause, ssl.SSLError) else str(lost)
    said = reason.lower().partition("alert_")[2].replace("_", " ") or str(lost)
    return NotLetIn(
        f"{where} does not take this client's certificate: {said}",
        hint="set ssl.keystore.type=PEM and ssl.keystore.location in the client properties",
    )


def connect(access: KafkaAccess, address: tuple[str, int], *, timeout_s: float) -> Connection:
    """Connect and log in as the access says. Raises OSError, ConnectionLost, or NotLetIn for good.

    EndpointAway, an OSError, is not of this broker: no other one lets us in either.
    """
    context = tls_context(access)
    if context is None:
        connection = Connection(address, timeout_s=timeout_s)
    else:
        connection = TlsConnection(address, context, timeout_s=timeout_s)
    if access.mechanism is not None:
        try:
            log_in = _LogIn(access, connection, address, timeout_s)
            log_in.exchange()
            connection.session = log_in if log_in.due_s < math.inf else None
        except BaseException:
            connection.close()
            raise
    return connection


class _LogIn:
    """Who is logged in by a connection, and when that is to be done anew."""

    def __init__(
        self,
        access: KafkaAccess,
        connection: Connection,
        address: tuple[str, int],
        timeout_s: float,
    ) -> None:
        self._access = access
        self._connection = connection
        self._where = f"{address[0]}:{address[1]}"
        self._timeout_s = timeout_s
        self.due_s = math.inf

    def renew(self) -> None:
        """Log in anew. Raises ConnectionLost: a new connection then tells why not."""
        try:
            self.exchange()
        except (NotLetIn, EndpointAway) as error:
            raise ConnectionLost(str(error)) from error

    def exchange(self) -> None:
        """SaslHandshake, then SaslAuthenticate until the mechanism is done (KIP-152).

        Raises ConnectionLost, EndpointAway, and NotLetIn for good.
        """
        begun_s = time.monotonic()
        sasl = Sasl(sasl_options(self._access, patience_s=self._timeout_s))
        self._agree(sasl.mechanism)
        session_ms = 0
        while not sasl.done():
            session_ms = self._step(sasl)
        wait_s = max(_SHORTEST_SESSION_S, session_ms / 1e3 * _USED_OF_A_SESSION)
        self.due_s = begun_s + wait_s if session_ms else math.inf

    def _agree(self, mechanism: str) -> None:
        error, known = parse_sasl_handshake(
            self._connection.call(sasl_handshake_request(0, mechanism))
        )
        if error:
            raise NotLetIn(
                f"{self._where} does not know sasl.mechanism {mechanism}; it knows {', '.join(known)}",
                hint=f"sasl.mechanism={known[0] if known else 'PLAIN'}",
            )

    def _step(self, sasl: Sasl) -> int:
        """Send what is next, and take the answer to it; return how long the session lasts (ms), 0: for ever."""
        try:
            sent = sasl.next()
        except TokenRefused as refused:
            raise NotLetIn(str(refused), hint=refused.hint) from refused
        error, words, received, session_ms = parse_sasl_authenticate(
            self._connection.call(sasl_authenticate_request(0, sent))
        )
        if error:
            by_token = sasl.mechanism == SaslMechanism.OAUTHBEARER.value
            raise NotLetIn(
                f"{self._where} refuses the log-in: {words or error_name(error)}",
                hint=_TOKEN_HINT if by_token else _PASSWORD_HINT,
            )
        try:
            sasl.take(received)
        except (ValueError, KeyError) as wrong:
            raise NotLetIn(
                f"{self._where} does not prove that it knows the password: {wrong}",
                hint="check that this is the broker that you mean",
            ) from wrong
        return session_ms
