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
# As java.io.StreamTokenizer has them, by which Kafka reads the line: letters, and octal numbers.
_ESCAPED: Final = re.compile(r"\\([0-3]?[0-7]{1,2}|.)", re.DOTALL)
_LETTERS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_TO_ESCAPE: Final = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r"}


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
                value = _ESCAPED.sub(_unescaped, value[1:-1])
            options[name] = value
            at = found.end()
        if not rest[at:].strip():
            return Login(entry["module"], options)
    raise UsageError(
        f'{where}: sasl.jaas.config is not MODULE required NAME="VALUE" …;',
        hint="end it with a semicolon, and write each value in double quotes",
    )


def write_jaas(login: Login) -> str:
    """The same as a line of JAAS, which Kafka's clients and `read_jaas` read."""
    options = "".join(
        f' {name}="{"".join(_TO_ESCAPE.get(each, each) for each in value)}"'
        for name, value in login.options.items()
    )
    return f"{login.module} required{options};"


def _unescaped(found: re.Match[str]) -> str:
    text = found[1]
    return (
        chr(int(text, 8))
        if text.isdecimal() and text.isascii() and text[0] < "8"
        else _LETTERS.get(text, text)
    )
