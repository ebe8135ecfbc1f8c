"""Client properties for a client on another host, which has no file of this one: it gets what they hold.

Kafka's clients take certificates and a key of the type PEM from the properties themselves (KIP-651).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from streambench.kafka.access.jaas import Login, read_jaas, write_jaas
from streambench.kafka.access.property_names import (
    JAAS,
    OWN_CHAIN,
    OWN_FILE,
    OWN_KEY,
    TRUSTED,
    TRUSTED_FILE,
)
from streambench.model.errors import UsageError

_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_CERTIFICATE: Final = "CERTIFICATE"
_KEY: Final = "PRIVATE KEY"
# Each property that names a file: those that hold its parts instead, and what a part is called in PEM.
_PARTS: Final[Mapping[str, Mapping[str, str]]] = {
    TRUSTED_FILE: {TRUSTED: _CERTIFICATE},
    OWN_FILE: {OWN_CHAIN: _CERTIFICATE, OWN_KEY: _KEY},
}


def names_without_files(names: Iterable[str]) -> tuple[str, ...]:
    """The names that `without_files` gives properties of these names."""
    return tuple(part for name in names for part in _PARTS.get(name, (name,)))


def without_files(properties: Mapping[str, str]) -> dict[str, str]:
    """The same properties, with the content of files in place of their paths. Raises UsageError."""
    found: dict[str, str] = {}
    for name, value in properties.items():
        if name in _PARTS:
            found |= _parts(name, value)
        elif name == JAAS:
            found[name] = _jaas_without_files(value)
        else:
            found[name] = value
    return found


def private_keys_in(text: str) -> tuple[str, ...]:
    """The private keys of a text in PEM, each as a block of its own."""
    return tuple(_blocks(text, _KEY))


def _parts(name: str, path: str) -> dict[str, str]:
    try:
        # What stands around the blocks is left out, whatever it is written in.
        text = Path(path).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise UsageError(
            f"the file of {name} cannot be read: {error.strerror}: {path}", hint=f"ls -l {path}"
        ) from error
    found = {}
    for part, label in _PARTS[name].items():
        blocks = _blocks(text, label)
        if not blocks:
            raise UsageError(
                f"the file of {name} holds no {label.lower()} in PEM: {path}",
                hint=f"it needs a line -----BEGIN {label}-----",
            )
        # Kafka's clients want white space behind each block.
        found[part] = "".join(f"{block}\n" for block in blocks)
    return found


def _blocks(text: str, label: str) -> list[str]:
    return [block[0] for block in _BLOCK.finditer(text) if label in block[1]]


def _jaas_without_files(text: str) -> str:
    """A token endpoint is trusted by options of the line."""
    if TRUSTED_FILE not in text:
        return text
    login = read_jaas(text, "the client properties")
    options: dict[str, str] = {}
    for name, value in login.options.items():
        options |= _parts(name, value) if name == TRUSTED_FILE else {name: value}
    return write_jaas(Login(login.module, options))
