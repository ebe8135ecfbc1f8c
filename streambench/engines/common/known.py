"""Which settings an engine's version knows, and which name a mistyped one was meant to be.

The names are in one file a version of an engine, written from its own jars by tools/settings/list_names.py.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from streambench.engines.common.settings import is_own
from streambench.engines.common.variants import Asked
from streambench.model.errors import UsageError

_FOLDER = Path(__file__).parent.parent
# Above it a name is taken for a mistyped one: `taskmanager.numberofTaskSlot` for the one with an s.
_CLOSE = 0.85
# Above it a name that is refused in any case is offered another one.
_LIKE = 0.5


def file_of(engine: str, version: str) -> Path:
    """Where the names of the settings of an engine's version are."""
    return _FOLDER / engine.replace("-", "_") / f"setting_names-{version}.txt"


@functools.cache
def names_by_kind(engine: str, version: str) -> Mapping[str, frozenset[str]]:
    """What an engine's version defines: kind (option, consumer, topic …) → names."""
    found: dict[str, set[str]] = {}
    for line in file_of(engine, version).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            kind, _, name = line.partition("\t")
            found.setdefault(kind, set()).add(name)
    return {kind: frozenset(names) for kind, names in found.items()}


def checked(
    engine: str, wanted: Iterable[Asked], known: Collection[str], *, open_to: tuple[str, ...] = ()
) -> tuple[Asked, ...]:
    """`wanted`, each marked with whether its name is among `known`.

    A name that is not is accepted where it begins with one of `open_to`, the families that an engine
    hands on to what its users add to it, unless it is nearly a known one. Raises UsageError otherwise.
    """
    return tuple(
        replace(each, listed=_listed(engine, each.name, known, open_to)) for each in wanted
    )


def _listed(engine: str, name: str, known: Collection[str], open_to: tuple[str, ...]) -> bool:
    if name in known:
        return True
    is_open = not is_own(name) and name.startswith(open_to)
    near = _nearest(name, known, _CLOSE if is_open else _LIKE)
    if is_open and near is None:
        return False
    guess = f"; did you mean '{near}'?" if near else ""
    raise UsageError(
        f"{engine} has no setting '{name}'{guess}",
        hint=f"streambench explain --engine {engine} shows the settings that are used; all others of "
        "the engine are in its documentation",
    )


def _nearest(name: str, known: Collection[str], cutoff: float) -> str | None:
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else None
