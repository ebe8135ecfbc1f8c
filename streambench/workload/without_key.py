"""Records that lack a value of their group: how many there are, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from streambench.model.field_source import Choice, IntRange
from streambench.model.lookup import LookedUp
from streambench.model.numbers import listing, plural
from streambench.model.workload import Query, Replay, Workload
from streambench.workload.source import Survey


def replayed_without_key(workload: Workload, surveyed: Survey) -> Iterator[tuple[str, str]]:
    """What is to be said of a file in which some record lacks a key, with a hint."""
    if surveyed.without_key:
        yield left_out_words(workload.query, plural(surveyed.without_key, "record")), _HINT


def generated_without_key(workload: Workload) -> Iterator[tuple[str, str]]:
    """The same of generated load, which says the share of them."""
    if isinstance(workload.input, Replay) or not workload.query.nullable_keys:
        return
    fields = [workload.field(key.name) for key in workload.query.nullable_keys]
    looked_up = [field.source for field in fields if isinstance(field.source, LookedUp)]
    if any(_may_miss(workload, each) for each in looked_up):
        yield left_out_words(workload.query, "records"), _HINT_OF_TABLES
    elif share := 1 - math.prod(1 - field.null_share for field in fields):
        yield left_out_words(workload.query, f"about {100 * share:.3g} % of all records"), _HINT


def _may_miss(workload: Workload, looked_up: LookedUp) -> bool:
    """Whether some record may find nothing."""
    field = workload.field(looked_up.lookup.on)
    rows = looked_up.lookup.rows
    keys = {row.key for row in rows if row.values[looked_up.at] is not None}
    match field.source:
        case _ if field.nullable:
            return True
        case Choice(values=values):
            return not keys.issuperset(values)
        case IntRange(low=low, high=high):
            return sum(1 for key in keys if low <= int(key) <= high) < high - low + 1
        case _:
            return True


_HINT = "see `null` in [input.fields]"
_HINT_OF_TABLES = "see the tables of [query.lookup]: records that are in none have null there"


def left_out_words(query: Query, records: str) -> str:
    """That so many records belong to no group."""
    names = listing([key.name for key in query.nullable_keys])
    return f"{records} without a key ({names}) are left out everywhere"
