"""The one line of JAAS in which Kafka's clients keep who logs in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from streambench.model.errors import UsageError

# MODULE required NAME="VALUE" NAME=VALUE … ;  (org.apache.kafka.common.security.JaasConfig)
_ENTRY: Final = re.compile(
    r"\s*(?P<module>[\w.$]+)\s+(?:required|requisite|sufficient|optional)(?P<rest>.*);\s*",
    re.DOTALL,
)
_OPTION: Final = re.compile(r'\s*([\w.]+)\s*=\s*("(?:\\.|[^"\\])*"|[^\s;"\']+|\'[^\']*\')')
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Login:
    """A login module, and its options, which hold passwords."""

    module: str
    options: Mapping[str, str] = field(repr=False)


def read_jaas(text: str, where: str) -> Login:
    """Read `MODULE required NAME="VALUE" …;`. Raises UsageError, which does not show the text."""
    entry = _ENTRY.fullmatch(text)
    options: dict[str, str] = {}
    if entry is not None:
        rest = entry["rest"]
        at = 0
        while found := _OPTION.match(rest, at):
            name, value = found.groups()
            if value[0] in "\"'":
                value = _ESCAPED.sub(r"\1", value[1:-1])
            options[name] = value
            at = found.end()
        if not rest[at:].strip():
            return Login(entry["module"], options)
    raise UsageError(
        f'{where}: sasl.jaas.config is not MODULE required NAME="VALUE" …;',
        hint="end it with a semicolon, and write each value in double quotes",
    )
