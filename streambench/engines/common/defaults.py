"""What the settings of an engine's version are when nobody sets them.

The defaults are in the files that name the settings, written from the engines' own jars by
tools/settings/list_names.py.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from streambench.engines.common.known import lines_of

# Settings of the engine itself go by their name alone; those of its Kafka clients by whose they are, too.
_OWN = frozenset({"option", "streams"})
_CLIENTS = frozenset({"admin", "consumer", "producer"})


@functools.cache
def defaults_of(engine: str, version: str) -> Mapping[str, str | None] | None:
    """Name (of a client `consumer NAME`) → its default, None where it has none that can be told.

    None for a version that is not on record.
    """
    lines = lines_of(engine, version)
    if lines is None:
        return None
    found: dict[str, str | None] = {}
    for kind, name, default in lines:
        if kind in _OWN:
            found[name] = default
        elif kind in _CLIENTS:
            found[f"{kind} {name}"] = default
    return found
