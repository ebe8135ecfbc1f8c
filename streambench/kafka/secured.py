"""Connections to brokers that ask for TLS or a log-in."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Final

from streambench.kafka.access.new_tokens import TokenRefused
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
            sasl = Sasl(sasl_options(access, patience_s=timeout_s))
            _log_in(connection, sasl, f"{address[0]}:{address[1]}")
        except BaseException:
            connection.close()
            raise
    return connection


def _log_in(connection: Connection, sasl: Sasl, where: str) -> None:
    """SaslHandshake, then SaslAuthenticate until the mechanism is done (KIP-152)."""
    by_token = sasl.mechanism == SaslMechanism.OAUTHBEARER.value
    answer = connection.call(sasl_handshake_request(0, sasl.mechanism))
    error, known = parse_sasl_handshake(answer)
    if error:
        raise NotLetIn(
            f"{where} does not know sasl.mechanism {sasl.mechanism}; it knows {', '.join(known)}",
            hint=f"sasl.mechanism={known[0] if known else 'PLAIN'}",
        )
    while not sasl.done():
        try:
            sent = sasl.next()
        except TokenRefused as refused:
            raise NotLetIn(str(refused), hint=refused.hint) from refused
        error, words, received = parse_sasl_authenticate(
            connection.call(sasl_authenticate_request(0, sent))
        )
        if error:
            raise NotLetIn(
                f"{where} refuses the log-in: {words or error_name(error)}",
                hint=_TOKEN_HINT if by_token else _PASSWORD_HINT,
            )
        try:
            sasl.take(received)
        except (ValueError, KeyError) as wrong:
            raise NotLetIn(
                f"{where} does not prove that it knows the password: {wrong}",
                hint="check that this is the broker that you mean",
            ) from wrong
