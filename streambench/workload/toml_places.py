"""Where in a TOML text its keys and values stand; the parser of the standard library does not say."""

from __future__ import annotations

import bisect
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""The way to a value: names of keys, and places in lists from 0 on."""

_BLANK: Final = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BASIC: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL: Final = re.compile(r"'[^'\n]*'")
_LONG_BASIC: Final = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}', re.DOTALL)
_LONG_LITERAL: Final = re.compile(r"'''(?:[^']|'(?!''))*'{3,5}", re.DOTALL)
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")


@dataclass(frozen=True)
class Spot:
    """A place in a text; both numbers begin at 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class TomlPlaces:
    """The places in a text that is valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines = [0, *(at + 1 for at, c in enumerate(text) if c == "\n")]
        self._keys: dict[KeyPath, int] = {}
        self._values: dict[KeyPath, tuple[int, int]] = {}
        self._tables: dict[KeyPath, int] = {}
        self._read()

    def key(self, path: Sequence[str | int]) -> Spot | None:
        """Where the key or the item is named; of a table that only its parts name, None."""
        at = self._keys.get(tuple(path))
        return None if at is None else self._spot(at)

    def nearest_key(self, path: Sequence[str | int]) -> Spot:
        """The place of the key, or else of the innermost table around it that is named; else the first."""
        for end in range(len(path), 0, -1):
            if (spot := self.key(path[:end])) is not None:
                return spot
        return Spot(1, 1)

    def within(self, path: Sequence[str | int], position: int) -> Spot:
        """Where the character at `position` (from 1 on) of a text stands; its beginning where escapes hide it."""
        found = self._values.get(tuple(path))
        if found is None:
            return self.nearest_key(path)
        begin, end = found
        written = self._text[begin:end]
        quote = 3 if written[:3] in ('"""', "'''") else 1
        inner = written[quote:-quote]
        if written[:1] not in "\"'" or (written[0] == '"' and "\\" in inner):
            return self._spot(begin)
        skipped = len(inner) - len(inner.lstrip())
        return self._spot(min(begin + quote + skipped + position - 1, max(begin, end - quote)))

    def _spot(self, at: int) -> Spot:
        line = bisect.bisect_right(self._lines, at)
        return Spot(line, at - self._lines[line - 1] + 1)

    # --- reading ---

    def _read(self) -> None:
        table: KeyPath = ()
        while True:
            self._skip(_BLANK)
            if self._at >= len(self._text):
                return
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        many = self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        named, place = self._name()
        path: KeyPath = ()
        for name in named:
            path = (*path, name)
            self._keys.setdefault(path, place)
            if path in self._tables:  # of a list of tables the last one is meant
                path = (*path, self._tables[path])
        if many:
            bare = path[:-1] if path and isinstance(path[-1], int) else path
            number = self._tables.get(bare, -1) + 1
            self._tables[bare] = number
            path = (*bare, number)
        self._keys[path] = place
        self._at += 2 if many else 1
        return path

    def _pair(self, table: KeyPath) -> None:
        path = table
        named, place = self._name()
        for name in named:
            path = (*path, name)
            self._keys.setdefault(path, place)
        self._at += 1  # =
        self._skip(_SPACE)
        self._value(path)

    def _name(self) -> tuple[list[str], int]:
        """The parts of a dotted key, and where it begins; what follows is `=` or `]`."""
        found: list[str] = []
        self._skip(_SPACE)
        begin = self._at
        while True:
            first = self._text[self._at : self._at + 1]
            written = self._skip({'"': _BASIC, "'": _LITERAL}.get(first, _BARE))
            found.append(_unquoted(written) if first in "\"'" else written)
            self._skip(_SPACE)
            if self._text[self._at : self._at + 1] != ".":
                return found, begin
            self._at += 1
            self._skip(_SPACE)

    def _value(self, path: KeyPath) -> None:
        begin = self._at
        match self._text[begin : begin + 1]:
            case "{":
                self._within_braces(path)
            case "[":
                self._within_brackets(path)
            case '"':
                self._skip(_LONG_BASIC if self._text.startswith('"""', begin) else _BASIC)
            case "'":
                self._skip(_LONG_LITERAL if self._text.startswith("'''", begin) else _LITERAL)
            case _:
                self._at += len(self._skip(_SCALAR, move=False).rstrip())
        self._values[path] = (begin, self._at)

    def _within_braces(self, path: KeyPath) -> None:
        self._at += 1
        self._skip(_BLANK)
        while self._text[self._at] != "}":
            self._pair(path)
            self._skip(_BLANK)
            if self._text[self._at] == ",":
                self._at += 1
                self._skip(_BLANK)
        self._at += 1

    def _within_brackets(self, path: KeyPath) -> None:
        self._at += 1
        self._skip(_BLANK)
        number = 0
        while self._text[self._at] != "]":
            self._keys[(*path, number)] = self._at
            self._value((*path, number))
            number += 1
            self._skip(_BLANK)
            if self._text[self._at] == ",":
                self._at += 1
                self._skip(_BLANK)
        self._at += 1

    def _skip(self, pattern: re.Pattern[str], *, move: bool = True) -> str:
        """What fits at this place; goes behind it."""
        found = pattern.match(self._text, self._at)
        written = "" if found is None else found[0]
        if move:
            self._at += len(written)
        return written


def _unquoted(written: str) -> str:
    return next(iter(tomllib.loads(f"{written} = 0")))
