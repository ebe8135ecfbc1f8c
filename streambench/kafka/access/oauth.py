"""Log-ins by a token of an endpoint: what a file of client properties says of it, in words of all clients.

Clients before Kafka 4.1 know the client only from `sasl.jaas.config`, and all of them trust an endpoint by the
options there. So all is written there, whichever way the file has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from streambench.kafka.access.jaas import Login, read_jaas, write_jaas
from streambench.kafka.access.property_names import (
    CLIENT_ID,
    CLIENT_SECRET,
    HEADER_ENCODED,
    JAAS,
    LOGIN_HANDLER,
    RETRIEVER,
    SCOPE,
    SUBJECT_CLAIM,
    TOKEN_URL,
    TRUSTED,
    TRUSTED_FILE,
    TRUSTED_TYPE,
)
from streambench.model.errors import UsageError
from streambench.model.written import quoted

_OAUTH: Final = "org.apache.kafka.common.security.oauthbearer"
_MODULE: Final = f"{_OAUTH}.OAuthBearerLoginModule"
_HANDLER: Final = f"{_OAUTH}.OAuthBearerLoginCallbackHandler"
# Its name before Kafka 4.0, which clients of Kafka 3.9 take as well as the new one.
_HANDLERS: Final = (_HANDLER, f"{_OAUTH}.secured.OAuthBearerLoginCallbackHandler")
_RETRIEVERS: Final = (f"{_OAUTH}.DefaultJwtRetriever", f"{_OAUTH}.ClientCredentialsJwtRetriever")
# What scripts that start a JVM hand on as it is, and what may stand in a list with commas.
_URL: Final = re.compile(r"https?://[\w.~:/@+=%\[\]-]+", re.ASCII | re.IGNORECASE)
_EXTENSION: Final = "extension_"
_ID_OPTION, _SECRET_OPTION, _SCOPE_OPTION = "clientId", "clientSecret", "scope"
_OWN_OPTIONS: Final = (_ID_OPTION, _SECRET_OPTION, _SCOPE_OPTION)
_OF_TRUST: Final = (TRUSTED_TYPE, TRUSTED_FILE, TRUSTED)
_HINT: Final = (
    f'{JAAS}={_MODULE} required clientId="ID" clientSecret="SECRET" scope="SCOPE"; '
    "a scope is needed only where the endpoint asks for one"
)


@dataclass(frozen=True)
class ClientCredentials:
    """A client that an endpoint gives tokens to (RFC 6749, 4.4), and by which authorities that is trusted.

    `encoded`: whether id and secret are sent as RFC 6749, 2.3.1 asks, which Java's clients do only if told.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None
    subject_claim: str
    encoded: bool
    trusted_file: str | None
    trusted: str | None


def written_for_all(properties: Mapping[str, str], where: str) -> dict[str, str]:
    """The same properties of a log-in by OAUTHBEARER, as every client takes them.

    Raises UsageError, which does not show a secret.
    """
    login = read_jaas(properties[JAAS], where)
    if TOKEN_URL not in properties:
        _refuse_lonely(properties, login, where)
        return dict(properties)
    _check_url(properties[TOKEN_URL], where)
    _check_classes(properties, login, where)
    options = {
        _ID_OPTION: properties.get(CLIENT_ID, login.options.get(_ID_OPTION, "")).strip(),
        _SECRET_OPTION: properties.get(
            CLIENT_SECRET, login.options.get(_SECRET_OPTION, "")
        ).strip(),
    }
    missing = [name for name, value in options.items() if not value]
    if missing:
        raise UsageError(f"{where}: {JAAS} has no {' and no '.join(missing)}", hint=_HINT)
    if scope := properties.get(SCOPE, login.options.get(_SCOPE_OPTION, "")).strip():
        options[_SCOPE_OPTION] = scope
    options |= {n: v for n, v in login.options.items() if n.startswith(_EXTENSION)}
    if urlsplit(properties[TOKEN_URL]).scheme.lower() == "https":
        options |= {name: properties[name] for name in _OF_TRUST if name in properties}
    replaced = (CLIENT_ID, CLIENT_SECRET, SCOPE, RETRIEVER)
    kept = {name: value for name, value in properties.items() if name not in replaced}
    return {**kept, LOGIN_HANDLER: _HANDLER, JAAS: write_jaas(Login(_MODULE, options))}


def credentials_of(properties: Mapping[str, str]) -> ClientCredentials | None:
    """Who asks which endpoint, of properties that `written_for_all` made; None where none is asked."""
    if TOKEN_URL not in properties:
        return None
    options = read_jaas(properties[JAAS], "the client properties").options
    return ClientCredentials(
        properties[TOKEN_URL],
        options[_ID_OPTION],
        options[_SECRET_OPTION],
        options.get(_SCOPE_OPTION),
        properties.get(SUBJECT_CLAIM, "sub"),
        properties.get(HEADER_ENCODED, "").lower() == "true",
        properties.get(TRUSTED_FILE),
        properties.get(TRUSTED),
    )


def extensions_of(options: Mapping[str, str]) -> dict[str, str]:
    """What goes to the broker beside a token, by name (KIP-342)."""
    return {
        name.removeprefix(_EXTENSION): value
        for name, value in options.items()
        if name.startswith(_EXTENSION)
    }


def _refuse_lonely(properties: Mapping[str, str], login: Login, where: str) -> None:
    """Refuse what is of an endpoint where none is named: Java's clients would make unsecured tokens."""
    lonely = [name for name in (LOGIN_HANDLER, CLIENT_ID, CLIENT_SECRET) if name in properties]
    lonely += [f"{name} of {JAAS}" for name in _OWN_OPTIONS if name in login.options]
    if lonely:
        raise UsageError(
            f"{where}: {lonely[0]} is for a token endpoint, and none is named",
            hint=f"{TOKEN_URL}=https://HOST/PATH",
        )


def _check_url(url: str, where: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # ValueError where it is no number
        if "?" in url or "#" in url:
            # JVMs are told the URL on their command lines, and a query may hold a key.
            told: str | None = "has a query or a fragment, which command lines would show"
        elif not (_URL.fullmatch(url) and parts.hostname):
            told = "is no http or https URL of plain characters"
        else:
            told = None if parts.username is None else "holds a name or a password"
    except ValueError:
        told = "is no http or https URL"
    if told is not None:
        # The URL is not shown: what is wrong with it may be a password in it.
        raise UsageError(f"{where}: {TOKEN_URL} {told}", hint=f"{TOKEN_URL}=https://HOST/PATH")


def _check_classes(properties: Mapping[str, str], login: Login, where: str) -> None:
    if login.module != _MODULE:
        raise UsageError(
            f"{where}: {JAAS} names the module {quoted(login.module)}, which takes no tokens of an endpoint",
            hint=_HINT,
        )
    for name in login.options:
        if name not in _OWN_OPTIONS and not name.startswith(_EXTENSION):
            hint = _HINT
            if name.startswith("ssl."):
                hint = f"{TRUSTED_FILE} of the file itself is for the token endpoint, too"
            raise UsageError(
                f"{where}: the option {quoted(name)} of {JAAS} is not translated for every client",
                hint=hint,
            )
    for name, known in ((LOGIN_HANDLER, _HANDLERS), (RETRIEVER, _RETRIEVERS)):
        value = properties.get(name, known[0])
        if value not in known:
            raise UsageError(
                f"{where}: {name} {quoted(value)} is of no use to clients that are not Java's",
                hint=f"{name}={known[-1] if name == RETRIEVER else known[0]}",
            )
    encoded = properties.get(HEADER_ENCODED, "false")
    if encoded.lower() not in ("true", "false"):
        raise UsageError(
            f"{where}: {HEADER_ENCODED} is neither true nor false", hint=f"{HEADER_ENCODED}=true"
        )
