"""TLS for the clients that are written in Python, from Kafka's own properties."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streambench.kafka.access.property_names import (
    HOST_CHECK,
    KEY_PASSWORD,
    OWN_CHAIN,
    OWN_FILE,
    OWN_KEY,
    TRUSTED,
    TRUSTED_FILE,
)
from streambench.model.errors import UsageError
from streambench.model.kafka_access import KafkaAccess


def tls_context(access: KafkaAccess) -> ssl.SSLContext | None:
    """What a socket is wrapped with; None where the protocol has no TLS. Raises UsageError.

    Without a truststore the system's own authorities are trusted, as Java trusts its own.
    """
    if not access.protocol.encrypted:
        return None
    own = access.properties
    context = trusting(own.get(TRUSTED_FILE), own.get(TRUSTED))
    # An empty value turns the check off, as it does for Java's clients.
    if own.get(HOST_CHECK, "https") == "":
        context.check_hostname = False
    if OWN_FILE in own or OWN_CHAIN in own:
        # Without a password of its own an encrypted key would be asked for at the terminal.
        password = own.get(KEY_PASSWORD, "")
        with _own_certificate(access) as path:
            try:
                context.load_cert_chain(path, password=lambda: password)
            except (ssl.SSLError, OSError, ValueError) as error:
                raise UsageError(
                    f"the client's own certificate and key cannot be read: {error}",
                    hint=f"check {OWN_FILE}, and {KEY_PASSWORD} if the key is encrypted",
                ) from error
    return context


def trusting(file: str | None, certificates: str | None) -> ssl.SSLContext:
    """A context that trusts the certificates of a file, or these, or the system's own. Raises UsageError."""
    try:
        return ssl.create_default_context(cafile=file, cadata=certificates)
    except (ssl.SSLError, OSError) as error:
        raise UsageError(
            f"the certificates that are trusted cannot be read: {error}",
            hint="openssl x509 -in FILE -noout -subject",
        ) from error


@contextmanager
def _own_certificate(access: KafkaAccess) -> Iterator[Path]:
    """A file with chain and key; what stands in the properties themselves is in one only for a moment."""
    own = access.properties
    if OWN_FILE in own:
        yield Path(own[OWN_FILE])
        return
    descriptor, name = tempfile.mkstemp()  # of mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{own.get(OWN_KEY, '')}\n{own[OWN_CHAIN]}\n")
        yield Path(name)
    finally:
        os.unlink(name)
