"""Asking an endpoint for a token, and judging what it answers: a JWT that Kafka's clients take, and how long."""

from __future__ import annotations

import base64
import binascii
import http.client
import json
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard
from urllib.parse import quote_plus, urlencode, urlsplit

from streambench.kafka.access.oauth import ClientCredentials
from streambench.kafka.access.tls import trusting
from streambench.model.errors import EnvironmentLacks

_TIMEOUT_S: Final = 10.0
_LONGEST_ANSWER_BYTES: Final = 1 << 20
_NO_JSON: Final = (ValueError, RecursionError)
_LATEST_S: Final = 1e12
# RFC 6749, 5.2: the one member of a refusal that is a word of a list.
_ERROR_CODE: Final = re.compile(r"[a-z_]{1,40}")


class TokenRefused(EnvironmentLacks):
    """An endpoint gives this client no token that can be used: to ask again is in vain."""


class EndpointAway(ConnectionError):
    """An endpoint does not answer now."""


@dataclass(frozen=True)
class Token:
    """A token that was just given, and for how many seconds it can be used from now."""

    text: str = field(repr=False)
    lasts_s: float


def new_token(credentials: ClientCredentials) -> Token:
    """What the client-credentials grant gives (RFC 6749, 4.4).

    Raises TokenRefused for good, EndpointAway for now, UsageError where trusted certificates cannot be read.
    """
    members = _asked(credentials)
    # Java's clients take the second one, too.
    for name in ("access_token", "id_token"):
        if isinstance(text := members.get(name), str) and text.strip():
            text = text.strip()
            return Token(text, _lasts_s(text, members.get("expires_in"), credentials))
    raise _no_token(credentials, "it has no access_token")


def _asked(credentials: ClientCredentials) -> Mapping[str, Any]:
    """The members of its answer."""
    url = urlsplit(credentials.url)
    status, body = _posted(credentials)
    if status >= 500 or status == 429:
        raise EndpointAway(f"the token endpoint {credentials.url} answers {_words(status)}")
    if status in (400, 401, 403):
        raise TokenRefused(
            f"the token endpoint {credentials.url} refuses the client: {_words(status)}{_error(body)}",
            hint="check clientId, clientSecret and scope in the client properties",
        )
    if status not in (200, 201):
        raise TokenRefused(
            f"the token endpoint {credentials.url} answers {_words(status)}",
            hint=f"check the path {url.path or '/'} of sasl.oauthbearer.token.endpoint.url",
        )
    try:
        members = json.loads(body)
    except _NO_JSON:
        raise _no_token(credentials, "it is no JSON") from None
    if not isinstance(members, dict):
        raise _no_token(credentials, "it has no access_token")
    return members


def _posted(credentials: ClientCredentials) -> tuple[int, bytes]:
    """Status and body of the answer. Without a proxy, as Java's clients ask."""
    url = urlsplit(credentials.url)
    host = str(url.hostname)
    name, secret = credentials.client_id, credentials.client_secret
    if credentials.encoded:
        name, secret = quote_plus(name), quote_plus(secret)
    form = {"grant_type": "client_credentials"}
    if credentials.scope is not None:
        form["scope"] = credentials.scope
    headers = {
        "Accept": "application/json",
        "Authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    path = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    connection: http.client.HTTPConnection
    if url.scheme.lower() == "https":
        context = trusting(credentials.trusted_file, credentials.trusted)
        connection = http.client.HTTPSConnection(
            host, url.port, timeout=_TIMEOUT_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, url.port, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", path, urlencode(form), headers)
        answer = connection.getresponse()
        return answer.status, answer.read(_LONGEST_ANSWER_BYTES)
    except ssl.SSLCertVerificationError as error:
        raise TokenRefused(
            f"the certificate of the token endpoint {credentials.url} is not trusted: {error.verify_message}",
            hint="add its authority to the PEM file of ssl.truststore.location, "
            "which is for brokers and token endpoint",
        ) from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        why = str(error) or type(error).__name__
        raise EndpointAway(
            f"the token endpoint {credentials.url} does not answer: {why}"
        ) from error
    finally:
        connection.close()


def _lasts_s(text: str, expires_in: object, credentials: ClientCredentials) -> float:
    """How long a token lasts: the shortest of what it says, the answer says, and this host's clock says.

    It must be what Java's clients take: a JWT that ends. Raises TokenRefused.
    """
    claims = _claims(text)
    if claims is None:
        raise _no_token(credentials, "its access_token is no JWT, as Kafka's clients need")
    ends_s, issued_s = claims.get("exp"), claims.get("iat")
    if not _is_number(ends_s):
        raise _no_token(credentials, "its access_token does not say when it ends (exp)")
    if not isinstance(claims.get(credentials.subject_claim), str):
        raise _no_token(
            credentials,
            f"its access_token does not say whose it is ({credentials.subject_claim})",
            hint="sasl.oauthbearer.sub.claim.name=CLAIM names another claim, here and at the brokers",
        )
    # By the endpoint's own clock, which may not be this one's.
    told_s = [float(expires_in)] if _is_number(expires_in) else []
    told_s += [float(ends_s) - float(issued_s)] if _is_number(issued_s) else []
    here_s = float(ends_s) - time.time()
    if min((here_s, *told_s)) > 0:
        return min((here_s, *told_s))
    if told_s and min(told_s) > 0:
        raise _no_token(
            credentials,
            "its access_token has ended already by this host's clock",
            hint="date -u shows that clock; let NTP or PTP keep it",
        )
    raise _no_token(credentials, "its access_token has ended already")


def _claims(token: str) -> dict[str, Any] | None:
    """What a JWT says (RFC 7519), its signature not looked at; None: it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (*_NO_JSON, binascii.Error):
        return None
    return found if isinstance(found, dict) else None


def _is_number(value: object) -> TypeGuard[float]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) < _LATEST_S


def _no_token(credentials: ClientCredentials, why: str, hint: str | None = None) -> TokenRefused:
    # What was answered is not shown: it may be a token all the same.
    return TokenRefused(
        f"what the token endpoint {credentials.url} answers is no token: {why}",
        hint=hint
        or "check sasl.oauthbearer.token.endpoint.url: it is the URL that takes "
        "grant_type=client_credentials",
    )


def _words(status: int) -> str:
    known = http.client.responses.get(status)
    return f"{status} {known}" if known else str(status)


def _error(body: bytes) -> str:
    """The word for what is wrong; its description is left out, for it may repeat what was sent."""
    try:
        members = json.loads(body)
    except _NO_JSON:
        return ""
    code = members.get("error") if isinstance(members, dict) else None
    return f", {code}" if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else ""
