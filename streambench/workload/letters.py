"""Letters whose upper and lower case engines do not agree on."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from streambench.model.expression import (
    Call,
    FieldType,
    Function,
    Literal,
    fields_of,
    parts,
)
from streambench.model.field_source import Choice
from streambench.model.lookup import LookedUp
from streambench.model.workload import Replay, Workload
from streambench.workload.source import opened

_CASED: Final = (Function.LOWER, Function.UPPER)
# The lower case of the first depends on what stands around it; of the others it depends on the language.
_ODD: Final = frozenset("Σİı")
_PLAIN: Final = range(128)
_CASED_KINDS: Final = ("Lu", "Ll", "Lt", "Lm", "Cn")


def uneven_letter(workload: Workload) -> str | None:
    """A letter in a string of which a query makes upper or lower case, and which has no one such; None: none.

    Some letters become two (ß), some depend on their place (Σ) or on the language (İ), and some are too
    young for every engine's tables. A replayed file is scanned; UsageError when it cannot be read.
    """
    query = workload.query
    arguments = (each.argument for each in query.aggregates if each.argument is not None)
    cased = [
        part
        for each in (*query.conditions, *arguments)
        for part in parts(each)
        if isinstance(part, Call) and part.function in _CASED
    ]
    letters = {letter for text in _literals(cased) for letter in text}
    strings = {field.name for field in workload.fields if field.type is FieldType.STRING}
    for name in sorted({name for part in cased for name in fields_of(part) & strings}):
        letters |= _letters(workload, name)
    return next((letter for letter in sorted(letters) if not is_even(letter)), None)


def is_even(letter: str) -> bool:
    """Whether every engine finds the same upper and lower case of it, in every place."""
    if ord(letter) in _PLAIN:
        return True
    others = (letter.lower(), letter.upper())
    if unicodedata.category(letter) not in _CASED_KINDS and others == (letter, letter):
        return True
    if letter in _ODD or any(len(other) != 1 for other in others):
        return False
    # Assigned since 2002, as are the letters that it becomes.
    return all(unicodedata.ucd_3_2_0.category(each) != "Cn" for each in (letter, *others))


def _literals(expressions: list[Call]) -> Iterator[str]:
    for expression in expressions:
        for part in parts(expression):
            if isinstance(part, Literal) and isinstance(part.value, str):
                yield part.value


def _letters(workload: Workload, name: str) -> set[str]:
    """All letters of a field's values."""
    match workload.input:
        case Replay() as replay:
            # What is added to the keys of copies is no letter.
            with opened(replace(replay, copies=None), workload.fields) as connection:
                rows = connection.execute(
                    "SELECT DISTINCT unnest(string_split(text, '')) FROM"
                    f' (SELECT DISTINCT source."{name}" AS text FROM source)'
                ).fetchall()
            return {letter for (text,) in rows if text is not None for letter in text}
        case _:
            source = workload.field(name).source
            values = source.values if isinstance(source, Choice | LookedUp) else ()
            return {letter for value in values for letter in str(value)}
