"""A TOML file that a user wrote, and where in it a key stands."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streambench.model.errors import UsageError


@dataclass(frozen=True)
class TomlFile:
    """What was read; `shown` is what the file is called in a sentence, `check` the command that checks it."""

    shown: str
    check: str
    text: str
    data: Mapping[str, Any]

    def refusal(self, *messages: str) -> UsageError:
        """Everything that is wrong with the file, as one error."""
        return refusal(self.shown, self.check, *messages)

    def place(self, path: Sequence[str]) -> str:
        """`line 3, column 1` of the key at `path`; nothing where it cannot be told.

        The parser says nothing of places. But the first lines that hold the key, read as a file of their
        own, end with it.
        """
        lines = self.text.splitlines(keepends=True)
        begin = 0
        for end in range(1, len(lines) + 1):
            try:
                found = tomllib.loads("".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue  # within a value of several lines
            if _holds(found, path):
                return _named_in(lines, range(begin, end), path)
            begin = end
        return ""


def read_toml(file: Path, *, shown: str, check: str) -> TomlFile:
    """Read `file`; `shown` and `check` are as in `TomlFile`.

    Raises UsageError: for broken TOML with line and column. A file that is not there is FileNotFoundError.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise refusal(shown, check, f"byte {error.start + 1} is not UTF-8") from None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise refusal(shown, check, f"cannot be read: {error.strerror}") from None
    try:
        return TomlFile(shown, check, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        if "(at end of document)" in reason:
            lines = text.splitlines() or [""]
            end = f"(at line {len(lines)}, column {len(lines[-1]) + 1}, the end of the file)"
            reason = reason.replace("(at end of document)", end)
        raise refusal(shown, check, f"broken TOML: {reason}") from None


def refusal(shown: str, check: str, *messages: str) -> UsageError:
    """What is wrong with a file, all of it as one error; `check` is the command that checks it."""
    told = messages[0] if len(messages) == 1 else "".join(f"\n  {text}" for text in messages)
    return UsageError(f"{shown}: {told}", hint=check)


def _holds(data: object, path: Sequence[str]) -> bool:
    for step in path:
        if not isinstance(data, Mapping) or step not in data:
            return False
        data = data[step]
    return True


def _named_in(lines: Sequence[str], numbers: range, path: Sequence[str]) -> str:
    """Where in these lines the key is named, by as much of its path as stands there in one piece."""
    for first in range(len(path)):
        name = ".".join(path[first:])
        for number in numbers:
            if (column := lines[number].find(name)) >= 0:
                return f"line {number + 1}, column {column + 1}"
    return f"line {numbers.start + 1}"
