"""Tokens of an endpoint that is scripted: when it is asked, what is refused, and that no secret is shown."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme

from streambench.kafka import cluster
from streambench.kafka.access import tokens
from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.access.jaas import read_jaas
from streambench.kafka.access.new_tokens import EndpointAway, TokenRefused, new_token
from streambench.kafka.access.oauth import ClientCredentials, credentials_of
from streambench.kafka.access.property_names import JAAS, LOGIN_HANDLER
from streambench.kafka.access.sasl import Sasl, sasl_options
from streambench.kafka.access.tokens import see_endpoint, token_for
from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.inspection import inspect_brokers
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.kafka_access import KafkaAccess
from streambench.runtime.waiting import wait_until
from tests.kafka.token_endpoint import CLIENT, SECRET, TokenEndpoint, token_endpoint, token_login

OAUTH = "org.apache.kafka.common.security.oauthbearer"
URL = "sasl.oauthbearer.token.endpoint.url"
BEGIN = "bootstrap.servers=a:1\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\n"
MODULE = f"{JAAS}={OAUTH}.OAuthBearerLoginModule required"
WHOLE = f'{BEGIN}{URL}=http://h/t\n{MODULE} clientId=c clientSecret="hidden"'


class Clock:
    """`time.monotonic` of those who keep tokens, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(autouse=True)
def _none_kept() -> None:
    tokens._keepers.clear()  # a port may be the one of another test


@pytest.fixture(name="endpoint")
def _endpoint() -> Iterator[TokenEndpoint]:
    with token_endpoint() as endpoint:
        yield endpoint


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(tokens, "time", SimpleNamespace(monotonic=clock))
    return clock


def access(folder: Path, text: str) -> KafkaAccess:
    path = folder / "client.properties"
    path.write_text(text, encoding="utf-8")
    return read_client_properties(path, None).access


def asking(
    folder: Path, endpoint: TokenEndpoint, secret: str = SECRET, more: str = ""
) -> KafkaAccess:
    lines = "".join(f"{name}={value}\n" for name, value in token_login(endpoint, secret).items())
    return access(folder, f"bootstrap.servers=a:1\nsecurity.protocol=SASL_PLAINTEXT\n{lines}{more}")


def until(ready: Callable[[], bool]) -> None:
    wait_until(ready, what="the other thread", timeout_s=20.0, poll_s=0.005)


def until_another(first: str, found: KafkaAccess) -> str:
    """The token that is there once the first one was renewed."""
    until(lambda: token_for(credentials(found)) != first)
    return token_for(credentials(found))


def credentials(found: KafkaAccess) -> ClientCredentials:
    those = credentials_of(found.properties)
    assert those is not None
    return those


def test_both_ways_to_name_a_client_become_one(tmp_path: Path) -> None:
    old = access(tmp_path, f'{WHOLE} scope="a b" extension_cluster=x;\n')
    new = access(
        tmp_path,
        f"{BEGIN}{URL}=http://h/t\n{MODULE} extension_cluster=x;\n"
        "sasl.oauthbearer.client.credentials.client.id=c\n"
        "sasl.oauthbearer.client.credentials.client.secret=hidden\nsasl.oauthbearer.scope=a b\n"
        f"sasl.oauthbearer.jwt.retriever.class={OAUTH}.ClientCredentialsJwtRetriever\n",
    )
    assert old.properties == new.properties
    assert old.properties[LOGIN_HANDLER] == f"{OAUTH}.OAuthBearerLoginCallbackHandler"
    assert read_jaas(old.properties[JAAS], "here").options == {
        "clientId": "c",
        "clientSecret": "hidden",
        "scope": "a b",
        "extension_cluster": "x",
    }
    assert "hidden" not in repr(old) + repr(credentials(old))
    assert sasl_options(old)["sasl_oauth_token_provider"].extensions() == {"cluster": "x"}


def test_an_endpoint_by_tls_is_trusted_by_the_options_that_java_reads(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x")
    trust = "ssl.truststore.type=PEM\nssl.truststore.location=ca.pem\n"
    by_tls = access(tmp_path, f"{WHOLE};\n{trust}".replace("http:", "https:"))
    options = read_jaas(by_tls.properties[JAAS], "here").options
    assert options["ssl.truststore.type"] == "PEM"
    assert options["ssl.truststore.location"] == str(tmp_path / "ca.pem")
    plain = access(tmp_path, f"{WHOLE};\n{trust}")
    assert "ssl" not in plain.properties[JAAS]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{BEGIN}{MODULE} clientId=c clientSecret=hidden;\n", "clientId of sasl.jaas.config is for"),
        (f"{BEGIN}{MODULE};\n{LOGIN_HANDLER}={OAUTH}.OAuthBearerLoginCallbackHandler\n", "is for a token"),
        (f"{BEGIN}{URL}=http://h/t\n{MODULE};\n", "has no clientId and no clientSecret"),
        (f"{BEGIN}{URL}=http://h/t\n{MODULE} clientId=c clientSecret=' ';\n", "has no clientSecret"),
        (f"{WHOLE};\n".replace("http://h", "file:///hidden"), "is no http or https URL"),
        (f"{WHOLE};\n".replace("http://h", "http://u:hidden@h"), "holds a name or a password"),
        (f"{WHOLE};\n".replace("http://h", "http://h:x"), "is no http or https URL"),
        (f"{WHOLE};\n".replace("//h/t", "//h/a b"), "is no http or https URL"),
        (f"{WHOLE};\n".replace("//h/t", "//h/${x}"), "is no http or https URL"),
        (f"{WHOLE};\n".replace("//h/t", "//h/t;x"), "is no http or https URL"),
        (f"{WHOLE};\n".replace("//h/t", "//h/t?code=hidden"), "has a query or a fragment"),
        (f"{WHOLE};\n".replace("//h/t", "//h/t#hidden"), "has a query or a fragment"),
        (f"{WHOLE} ssl.protocol=x;\n", "the option 'ssl.protocol' of sasl.jaas.config is not"),
        (f"{WHOLE};\n{LOGIN_HANDLER}=io.strimzi.X\n", "is of no use to clients that are not Java's"),
        (f"{WHOLE};\nsasl.oauthbearer.header.urlencode=perhaps\n", "is neither true nor false"),
        (f"{WHOLE};\n".replace("OAuthBearerLogin", "Other"), "which takes no tokens of an endpoint"),
        (f"{WHOLE};\n".replace("SASL_PLAINTEXT", "PLAINTEXT"), "does not log in here"),
        (f'{BEGIN}{URL}=http://h/t\n{JAAS}=M required username=a password=hidden;\n'.replace(
            "OAUTHBEARER", "PLAIN"), "is for sasl.mechanism=OAUTHBEARER"),
    ],
    ids=range(18),
)  # fmt: skip
def test_what_some_client_would_not_keep_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        access(tmp_path, text)
    assert told in str(refused.value)
    assert refused.value.hint
    assert "hidden" not in str(refused.value) + refused.value.hint


def test_a_token_is_asked_for_once_and_anew_before_it_ends(
    tmp_path: Path, endpoint: TokenEndpoint, clock: Clock
) -> None:
    endpoint.lasts_s = 100.0
    found = asking(tmp_path, endpoint)
    for _ in range(3):
        sent = Sasl(sasl_options(found)).next().decode()
    (first,) = endpoint.given
    assert sent == f"n,,\x01auth=Bearer {first}\x01\x01"
    clock.now_s += 79
    assert token_for(credentials(found)) == first
    clock.now_s += 2
    assert until_another(first, found) == endpoint.given[1]
    asked = {"grant_type": ["client_credentials"], "scope": ["kafka read"]}
    assert endpoint.asked == [asked, asked]


def test_nobody_who_has_a_token_waits_for_its_renewal(
    tmp_path: Path, endpoint: TokenEndpoint, clock: Clock
) -> None:
    endpoint.lasts_s = 100.0
    found = asking(tmp_path, endpoint)
    first = token_for(credentials(found))
    endpoint.may_answer.clear()
    clock.now_s += 81
    for _ in range(3):
        assert token_for(credentials(found)) == first
    clock.now_s += 20
    with pytest.raises(EndpointAway, match=r"nothing came within 0\.01 s"):
        token_for(credentials(found), patience_s=0.01)
    endpoint.may_answer.set()
    assert token_for(credentials(found)) == endpoint.given[1]
    assert len(endpoint.given) == 2


@pytest.mark.parametrize(("status", "kind"), [(503, EndpointAway), (401, TokenRefused)])
def test_an_endpoint_that_gives_none_matters_only_once_the_token_has_ended(
    tmp_path: Path, endpoint: TokenEndpoint, clock: Clock, status: int, kind: type[Exception]
) -> None:
    endpoint.lasts_s = 100.0
    found = asking(tmp_path, endpoint)
    token = token_for(credentials(found))
    endpoint.answers = (status, b"")
    clock.now_s += 99
    assert token_for(credentials(found)) == token
    until(lambda: len(endpoint.asked) == 2)
    clock.now_s += 2
    for _ in range(9):
        with pytest.raises(kind, match=str(status)):
            token_for(credentials(found))
    # One at most while it failed a moment ago: not one for each try to connect.
    assert len(endpoint.asked) <= 3
    with pytest.raises(EnvironmentLacks, match=str(status)) as told:
        see_endpoint(found)
    assert told.value.hint
    clock.now_s += 2
    endpoint.answers = None
    assert token_for(credentials(found)) == endpoint.given[1]


def test_an_endpoint_that_is_away_is_no_reason_to_try_each_broker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    def away(_access: KafkaAccess, address: tuple[str, int], *, timeout_s: float) -> Connection:
        tried.append((address, timeout_s))
        raise EndpointAway("the token endpoint does not answer")

    monkeypatch.setattr(cluster, "connect", away)
    with pytest.raises(ConnectionLost, match="token endpoint"):
        Cluster(KafkaAccess("a:1,b:2")).anyone(timeout_s=0.5)
    assert tried == [(("a", 1), 0.5)]


@pytest.mark.parametrize(
    ("claims", "expires_in", "lasts_s"),
    [
        ({"iat": 0, "exp": 90}, 3_600, 90),
        ({"iat": 0, "exp": 3_600}, 80, 80),
        ({"iat": 0, "exp": 3_600}, None, 3_600),
        ({"iat": None, "exp": 70}, None, 70),
        # A token that was given before, and is given again.
        ({"iat": -50, "exp": 50}, 100, 50),
        # The endpoint's clock is ahead of this one by a day.
        ({"iat": 86_400, "exp": 86_500}, None, 100),
    ],
    ids=range(6),
)
def test_a_token_lasts_as_long_as_all_that_say_so(
    tmp_path: Path,
    endpoint: TokenEndpoint,
    claims: dict[str, float | None],
    expires_in: int | None,
    lasts_s: float,
) -> None:
    now_s = time.time()
    text = endpoint.token(**{n: v if v is None else now_s + v for n, v in claims.items()})
    answer = {"access_token": text, "expires_in": expires_in}
    endpoint.answers = (200, json.dumps(answer).encode())
    found = new_token(credentials(asking(tmp_path, endpoint))).lasts_s
    assert lasts_s - 10 < found <= lasts_s + 0.001


def test_a_clock_that_is_ahead_of_the_whole_token_is_told(
    tmp_path: Path, endpoint: TokenEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = json.dumps({"access_token": endpoint.token()}).encode()
    endpoint.answers = (200, answer)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    with pytest.raises(TokenRefused, match="ended already by this host's clock") as refused:
        token_for(credentials(asking(tmp_path, endpoint)))
    assert "date" in (refused.value.hint or "")


def no_token(endpoint: TokenEndpoint, **claims: object) -> bytes:
    return json.dumps({"access_token": endpoint.token(**claims)}).encode()


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((200, b"[" * 100_000), "is no token: it is no JSON"),
        ({"exp": 10**400}, "does not say when it ends"),
        ((404, b""), "answers 404 Not Found"),
        ((302, b""), "answers 302 Found"),
        ((200, b"<html>"), "is no token: it is no JSON"),
        ((200, b"[1]"), "is no token: it has no access_token"),
        ((200, b'{"access_token": 7}'), "is no token: it has no access_token"),
        ((200, b'{"access_token": "hidden"}'), "its access_token is no JWT"),
        ((200, b'{"access_token": "a.hidden.c"}'), "its access_token is no JWT"),
        ({"exp": None}, "does not say when it ends"),
        ({"exp": 1}, "has ended already"),
        ({"sub": None}, "does not say whose it is"),
        ((400, b'{"error": "invalid_scope", "error_description": "hidden"}'), "400 Bad Request, invalid_scope"),
        ((403, b'{"error": "hi dden hidden"}'), "refuses the client: 403 Forbidden"),
    ],
    ids=range(14),
)  # fmt: skip
def test_what_is_no_token_is_told_before_a_broker_is_asked(
    tmp_path: Path,
    endpoint: TokenEndpoint,
    answers: tuple[int, bytes] | dict[str, object],
    told: str,
) -> None:
    endpoint.answers = (
        (200, no_token(endpoint, **answers)) if isinstance(answers, dict) else answers
    )
    with pytest.raises(TokenRefused) as refused:
        inspect_brokers(asking(tmp_path, endpoint))
    assert told in str(refused.value)
    assert refused.value.hint
    assert "hidden" not in str(refused.value) + refused.value.hint


def test_a_wrong_secret_is_refused_without_being_shown(
    tmp_path: Path, endpoint: TokenEndpoint
) -> None:
    with pytest.raises(TokenRefused, match="401 Unauthorized, invalid_client") as refused:
        see_endpoint(asking(tmp_path, endpoint, "hidden"))
    assert "hidden" not in str(refused.value)
    assert "aGlkZGVu" not in str(refused.value)
    assert "clientSecret" in (refused.value.hint or "")


def test_the_claim_that_says_whose_a_token_is_can_be_another(
    tmp_path: Path, endpoint: TokenEndpoint
) -> None:
    endpoint.answers = (200, no_token(endpoint, sub=None, azp=CLIENT))
    see_endpoint(asking(tmp_path, endpoint, more="sasl.oauthbearer.sub.claim.name=azp\n"))


def test_where_nobody_listens_is_told(tmp_path: Path, endpoint: TokenEndpoint) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        nobody = replace(endpoint, port=taken.getsockname()[1])
        with pytest.raises(EnvironmentLacks, match=r"does not answer: .*refused") as told:
            inspect_brokers(asking(tmp_path, nobody))
        assert told.value.hint == f"curl -v {nobody.url}"


def test_an_endpoint_by_tls_is_trusted_by_the_truststore(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with token_endpoint(context) as endpoint:
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        trust = "ssl.truststore.type=PEM\nssl.truststore.location=ca.pem\n"
        see_endpoint(asking(tmp_path, endpoint, more=trust))
        trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
        other = asking(tmp_path, endpoint, more=trust.replace("ca.pem", "other.pem"))
        with pytest.raises(TokenRefused, match="is not trusted: unable to get local") as refused:
            see_endpoint(other)
        assert "ssl.truststore.location" in (refused.value.hint or "")
        in_file = (tmp_path / "ca.pem").read_text().replace("\n", "\\n")
        inline = f"ssl.truststore.type=PEM\nssl.truststore.certificates={in_file}\n"
        see_endpoint(asking(tmp_path, endpoint, more=inline))


@pytest.mark.parametrize(("encoded", "sent"), [("true", "a%2Bb:x%26"), ("false", "a+b:x&")])
def test_a_name_is_encoded_where_the_properties_ask_for_it(
    tmp_path: Path, endpoint: TokenEndpoint, encoded: str, sent: str
) -> None:
    text = WHOLE.replace("http://h/t", endpoint.url).replace("clientId=c", 'clientId="a+b"')
    found = access(
        tmp_path,
        text.replace("hidden", "x&") + f";\nsasl.oauthbearer.header.urlencode={encoded}\n",
    )
    endpoint.answers = (401, b"")
    with pytest.raises(TokenRefused):
        token_for(credentials(found))
    (basic,) = endpoint.authorizations
    assert base64.b64decode(basic.removeprefix("Basic ")).decode() == sent
