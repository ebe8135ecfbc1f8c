"""The Java program of a workload, as a user of Kafka Streams would write it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import assert_never

import jinja2

from streambench.model.expression import (
    Aggregate,
    AggregateFunction,
    And,
    Arithmetic,
    Column,
    Comparison,
    Expression,
    FieldType,
    Literal,
    Not,
    Or,
)
from streambench.model.plan import Program
from streambench.model.workload import Workload
from streambench.workload.java import to_java

# Read as they are: what they do depends on no workload.
_HELPERS = ("FlatJson.java", "Readings.java")
_TEMPLATE = "WindowedAggregation.java.j2"


@dataclass(frozen=True)
class _Field:
    name: str
    type: str
    read: str


@dataclass(frozen=True)
class _Step:
    alias: str
    initial: str
    update: str


def programs(workload: Workload, *, retention_ms: int) -> tuple[Program, ...]:
    """The topology of `workload` and its helpers; topics are still symbols.

    `retention_ms` is how long the window store keeps a window after its start, by event time.
    """
    query = workload.query
    environment = jinja2.Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    text = environment.from_string(_resource(_TEMPLATE)).render(
        title=_comment(workload.title),
        key=query.group_by,
        quoted_key=json.dumps(json.dumps(query.group_by) + ":"),
        size_ms=query.window.size_ms,
        grace_ms=query.grace_ms,
        retention_ms=retention_ms,
        fields=_fields_read(workload),
        where=None if query.where is None else to_java(query.where, variable=_variable),
        aggregates=[_step(index, aggregate) for index, aggregate in enumerate(query.aggregates)],
    )
    return (
        Program("WindowedAggregation.java", "java", text),
        *(Program(name, "java", _resource(name)) for name in _HELPERS),
    )


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _variable(name: str) -> str:
    return f"event.{name}"


def _step(index: int, aggregate: Aggregate) -> _Step:
    total = f"totals[{index}]"
    argument = "" if aggregate.argument is None else to_java(aggregate.argument, variable=_variable)
    match aggregate.function:
        case AggregateFunction.COUNT:
            return _Step(aggregate.alias, "0", f"{total} += 1;")
        case AggregateFunction.SUM:
            return _Step(aggregate.alias, "0", f"{total} += {argument};")
        case AggregateFunction.MIN:
            return _Step(
                aggregate.alias, "Long.MAX_VALUE", f"{total} = Math.min({total}, {argument});"
            )
        case AggregateFunction.MAX:
            return _Step(
                aggregate.alias, "Long.MIN_VALUE", f"{total} = Math.max({total}, {argument});"
            )
        case _:
            assert_never(aggregate.function)


def _fields_read(workload: Workload) -> list[_Field]:
    """Those fields that the query reads beside the record's key, in the order of the workload."""
    query = workload.query
    names = set() if query.where is None else _columns(query.where)
    for aggregate in query.aggregates:
        if aggregate.argument is not None:
            names |= _columns(aggregate.argument)
    return [
        _Field(field.name, "String", "string")
        if field.type is FieldType.STRING
        else _Field(field.name, "long", "whole")
        for field in workload.fields
        if field.name in names
    ]


def _columns(expression: Expression) -> set[str]:
    match expression:
        case Column(name=name):
            return {name}
        case Literal():
            return set()
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return _columns(left) | _columns(right)
        case And(operands=operands) | Or(operands=operands):
            return set().union(*map(_columns, operands))
        case Not(operand=operand):
            return _columns(operand)
        case _:
            assert_never(expression)


def _comment(text: str) -> str:
    """One line of text that is safe in a Java comment, where even `\\u000a` would end the line."""
    return " ".join(text.replace("\\", "/").split()).replace("${", "$ {")
