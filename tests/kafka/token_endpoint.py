"""A token endpoint as an identity provider has it: it knows one client, and signs what it gives it."""

from __future__ import annotations

import base64
import functools
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.kafka.kafka_lab import AUDIENCE, ISSUER

CLIENT: Final = "oauth"
# What would be another text in JAAS, in SQL, in a symbol of a plan and in Java's properties.
PART_OF_SECRET: Final = "s3cretOfTheClient"
SECRET: Final = f'it\'s "so" \\{PART_OF_SECRET};${{x}} ü'
SCOPE: Final = "kafka read"
_KEY_ID: Final = "of-the-test"


@dataclass
class TokenEndpoint:
    """A running endpoint: what it was asked, and what it gave. `answers` is given instead, where it is set.

    It answers no client while `may_answer` is not set.
    """

    key: rsa.RSAPrivateKey
    lasts_s: float = 3_600.0
    answers: tuple[int, bytes] | None = None
    port: int = 0
    scheme: str = "http"
    asked: list[Mapping[str, list[str]]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where tokens are given."""
        return f"{self.scheme}://127.0.0.1:{self.port}/token"

    @property
    def keys_url(self) -> str:
        """Where brokers find by which key tokens are signed."""
        return f"{self.scheme}://127.0.0.1:{self.port}/keys"

    def token(self, **claims: Any) -> str:
        """A token as it would be given now."""
        now_s = time.time()
        told = {
            "sub": CLIENT,
            "aud": AUDIENCE,
            "iss": ISSUER,
            "scope": SCOPE,
            "iat": now_s,
            "exp": now_s + self.lasts_s,
            **claims,
        }
        signed = f"{_part({'alg': 'RS256', 'kid': _KEY_ID, 'typ': 'JWT'})}.{_part(told)}"
        signature = self.key.sign(signed.encode(), PKCS1v15(), SHA256())
        return f"{signed}.{_in_base64(signature)}"

    def keys(self) -> bytes:
        """The public key, as a JSON Web Key Set (RFC 7517)."""
        numbers = self.key.public_key().public_numbers()
        n, e = (
            _in_base64(number.to_bytes((number.bit_length() + 7) // 8, "big"))
            for number in (numbers.n, numbers.e)
        )
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": _KEY_ID, "n": n, "e": e}
        return json.dumps({"keys": [key]}).encode()

    def answer_to(self, authorization: str, form: Mapping[str, list[str]]) -> tuple[int, bytes]:
        """Status and body of the answer to a client."""
        self.asked.append(form)
        self.authorizations.append(authorization)
        self.may_answer.wait()
        if self.answers is not None:
            return self.answers
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != f"Basic {expected}":
            told = {"error": "invalid_client", "error_description": f"not {authorization}"}
            return 401, json.dumps(told).encode()
        if form.get("grant_type") != ["client_credentials"]:
            return 400, b'{"error": "unsupported_grant_type"}'
        token = self.token()
        self.given.append(token)
        given = {"access_token": token, "token_type": "Bearer", "expires_in": int(self.lasts_s)}
        return 200, json.dumps(given).encode()


def new_key() -> rsa.RSAPrivateKey:
    """A key to sign with."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@functools.cache
def _usual_key() -> rsa.RSAPrivateKey:
    return new_key()


@contextmanager
def token_endpoint(
    context: ssl.SSLContext | None = None, key: rsa.RSAPrivateKey | None = None
) -> Iterator[TokenEndpoint]:
    """An endpoint on 127.0.0.1, by TLS with a context; it ends with the block.

    `key` signs; None: one that all share, as it takes long to make.
    """
    endpoint = TokenEndpoint(key or _usual_key())
    endpoint.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, endpoint.keys())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            form = parse_qs(body.decode())
            self._send(*endpoint.answer_to(self.headers.get("Authorization", ""), form))

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            endpoint.scheme = "https"
        endpoint.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield endpoint
        finally:
            endpoint.may_answer.set()
            server.shutdown()
            thread.join()


def token_login(endpoint: TokenEndpoint, secret: str = SECRET) -> dict[str, str]:
    """Properties of a log-in by its tokens, as a properties file has them."""
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
    jaas = (
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
        f'clientId="{CLIENT}" clientSecret="{quoted}" scope="{SCOPE}";'
    )
    return {
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.jaas.config": jaas.replace("\\", "\\\\"),
        "sasl.oauthbearer.token.endpoint.url": endpoint.url,
    }


def _in_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _part(members: Mapping[str, Any]) -> str:
    return _in_base64(json.dumps(members).encode())
