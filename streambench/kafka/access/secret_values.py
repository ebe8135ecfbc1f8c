"""Which values of client properties nobody may read."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus

from streambench.kafka.access.jaas import read_jaas
from streambench.kafka.access.oauth import credentials_of
from streambench.kafka.access.property_names import JAAS, KEY_PASSWORD, OWN_FILE, OWN_KEY
from streambench.kafka.access.without_files import private_keys_in
from streambench.model.errors import UsageError

# Options of the line of JAAS that name somebody or something; all others may prove who logs in.
_OPEN: Final = frozenset({"username", "clientId", "scope"})
_OPEN_FAMILIES: Final = ("ssl.truststore.", "unsecuredLogin")


def secrets_of(properties: Mapping[str, str]) -> tuple[str, ...]:
    """Passwords, keys and client secrets of properties that were checked, and what is made of them."""
    return tuple(each for each in _found(properties) if each)


def _found(properties: Mapping[str, str]) -> Iterator[str]:
    if JAAS in properties:
        yield from _in_jaas(properties[JAAS])
    if (client := credentials_of(properties)) is not None:
        name, secret = client.client_id, client.client_secret
        # As it is sent to the token endpoint.
        for pair in (f"{name}:{secret}", f"{quote_plus(name)}:{quote_plus(secret)}"):
            yield base64.b64encode(pair.encode()).decode()
    yield properties.get(KEY_PASSWORD, "")
    yield properties.get(OWN_KEY, "")
    if (own := properties.get(OWN_FILE)) is not None:
        yield from private_keys_in(_text_of(own))


def _in_jaas(text: str) -> Iterator[str]:
    try:
        options = read_jaas(text, "the client properties").options
    except UsageError:  # one that nobody logs in by need not be right
        yield text
        return
    for name, value in options.items():
        if name not in _OPEN and not name.startswith(_OPEN_FAMILIES):
            yield value


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""  # whoever needs it says so
