"""What a field or an alias may be called, and which known name is nearest to a mistyped one."""

from __future__ import annotations

import difflib
import itertools
import keyword
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")

# Fields become local variables in generated Java.
_JAVA_KEYWORDS: Final = frozenset(
    """abstract assert boolean break byte case catch char class const continue default do double
    else enum extends final finally float for goto if implements import instanceof int interface
    long native new package private protected public record return short static strictfp super
    switch synchronized this throw throws transient true false null try var void volatile while
    yield sealed permits""".split()  # noqa: SIM905
)

# Columns that a trace has beside the workload's own fields, that every result has, and that Flink's windows
# add to a table. Elsewhere our columns have names that the rule below excludes (model/columns.py).
_TAKEN: Final = frozenset(
    [
        *("quantum", "partition", "position", "event_ms"),
        *("window_start", "window_end", "window_time", "window_length"),
        # A field of generated Java that is called so would hide the packages of Java.
        "java",
    ]
)


def problem_with_name(name: str) -> str | None:
    """Return why `name` cannot name a field or an aggregate, or None when it can.

    The rule is the common ground of all engines: some fold case, some reserve words.
    """
    if not _IDENTIFIER.fullmatch(name):
        return "a name is lower-case letters, digits and underscores, and begins with a letter"
    if name in _JAVA_KEYWORDS or keyword.iskeyword(name):
        return "the name is a keyword of Java or Python"
    if name in _TAKEN:
        return "the name is used by streambench itself"
    return None


def lawful_name(text: str, taken: Iterable[str]) -> str:
    """Return a name that a field can have and that is not `taken`, as near to `text` as may be."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower()
    name = re.sub(r"[^a-z0-9]+", "_", words).strip("_")[:50] or "field"
    if not name[0].isalpha():
        name = f"n{name}"
    if problem_with_name(name) is not None:
        name = f"{name}_value"
    others = set(taken)
    numbered = (f"{name}_{number}" for number in itertools.count(2))
    return name if name not in others else next(each for each in numbered if each not in others)


def nearest(name: str, known: Iterable[str], alike: float = 0.5) -> str | None:
    """Return the known name that `name` most resembles; None when none is `alike`, from 0 to 1."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=alike)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, or the list of what is known, to end a sentence on a wrong name."""
    names = list(known)
    if (close := nearest(name, names)) is not None:
        return f"; did you mean '{close}'?"
    return f"; known are {', '.join(sorted(names))}" if names else ""


def better_name(name: str) -> str:
    """A name like this one that can be used."""
    made = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")[:40]
    made = made if made[:1].isalpha() else f"f_{made}"
    return made if problem_with_name(made) is None else f"{made}_of"
