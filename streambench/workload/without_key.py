"""Records that lack a value of their group: how many there are, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

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
    fields = (workload.field(key.name) for key in workload.query.nullable_keys)
    share = 1 - math.prod(1 - field.null_share for field in fields)
    yield left_out_words(workload.query, f"about {100 * share:.3g} % of all records"), _HINT


_HINT = "see `null` in [input.fields]"


def left_out_words(query: Query, records: str) -> str:
    """That so many records belong to no group."""
    names = listing([key.name for key in query.nullable_keys])
    return f"{records} without a key ({names}) are left out everywhere"
