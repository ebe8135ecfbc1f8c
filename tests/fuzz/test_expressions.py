"""Any text is a condition or an aggregate of the subset, or refused with a position."""

from __future__ import annotations

from typing import Final

from hypothesis import given

from streambench.model.expression import Expression, FieldType
from streambench.model.workload import Field
from streambench.workload.expressions import parse_aggregate, parse_expression
from streambench.workload.java import java_constants, to_java
from streambench.workload.python import to_python
from streambench.workload.sql import DUCKDB, FLINK, SPARK, to_sql
from streambench.workload.sql_text import ExpressionError
from tests.fuzz.expressions import expressions, sound_aggregates, sound_conditions
from tests.fuzz.rules import check_refusal, examples

FIELDS: Final = (
    Field("campaign", FieldType.STRING, None),
    Field("action", FieldType.STRING, None),
    Field("price", FieldType.BIGINT, None),
    Field("amount", FieldType.BIGINT, None),
    Field("tip", FieldType.BIGINT, None, nullable=True),
    Field("sent", FieldType.TIMESTAMP, None),
    Field("note", FieldType.STRING, None, nullable=True),
    Field("known", FieldType.BOOLEAN, None, nullable=True),
)


def check_position(error: ExpressionError, text: str) -> None:
    check_refusal(error, of_a_document=False)
    assert "position" in error.message, error.message
    assert 1 <= error.position <= max(1, len(text)), error.message


def check_programs(expression: Expression) -> None:
    """It can be written in every language; in SQL so that it is read as the same, in Python so that it compiles."""
    compile(to_python(expression, variable=lambda name: f'event["{name}"]'), "where", "eval")
    to_java(expression, constants=java_constants([expression]))
    for dialect in (DUCKDB, FLINK, SPARK):
        assert to_sql(expression, dialect)


@examples(400)
@given(text=expressions)
def test_a_text_is_read_or_refused_with_a_position(text: str) -> None:
    try:
        check_programs(parse_expression(text, FIELDS))
    except ExpressionError as error:
        check_position(error, text)
    try:
        aggregate = parse_aggregate(text, "x", FIELDS)
        for each in (aggregate.argument, aggregate.filter):
            if each is not None:
                check_programs(each)
    except ExpressionError as error:
        check_position(error, text)


@examples(200)
@given(condition=sound_conditions, aggregate=sound_aggregates)
def test_what_is_sound_is_read_and_means_the_same_when_it_is_written_again(
    condition: str, aggregate: str
) -> None:
    read = parse_expression(condition, FIELDS)
    check_programs(read)
    written = to_sql(read)
    # Nobody writes types, which are found; an instant is written as the number that engines get.
    if "CAST(" not in written and "sent" not in written:
        assert to_sql(parse_expression(written, FIELDS)) == written
    found = parse_aggregate(aggregate, "x", FIELDS)
    for each in (found.argument, found.filter):
        if each is not None:
            check_programs(each)
