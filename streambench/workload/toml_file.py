"""A TOML file that a user wrote, and where in it a key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from streambench.model.errors import UsageError
from streambench.workload.mistakes import Mistake
from streambench.workload.text_file import NoText, read_text
from streambench.workload.toml_places import Spot, TomlPlaces

_AT: Final = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")
_LONG_NUMBER: Final = re.compile(r"[0-9][0-9_]{4299,}")
# What the standard library says, and what a user understands.
_WORDS: Final[Mapping[str, str]] = {
    r"Cannot declare \((.*)\) twice": "the table [{}] stands twice",
    r"Cannot redefine namespace \((.*)\)": "{} stands twice",
    r"Cannot mutate immutable namespace \((.*)\)": "{} is complete already: it gets no more keys",
    r"Cannot overwrite a value": "this stands twice",
    r"Duplicate inline table key": "this key stands twice in its table",
    r"Expected newline or end of document": "one line holds one key and its value",
    r"Expected '=' after a key": "a key is followed by =",
    r"Expected '\]+' at the end": "the name of a table is not closed by ]",
    r"Illegal character '(.*)'": "the character {} cannot stand here",
    r"Found invalid character '(.*)'": "the character {} cannot stand here",
    r"Invalid statement": "this is neither a key with its value nor a table",
    r"Invalid initial character for a key": "this is no key",
    r"Invalid value": "this is no value",
    r"Invalid hex value": "this is no character's number",
    r"Escaped character is not": "this is no character's number",
    r"Unclosed array": "a list is not closed",
    r"Unclosed inline table": "a table is not closed",
    r"Unterminated string": "a text is not closed",
    r"Unescaped": "a backslash in a text stands twice, or the text in single quotation marks",
    r"Expected '(.*)'": "a text is not closed by {}",
}
_MOST_TOLD: Final = 100
_TOO_DEEP: Final = "lists or tables are nested too deeply"
_SYNTAX: Final = "a key is written as rate = 20_000, a text in quotation marks, a table as [input]"


@dataclass(frozen=True)
class TomlFile:
    """What was read; `shown` is what the file is called in a sentence."""

    shown: str
    text: str
    data: Mapping[str, Any]

    @cached_property
    def places(self) -> TomlPlaces:
        """Where everything in it stands."""
        return TomlPlaces(self.text)

    def too_deep(self) -> UsageError:
        """The refusal of a file whose tables or lists nobody can look through."""
        return _broken(self.shown, self.text, _deepest(self.text), _TOO_DEEP)

    def place(self, mistake: Mistake) -> Spot:
        """Where the mistake is: at its key, or at the innermost table around it that is there."""
        if mistake.position is not None:
            return self.places.within(mistake.path, mistake.position)
        return self.places.nearest_key(mistake.path)

    def refusal(self, mistakes: Sequence[Mistake]) -> UsageError:
        """Everything that is wrong with the file, in its order, as one error; the hint mends the first."""
        placed = sorted(
            dict.fromkeys((self.place(each), str(each), each.instead) for each in mistakes),
            key=lambda each: (each[0].line, each[0].column),
        )
        told = [f"{spot}: {what}" for spot, what, _ in placed]
        first, _, instead = placed[0]
        if len(told) == 1:
            return UsageError(f"{self.shown}: {told[0]}", hint=instead)
        lines = "".join(f"\n  {line}" for line in told[:_MOST_TOLD])
        if len(told) > _MOST_TOLD:
            lines += f"\n  … and {len(told) - _MOST_TOLD:,} more"
        return UsageError(
            f"{self.shown} has {len(told)} mistakes:{lines}", hint=f"line {first.line}: {instead}"
        )


def read_toml(file: Path, *, shown: str) -> TomlFile:
    """Read `file`, which is called `shown` in a sentence.

    Raises UsageError: for broken TOML with line and column. A file that is not there is FileNotFoundError.
    """
    try:
        text = read_text(file)
    except NoText as error:
        raise UsageError(
            f"{shown} cannot be read: {error.why}", hint=f"ls -l {file}, then put a text file there"
        ) from None
    try:
        return TomlFile(shown, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        spot, what = _place_in(str(error), text)
    except RecursionError:
        spot, what = _deepest(text), _TOO_DEEP
    except ValueError:  # of the standard library's own reading of numbers
        found = _LONG_NUMBER.search(text)
        spot = _spot(text, 0 if found is None else found.start())
        what = "a number has more digits than any number here can have"
    raise _broken(shown, text, spot, what)


def _broken(shown: str, text: str, spot: Spot, what: str) -> UsageError:
    line = text.split("\n")[spot.line - 1].strip()
    at = f"line {spot.line} is `{line}`; " if line else ""
    return UsageError(f"{shown}: {spot}: broken TOML: {what}", hint=f"{at}{_SYNTAX}")


def _place_in(said: str, text: str) -> tuple[Spot, str]:
    """Where the parser stopped, and its words without the place."""
    found = _AT.search(said)
    what = _in_our_words(said[: found.start()] if found else said)
    if found and found[1]:
        return Spot(int(found[1]), int(found[2])), what
    return _spot(text, len(text.rstrip("\n"))), f"{what} at the end of the file"


def _in_our_words(said: str) -> str:
    for pattern, words in _WORDS.items():
        if (found := re.match(pattern, said)) is not None:
            named = [part.replace("', '", ".").strip("',") for part in found.groups()]
            return words.format(*named)
    return f"{said[:1].lower()}{said[1:]}"


def _deepest(text: str) -> Spot:
    """Where most brackets are open; those in texts count too, which hardly matters."""
    depth, most, place = 0, 0, 0
    for found in re.finditer(r"[\[\]{}]", text):
        depth += 1 if found[0] in "[{" else -1
        if depth > most:
            most, place = depth, found.start()
    return _spot(text, place)


def _spot(text: str, at: int) -> Spot:
    before = text[:at]
    return Spot(before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1)
