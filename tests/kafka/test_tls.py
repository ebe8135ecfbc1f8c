"""Who is trusted by TLS, and what is said of who is not: against servers that only shake hands."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import ConnectionLost
from streambench.kafka.secured import NotLetIn
from streambench.model.errors import UsageError
from streambench.model.kafka_access import KafkaAccess
from tests.kafka.kafka_lab import key_and_chain

Serve = Callable[[trustme.LeafCert, bool], int]


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Serve]:
    """A server with a certificate; it may want one of its clients. Answers metadata of no broker."""
    servers: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(certificate: trustme.LeafCert, wants_one: bool) -> int:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(context)
        if wants_one:
            authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def answer() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                connected = context.wrap_socket(
                    plain, server_side=True, do_handshake_on_connect=False
                )
                with contextlib.suppress(OSError), connected:
                    try:
                        connected.do_handshake()
                    except ssl.SSLError:
                        # To close with something unread would reset the connection, and take the alert back.
                        with socket.socket(fileno=connected.detach()) as rest:
                            rest.shutdown(socket.SHUT_WR)
                            while rest.recv(1_024):
                                pass
                        continue
                    size_bytes = struct.unpack(">i", connected.recv(4))[0]
                    request = connected.recv(size_bytes)
                    body = request[4:8] + struct.pack(">iihii", 0, 0, -1, -1, 0)
                    connected.sendall(struct.pack(">i", len(body)) + body)

        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        port: int = server.getsockname()[1]
        return port

    yield start
    for server in servers:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
    for thread in threads:
        thread.join(10)


def access(folder: Path, authority: trustme.CA, port: int, more: str = "") -> KafkaAccess:
    authority.cert_pem.write_to_path(folder / "ca.pem")
    path = folder / "client.properties"
    path.write_text(
        "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location=ca.pem\n" + more
    )
    return read_client_properties(path, f"127.0.0.1:{port}").access


def ask(found: KafkaAccess) -> None:
    Cluster(found).leaders("t", timeout_s=5)


def test_who_is_trusted_is_asked(tmp_path: Path, authority: trustme.CA, serve: Serve) -> None:
    port = serve(authority.issue_cert("127.0.0.1"), False)
    ask(access(tmp_path, authority, port))


@pytest.mark.parametrize(
    ("certificate", "told"),
    [
        (lambda ca: ca.issue_cert("other.example"), "IP address mismatch"),
        (
            lambda ca: ca.issue_cert(
                "127.0.0.1",
                not_before=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
                not_after=dt.datetime(2021, 1, 1, tzinfo=dt.UTC),
            ),
            "certificate has expired",
        ),
        (lambda ca: trustme.CA().issue_cert("127.0.0.1"), "unable to get local issuer certificate"),
    ],
    ids=["another-host", "expired", "unknown-authority"],
)
def test_who_is_not_trusted_is_named_with_the_reason(
    tmp_path: Path,
    authority: trustme.CA,
    serve: Serve,
    certificate: Callable[[trustme.CA], trustme.LeafCert],
    told: str,
) -> None:
    port = serve(certificate(authority), False)
    with pytest.raises(
        NotLetIn, match=rf"the certificate of 127\.0\.0\.1:{port} is not trusted"
    ) as no:
        ask(access(tmp_path, authority, port))
    assert told in str(no.value)
    assert no.value.hint == f"openssl s_client -connect 127.0.0.1:{port} -showcerts"


def test_a_host_may_be_left_unchecked(tmp_path: Path, authority: trustme.CA, serve: Serve) -> None:
    port = serve(authority.issue_cert("other.example"), False)
    ask(access(tmp_path, authority, port, "ssl.endpoint.identification.algorithm=\n"))


@pytest.mark.parametrize("inline", [False, True], ids=["in-a-file", "in-the-properties"])
def test_a_client_proves_itself_by_its_own_certificate(
    tmp_path: Path, authority: trustme.CA, serve: Serve, inline: bool
) -> None:
    port = serve(authority.issue_cert("127.0.0.1"), True)
    own = key_and_chain(authority.issue_cert("client@example.org"))
    (tmp_path / "own.pem").write_bytes(own)
    more = "ssl.keystore.type=PEM\nssl.keystore.location=own.pem\n"
    if inline:
        key, _, chain = own.decode().partition("-----END PRIVATE KEY-----\n")
        key += "-----END PRIVATE KEY-----"
        pieces = [text.strip().replace("\n", "\\n") for text in (key, chain)]
        more = (
            f"ssl.keystore.type=PEM\nssl.keystore.key={pieces[0]}\n"
            f"ssl.keystore.certificate.chain={pieces[1]}\n"
        )
    ask(access(tmp_path, authority, port, more))


def test_a_client_without_the_certificate_that_is_wanted_is_told(
    tmp_path: Path, authority: trustme.CA, serve: Serve
) -> None:
    port = serve(authority.issue_cert("127.0.0.1"), True)
    with pytest.raises(NotLetIn, match="does not take this client's certificate") as no:
        ask(access(tmp_path, authority, port))
    assert "ssl.keystore.location" in (no.value.hint or "")


def test_files_that_hold_no_certificate_are_refused(
    tmp_path: Path, authority: trustme.CA, serve: Serve
) -> None:
    port = serve(authority.issue_cert("127.0.0.1"), False)
    (tmp_path / "own.pem").write_text("nothing")
    more = "ssl.keystore.type=PEM\nssl.keystore.location=own.pem\n"
    with pytest.raises(UsageError, match="own certificate and key cannot be read"):
        ask(access(tmp_path, authority, port, more))
    found = access(tmp_path, authority, port)
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(UsageError, match="certificates that are trusted cannot be read"):
        ask(found)


def test_a_broker_without_tls_is_told(tmp_path: Path, authority: trustme.CA) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connected, _ = server.accept()
            connected.sendall(b"plain words")
            connected.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        port = server.getsockname()[1]
        with pytest.raises((NotLetIn, ConnectionLost)):
            ask(access(tmp_path, authority, port))
        thread.join(10)
