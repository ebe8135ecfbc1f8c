"""What a record must carry when an engine moves it to the partition of its group."""

from __future__ import annotations

from streambench.model.expression import fields_of
from streambench.model.workload import Field, Workload


def fields_moved(workload: Workload) -> tuple[Field, ...]:
    """The fields that aggregates read, as records pass `where` before they are moved, and the key has the group.

    What was looked up goes along.
    """
    query = workload.query
    asked = [each for one in query.aggregates for each in (one.passing, one.argument)]
    names = frozenset().union(*(fields_of(each) for each in asked if each is not None))
    return tuple(field for field in workload.fields if field.name in names)
