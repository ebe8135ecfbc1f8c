"""Which records pass `where`: of a file they are looked at; generated ones are decided by their ranges and choices.

A field's values are cut into classes that no comparison with a constant tells apart; each combination of
classes is then looked at once. What compares fields with each other, or what is computed of texts, may stay
undecided, and counts as passing.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from streambench.model.expression import (
    And,
    Comparison,
    ComparisonOperator,
    Expression,
    FieldReference,
    FieldType,
    Literal,
    Membership,
    Not,
    Or,
    fields_of,
    parts,
    type_of,
)
from streambench.model.field_source import (
    Choice,
    Coin,
    DecimalRange,
    DoubleRange,
    Growing,
    InstantRange,
    IntRange,
)
from streambench.model.lookup import LookedUp
from streambench.model.workload import Replay, Workload
from streambench.workload.bounds import Range, range_of, ranges_of
from streambench.workload.keys import key_text
from streambench.workload.source import opened
from streambench.workload.sql import DUCKDB, to_sql

_MOST_STEPS: Final = 500_000


@dataclass(frozen=True)
class _Texts:
    """Values of a field that no comparison with a constant tells apart.

    `at` is their place among the sorted constants that the field is compared with: that of the constant
    which they are, or half a place before the one that follows. NaN: any.
    """

    values: tuple[str, ...]
    at: float


_Class: TypeAlias = Range | _Texts
Chosen: TypeAlias = Mapping[str, _Class]


@dataclass(frozen=True)
class Passing:
    """Of which groups records may pass `where`: of those with these texts; None: of any."""

    keys: frozenset[str] | None

    def __bool__(self) -> bool:
        return self.keys is None or bool(self.keys)

    def holds(self, key: str) -> bool:
        """Whether a record of the group with this text may pass."""
        return self.keys is None or key in self.keys


def passing_keys(workload: Workload) -> Passing:
    """Of which groups a generated record may pass `where`; of none: no record passes.

    Where a query groups by several fields or by a number, some record may pass or none.
    """
    where = workload.query.where
    if where is None:
        return Passing(None)
    keys = [workload.field(key.name) for key in workload.query.group_by]
    only = keys[0] if len(keys) == 1 and isinstance(keys[0].source, Choice) else None
    decided = Decider(_constants(where), _flags(workload))
    found: set[str] = set()
    for chosen in _combinations(workload, where, decided):
        if decided.truth(where, chosen) is False:
            continue
        passing = None if only is None else chosen.get(only.name)
        if not isinstance(passing, _Texts):
            return Passing(None)
        found.update(passing.values)
    return Passing(frozenset(found))


def replayed_passing_keys(workload: Workload, replay: Replay, keys: Sequence[str]) -> Passing:
    """Those of the groups of a replayed file, by their texts, that have a record which passes `where`.

    The file is scanned; UsageError when it cannot be read.
    """
    where = workload.query.where
    if where is None:
        return Passing(frozenset(keys))
    names = ", ".join(f'source."{key.name}"' for key in workload.query.group_by)
    with opened(replay, workload.fields) as connection:
        rows = connection.execute(
            f"SELECT DISTINCT {names} FROM source WHERE {to_sql(where, DUCKDB.of_table('source'))}"
        ).fetchall()
    return Passing(frozenset(key_text(row) for row in rows))


class Decider:
    """Decides a condition for whole classes of values.

    `constants` are those that fields are compared with, by field and sorted; `flags` what is known of conditions.
    """

    def __init__(
        self,
        constants: Mapping[str, Sequence[str | int]],
        flags: Mapping[str, bool | None],
    ) -> None:
        self.constants = constants
        self.flags = flags
        self._places = {
            name: {value: at for at, value in enumerate(values)}
            for name, values in constants.items()
        }

    def truth(self, condition: Expression, chosen: Chosen) -> bool | None:
        """Whether it holds for all values of these classes, or for none; None: not decided.

        What has no value aside: of that a condition never holds.
        """
        match condition:
            case And(operands=operands):
                return _all(self.truth(each, chosen) for each in operands)
            case Or(operands=operands):
                return _not(_all(_not(self.truth(each, chosen)) for each in operands))
            case Not(operand=operand):
                return _not(self.truth(operand, chosen))
            case Comparison():
                return self._compared(condition, chosen)
            case Membership():
                return self._member(condition, chosen)
            case Literal(value=bool(value)):
                return value
            case FieldReference(name=name):
                return self.flags.get(name)
            case _:  # what is computed of texts
                return None

    def _member(self, listed: Membership, chosen: Chosen) -> bool | None:
        if isinstance(listed.operand, FieldReference):
            name = listed.operand.name
            found = chosen[name]
            if isinstance(found, _Texts):
                constants = self.constants[name]
                if math.isnan(found.at):
                    return None
                return found.at == int(found.at) and constants[int(found.at)] in listed.values
            low, high = found
            if low == high:
                return low in listed.values
            return None if any(low <= int(each) <= high for each in listed.values) else False
        if type_of(listed.operand) is FieldType.STRING:
            return None
        equals = (
            Comparison(ComparisonOperator.EQ, listed.operand, Literal(value))
            for value in listed.values
        )
        return _not(_all(_not(self._compared(each, chosen)) for each in equals))

    def _compared(self, each: Comparison, chosen: Chosen) -> bool | None:
        match each:
            case Comparison(operator) if type_of(each.left) is FieldType.BOOLEAN:
                sides = [self.truth(side, chosen) for side in (each.left, each.right)]
                same = None if None in sides else sides[0] == sides[1]
                return _by_operator(operator, None, None, same)
            case Comparison(operator, Literal(value=str(one)), Literal(value=str(other))):
                return _by_operator(operator, one < other, one > other, one == other)
            case Comparison(operator, FieldReference(name=name), Literal(value=str(text))):
                found = chosen[name]
                assert isinstance(found, _Texts), "a text is compared with a text"
                return _by_place(operator, found.at, self._places[name][text])
            case Comparison(operator, Literal(value=str(text)), FieldReference(name=name)):
                found = chosen[name]
                assert isinstance(found, _Texts), "a text is compared with a text"
                return _by_place(operator, self._places[name][text], found.at)
            case Comparison(operator, FieldReference(name=name), FieldReference(name=other)):
                left, right = chosen[name], chosen[other]
                if isinstance(left, _Texts) and isinstance(right, _Texts):
                    same = False if set(left.values).isdisjoint(right.values) else None
                    return _by_operator(operator, None, None, same)
            case Comparison() if type_of(each.left) is FieldType.STRING:
                return None
            case _:
                pass
        ranges = {name: found for name, found in chosen.items() if not isinstance(found, _Texts)}
        (low, high), (least, most) = range_of(each.left, ranges), range_of(each.right, ranges)
        less = True if high < least else (False if low >= most else None)
        more = True if low > most else (False if high <= least else None)
        apart = high < least or low > most
        one_value = low == high == least == most
        return _by_operator(each.operator, less, more, False if apart else one_value or None)


def _combinations(workload: Workload, where: Expression, decided: Decider) -> Iterator[Chosen]:
    """Every choice of a class for each field that the condition reads."""
    classes = {
        name: _classes(workload, name, decided.constants.get(name, ()))
        for name in sorted(fields_of(where) - set(decided.flags))
    }
    _coarsen(classes, workload, steps_each=sum(map(_steps, parts(where))))
    for combination in itertools.product(*classes.values()):
        yield dict(zip(classes, combination, strict=True))


def _constants(where: Expression) -> dict[str, list[str | int]]:
    """By field, the constants that it is directly compared with, sorted."""
    found: dict[str, set[str | int]] = {}
    for part in parts(where):
        match part:
            case (
                Comparison(left=FieldReference(name=name), right=Literal(value=value))
                | Comparison(left=Literal(value=value), right=FieldReference(name=name))
            ) if isinstance(value, str | int):
                found.setdefault(name, set()).add(value)
            case Membership(operand=FieldReference(name=name), values=values):
                found.setdefault(name, set()).update(values)
            case _:
                pass
    return {name: sorted(values, key=_order) for name, values in found.items()}


def _order(value: str | int) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, value)


def _flags(workload: Workload) -> dict[str, bool | None]:
    """What is known of each generated flag."""
    found: dict[str, bool | None] = {}
    for field in workload.fields:
        if isinstance(field.source, Coin):
            found[field.name] = {0.0: False, 1.0: True}.get(field.source.share)
        elif isinstance(field.source, LookedUp) and field.type is FieldType.BOOLEAN:
            found[field.name] = None
    return found


def _classes(workload: Workload, name: str, constants: Sequence[str | int]) -> list[_Class]:
    match workload.field(name).source:
        case IntRange(low=low, high=high):
            return _between(low, high, constants)
        case Growing(span=(low, high)):
            return _between(low, high, constants)
        case Choice(values=values):
            return list(_texts(values, [str(each) for each in constants]))
        case InstantRange(low_s=first, high_s=last):
            return _between(first * 1_000, last * 1_000, constants)
        case LookedUp(values=values) if workload.field(name).type is FieldType.STRING:
            texts = [str(each) for each in values]
            known = list(_texts(texts, [str(each) for each in constants]))
            return [*known] if known else [_Texts((), math.nan)]
        case DecimalRange() | DoubleRange() | LookedUp():
            return [ranges_of(workload)[name]]
        case Coin():
            raise ValueError(f"{name} is decided by itself")
        case None:
            raise ValueError(f"{name} is not generated")
        case other:
            assert_never(other)


def _between(low: int, high: int, constants: Sequence[str | int]) -> list[_Class]:
    cuts = {low}
    for value in constants:
        if isinstance(value, int):
            cuts.update(cut for cut in (value, value + 1) if low < cut <= high)
    starts = sorted(cuts)
    return [(start, end - 1) for start, end in itertools.pairwise([*starts, high + 1])]


def _texts(values: Sequence[str], constants: Sequence[str]) -> Iterator[_Texts]:
    between: dict[float, list[str]] = {}
    for value in values:
        at = bisect.bisect_left(constants, value)
        is_constant = at < len(constants) and constants[at] == value
        between.setdefault(at if is_constant else at - 0.5, []).append(value)
    for place, found in between.items():
        yield _Texts(tuple(found), place)


def _coarsen(classes: dict[str, list[_Class]], workload: Workload, *, steps_each: int) -> None:
    """Take the classes of the field with most of them together, until all combinations are few."""
    while math.prod(map(len, classes.values())) * steps_each > _MOST_STEPS:
        name = max(classes, key=lambda each: len(classes[each]))
        if len(classes[name]) == 1:
            return
        match workload.field(name).source:
            case IntRange(low=low, high=high):
                classes[name] = [(low, high)]
            case Growing(span=(low, high)):
                classes[name] = [(low, high)]
            case InstantRange(low_s=first, high_s=last):
                classes[name] = [(first * 1_000, last * 1_000)]
            case Choice(values=values):
                classes[name] = [_Texts(values, math.nan)]
            case LookedUp(values=values):
                classes[name] = [_Texts(tuple(str(each) for each in values), math.nan)]
            case _:
                return


def _steps(part: Expression) -> int:
    """How many comparisons a part of a condition makes."""
    return len(part.values) if isinstance(part, Membership) else 1


def _not(found: bool | None) -> bool | None:
    return None if found is None else not found


def _all(found: Iterator[bool | None]) -> bool | None:
    undecided = False
    for each in found:
        if each is False:
            return False
        undecided = undecided or each is None
    return None if undecided else True


def _by_place(operator: ComparisonOperator, left: float, right: float) -> bool | None:
    """Compare two places among the same constants; NaN is any place."""
    if math.isnan(left) or math.isnan(right):
        return None
    return _by_operator(operator, left < right, left > right, left == right)


def _by_operator(
    operator: ComparisonOperator, less: bool | None, more: bool | None, same: bool | None
) -> bool | None:
    match operator:
        case ComparisonOperator.EQ:
            return same
        case ComparisonOperator.NE:
            return _not(same)
        case ComparisonOperator.LT:
            return less
        case ComparisonOperator.GE:
            return _not(less)
        case ComparisonOperator.GT:
            return more
        case ComparisonOperator.LE:
            return _not(more)
