"""Arguments as they were written: options with their values, and the words between them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LINE: Final = "streambench.arguments"
"""Where the parser's context keeps what was typed."""


@dataclass(frozen=True)
class Given:
    """An option as it was written; `value` None: a flag."""

    name: str
    value: str | None

    @property
    def words(self) -> tuple[str, ...]:
        """As it is written apart."""
        return (self.name,) if self.value is None else (self.name, self.value)


def read(words: Sequence[str], flags: Mapping[str, bool]) -> tuple[list[Given], list[str]]:
    """The options, and what stands between them; `flags` says which options take no value."""
    given: list[Given] = []
    between: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            return given, [*between, *left]
        if not word.startswith("-"):
            between.append(word)
        elif equals and word.startswith("--"):
            given.append(Given(name, value))
        elif flags.get(word, False):
            given.append(Given(word, None))
        elif word.startswith("--") or len(word) == 2:
            given.append(Given(word, left.pop(0) if left else None))
        else:
            given.append(Given(word[:2], word[2:]))
    return given, between


def typed(arguments: Sequence[str]) -> str:
    """The command line that has these arguments."""
    return shlex.join(["streambench", *arguments])
