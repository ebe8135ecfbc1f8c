"""Which kinds of dirt a workload can have, and in which field; what it cannot have is refused here."""

from __future__ import annotations

from collections.abc import Iterable

from streambench.model.dirt import Dirt, DirtKind
from streambench.model.errors import UsageError
from streambench.model.expression import DecimalType, FieldType, fields_of
from streambench.model.windows import Sessions
from streambench.model.workload import Field, Workload


def spoiled_field(workload: Workload, kind: DirtKind) -> str | None:
    """The field in which a record of this kind is wrong; None where it is in none.

    It is the first one, in the order of the record, that an aggregate reads and neither `where` nor the
    group does. Raises UsageError where there is none of the type that it takes.
    """
    match kind:
        case DirtKind.NULL_NUMBER | DirtKind.TEXT_NUMBER:
            wanted = "number"
            found = [field for field in _counted(workload) if _is_number(field)]
        case DirtKind.FRACTION_IN_WHOLE:
            wanted = "whole number"
            found = [field for field in _counted(workload) if field.type is FieldType.BIGINT]
        case DirtKind.MISSING_FIELD:
            wanted = "field"
            found = list(_counted(workload))
        case _:
            return None
    if not found:
        raise UsageError(
            f"workload '{workload.name}' cannot have {kind.value}: no aggregate reads a {wanted} that is "
            "neither in `where` nor in the group",
            hint=f"streambench run {workload.name} --dirt {DirtKind.NOT_JSON.value}@25s, or add an "
            "aggregate such as sum(amount)",
        )
    return found[0].name


def check_dirt(workload: Workload, dirt: Dirt) -> None:
    """Refuse what the workload cannot have. Raises UsageError."""
    if not dirt:
        return
    if isinstance(workload.query.window, Sessions):
        raise UsageError(
            f"workload '{workload.name}' has sessions, and what one dirty record does is told by the "
            "windows that it falls into",
            hint="take a workload with tumbling or hopping windows: streambench run dirt",
        )
    if workload.rekeyed:
        raise UsageError(
            f"records of workload '{workload.name}' are moved by their group first, and what one dirty record "
            "does is told of those that are read as they lie",
            hint="streambench run dirt",
        )
    for kind in kinds_of(dirt):
        spoiled_field(workload, kind)


def possible_kinds(workload: Workload) -> tuple[DirtKind, ...]:
    """All kinds that the workload can have, in the order of their declaration."""
    found = []
    for kind in DirtKind:
        try:
            spoiled_field(workload, kind)
        except UsageError:
            continue
        found.append(kind)
    return tuple(found)


def kinds_of(dirt: Dirt) -> tuple[DirtKind, ...]:
    """Each kind once, in the order of its first record."""
    asked = (*(each.kind for each in dirt.instants), *(each.kind for each in dirt.shares))
    return tuple(dict.fromkeys(asked))


def _counted(workload: Workload) -> Iterable[Field]:
    query = workload.query
    read: set[str] = set()
    for aggregate in query.aggregates:
        if aggregate.argument is not None:
            read |= fields_of(aggregate.argument)
    asked = {key.name for key in query.group_by}
    for condition in query.conditions:
        asked |= fields_of(condition)
    asked |= {lookup.on for lookup in workload.lookups}
    return (field for field in workload.sent if field.name in read - asked)


def _is_number(field: Field) -> bool:
    return field.type in (FieldType.BIGINT, FieldType.DOUBLE) or isinstance(field.type, DecimalType)
