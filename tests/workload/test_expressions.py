from __future__ import annotations

import pytest

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.expression import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Comparison,
    ComparisonOperator,
    Expression,
    FieldReference,
    FieldType,
    Literal,
    Membership,
    Not,
    Or,
)
from streambench.model.workload import Field
from streambench.workload.expressions import (
    parse_aggregate,
    parse_expression,
    parse_named,
)
from streambench.workload.java import to_java
from streambench.workload.python import to_python
from streambench.workload.sql import FLINK, SPARK, aggregate_to_sql, to_sql
from streambench.workload.sql_text import ExpressionError

FIELDS = (
    Field("action", FieldType.STRING, None),
    Field("city", FieldType.STRING, None),
    Field("price", FieldType.BIGINT, None),
    Field("count_of", FieldType.BIGINT, None),
)
ACTION = FieldReference("action", FieldType.STRING)
PRICE = FieldReference("price", FieldType.BIGINT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("action = 'view'", Comparison(ComparisonOperator.EQ, ACTION, Literal("view"))),
        ("(price != -3)", Comparison(ComparisonOperator.NE, PRICE, Literal(-3))),
        (
            "price BETWEEN 1 AND 9",
            And(
                (
                    Comparison(ComparisonOperator.GE, PRICE, Literal(1)),
                    Comparison(ComparisonOperator.LE, PRICE, Literal(9)),
                )
            ),
        ),
        (
            "action not in ('a', 'b')",
            Not(Membership(ACTION, ("a", "b"))),
        ),
        ("price in (7, 7)", Comparison(ComparisonOperator.EQ, PRICE, Literal(7))),
        (
            "price in (1, count_of, 2)",
            Or(
                (
                    Membership(PRICE, (1, 2)),
                    Comparison(
                        ComparisonOperator.EQ,
                        PRICE,
                        FieldReference("count_of", FieldType.BIGINT),
                    ),
                )
            ),
        ),
        (
            "price - 2 * price >= 0",
            Comparison(
                ComparisonOperator.GE,
                Arithmetic(
                    ArithmeticOperator.SUB,
                    PRICE,
                    Arithmetic(ArithmeticOperator.MUL, Literal(2), PRICE),
                ),
                Literal(0),
            ),
        ),
    ],
)
def test_a_condition_of_the_subset_is_read(text: str, expected: Expression) -> None:
    assert parse_expression(text, FIELDS) == expected


@pytest.mark.parametrize(
    "name", ["load", "set", "use", "update", "comment", "kill", "order", "key"]
)
def test_a_field_may_be_called_like_a_statement(name: str) -> None:
    fields = (Field(name, FieldType.BIGINT, None),)
    field = FieldReference(name, FieldType.BIGINT)
    expected = Comparison(ComparisonOperator.GT, field, Literal(3))
    assert parse_expression(f"{name} > 3", fields) == expected
    assert parse_aggregate(f"sum({name})", "x", fields).argument == field


def test_a_chain_of_and_is_one_node() -> None:
    read = parse_expression("price = 1 and price = 2 and price = 3", FIELDS)
    assert isinstance(read, And)
    assert len(read.operands) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("acton = 'view'", ["unknown column 'acton' at position 1", "did you mean 'action'?"]),
        ("price > 1 and acton = 'view'", ["'acton' at position 15"]),
        ("price div 2 = 1", ["position 1", "whole-number division"]),
        ("price % 1.5 = 1", ["remainder (%) of numbers with a fraction"]),
        ("price > 1e999", ["position 9", "beyond a double"]),
        ("price > 9223372036854775808", ["the greatest is 9223372036854775807"]),
        ("action like city", ["LIKE without a constant"]),
        ("action like '%'", ["position 13", "takes every string"]),
        ("action like 'a!' escape '!'", ["an escape before ''"]),
        ("action like 'a!b' escape '!'", ["an escape before 'b'"]),
        ("action like 'a' escape '!!'", ["the escape '!!'; it is one character"]),
        ("action like 'a' escape city", ["is not SQL at position 27"]),
        ("action ilike 'v%'", ["ILIKE; compare lower(x)"]),
        ("price like 'v%'", ["a bigint where a string is due"]),
        ("trim(action) = 'VIEW'", ["this function: not supported; what can be used"]),
        ("upper(price) = 'VIEW'", ["a bigint where a string is due"]),
        ("action || price = 'a'", ["a bigint where a string is due"]),
        ("abs(action) = 1", ["a string where a number is due"]),
        ("substring(action, 0) = 'a'", ["begins at a whole number from 1 on"]),
        ("substring(action, price) = 'a'", ["begins at a whole number from 1 on"]),
        ("substring(action, 1, -1) = 'a'", ["length is a whole number from 0 on"]),
        ("coalesce(price, 1) = 1", ["always has a value"]),
        (
            "cast(price as int) = 1",
            ["the nearest are bigint, double, string and decimal with its digits"],
        ),
        ("cast(price as decimal) = 1", ["such as decimal(10,2)"]),
        (
            "cast(price as decimal(39,2)) = 1",
            ["a decimal of 39 digits, 2 of them behind the point"],
        ),
        ("cast(price as decimal(3,4)) = 1", ["a decimal of 3 digits, 4 of them behind the point"]),
        ("cast(price as varchar(3)) = 'a'", ["the nearest are bigint"]),
        ("cast(action as bigint) = 1", ["a cast of a string, which may be no number"]),
        (
            "cast(price / 2 as string) = '1'",
            ["a double as a string, which engines write differently"],
        ),
        ("cast(price / 2 as decimal(9,2)) = 1", ["a double as a decimal, whose last digit"]),
        ("cast(price > 1 as bigint) = 1", ["a cast of a condition; write CASE WHEN"]),
        ("try_cast(price as bigint) = 1", ["try_cast; cast(x as bigint)"]),
        ("round(price / 2, 2) = 1", ["round of a double to digits behind the point"]),
        ("round(price, -2) = 1", ["no whole number of digits from 0 to 38; write round(x, 2)"]),
        ("round(price, count_of) = 1", ["no whole number of digits"]),
        ("round(price, 2, 1) = 1", ["a cast or round with more than that"]),
        ("cast(price as bigint format 'a') = 1", ["a cast or round with more than that"]),
        ("round(action) = 1", ["a string where a number is due"]),
        ("if(price > 1, 2, 3) = 2", ["CASE WHEN"]),
        ("case price when 'a' then 1 else 2 end = 1", ["a bigint compared with a string"]),
        ("case when price = 1 then 'a' else 2 end = 'a'", ["one type is due"]),
        ("price is null", ["always has a value"]),
        ("price = 'a'", ["a bigint compared with a string"]),
        ("action + 1 = 2", ["a string where a number is due"]),
        ("price", ["a condition is due"]),
        (f"price = {2**62} * 2 * {2**62} / 3", ["position 9", "a number that is beyond a bigint"]),
        ("price = 1e308 * 10", ["position 9", "a number that is beyond a double"]),
        ("price = 1." + 40 * "1", ["position 9", "a decimal has 38 digits at most"]),
        ("price < 1 < 2", ["a boolean compared with a bigint"]),
        ("price in (select 1)", ["IN without a list"]),
        ("t.price = 1", ["the field's name alone"]),
        ("price between symmetric 3 and 1", ["BETWEEN"]),
        ("sum(price) > 3", ["an aggregate stands in `select` alone"]),
        ("case when price = 1 then null else 2 end = 2", ["NULL", "leave ELSE out"]),
        ("price is true", ["IS NULL"]),
        ("coalesce(case when price > 1 then 2 end) = 1", ["coalesce of one value"]),
        ("action = 'it''s'", ["position 10", "quotes"]),
        ("action = 'a\\b'", ["backslashes"]),
        ("action = '${broker}'", ["${"]),
        ("price >", ["is not SQL at position 7"]),
        ("action = 'view", ["at position 14", "a quotation is not closed"]),
        ("price = 1; price = 2", ["not one SQL expression"]),
        ("", ["not one SQL expression"]),
        ("price = 1 action", ["is not SQL at position 16"]),
        ("select price", ["is not SQL"]),
    ],
)
def test_what_is_outside_the_subset_is_refused_with_its_place(text: str, words: list[str]) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text, FIELDS)
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize(
    ("text", "function", "sql"),
    [
        ("count(*)", AggregateFunction.COUNT, "COUNT(*)"),
        ("sum(price)", AggregateFunction.SUM, 'SUM("price")'),
        ("min(price * 2)", AggregateFunction.MIN, 'MIN("price" * 2)'),
        ("max(-price)", AggregateFunction.MAX, 'MAX(0 - "price")'),
        ("count(price)", AggregateFunction.COUNT, "COUNT(*)"),
        ("count(distinct action)", AggregateFunction.COUNT_DISTINCT, 'COUNT(DISTINCT "action")'),
        ("avg(price)", AggregateFunction.AVG, 'AVG(CAST("price" AS DOUBLE))'),
        (
            "sum(price) filter (where action = 'view')",
            AggregateFunction.SUM,
            'SUM("price") FILTER (WHERE "action" = \'view\')',
        ),
        (
            "count(*) FILTER (WHERE price > 1 or price < 0)",
            AggregateFunction.COUNT,
            'COUNT(*) FILTER (WHERE ("price" > 1) OR ("price" < 0))',
        ),
    ],
)
def test_an_aggregate_of_the_subset_is_read(
    text: str, function: AggregateFunction, sql: str
) -> None:
    aggregate = parse_aggregate(text, "total", FIELDS)
    assert (aggregate.alias, aggregate.function) == ("total", function)
    assert aggregate_to_sql(aggregate) == sql


def test_count_has_no_argument() -> None:
    assert parse_aggregate("count(*)", "n", FIELDS) == Aggregate("n", AggregateFunction.COUNT, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("avg(distinct price)", ["DISTINCT", "'avg(x)'"]),
        ("avg(action)", ["a string where a number is due"]),
        ("count(prise)", ["unknown column 'prise' at position 7", "did you mean 'price'?"]),
        ("count(distinct action, price)", ["'count(distinct x)'"]),
        ("count()", ["'count(*)'"]),
        ("sum(distinct price)", ["DISTINCT", "'sum(x)'"]),
        ("min(price, count_of)", ["'min(x)'"]),
        ("max(action)", ["a string where a number is due"]),
        ("count(distinct price / 2)", ["DISTINCT of doubles"]),
        (
            "price",
            [
                "an aggregate is count(*), count(distinct x), sum(x), avg(x), min(x), max(x), stddev_pop(x), "
            ],
        ),
        ("sum(price) + 1", ["an aggregate is"]),
        ("sum(price) over ()", ["an aggregate is"]),
        ("count(*) filter (where price)", ["a bigint where a condition is due"]),
        ("count(*) filter (where prise > 1)", ["unknown column 'prise' at position 24"]),
        ("count(*) filter (where sum(price) > 1)", ["an aggregate stands in `select` alone"]),
        ("sum(price) filter (where price > 1) + 1", ["an aggregate is"]),
        ("price filter (where price > 1)", ["is not SQL"]),
        ("median(price)", ["an aggregate is"]),
        (
            "stddev(price)",
            ["stddev, which is that of a sample to some", "stddev_pop or stddev_samp"],
        ),
        (
            "variance(price) filter (where price > 1)",
            ["variance, which is that of a sample to some", "write var_pop or var_samp"],
        ),
        ("variance_pop(price)", ["variance_pop, which some engines lack; write var_pop"]),
        ("first(action)", ["a string where a number is due"]),
        ("first(price, count_of)", ["'first(x)'"]),
        ("last_value(price)", ["not supported; the nearest", "first(x) or last(x)"]),
        ("var_samp(action)", ["a string where a number is due"]),
    ],
)
def test_an_aggregate_outside_the_subset_is_refused_with_the_nearest_form(
    text: str, words: list[str]
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_aggregate(text, "total", FIELDS)
    for word in words:
        assert word in caught.value.message


def test_flink_and_spark_quote_identifiers_by_backticks() -> None:
    condition = parse_expression("action = 'view' and not price < 3", FIELDS)
    assert to_sql(condition, FLINK) == "(`action` = 'view') AND (NOT (`price` < 3))"


def test_java_compares_strings_by_value_and_numbers_as_long() -> None:
    condition = parse_expression("action <> 'né' and action < 'z' and price = -5", FIELDS)
    assert to_java(condition) == (
        '(!action.equals("n\\u00e9")) && (Text.compare(action, "z") < 0) && (price == (-5L))'
    )


def test_a_variable_may_be_rendered_otherwise() -> None:
    condition = parse_expression("price = 1", FIELDS)
    assert to_python(condition, variable=lambda name: f'd["{name}"]') == 'd["price"] == 1'
    assert to_java(condition, variable=lambda name: f"r.{name}()") == "r.price() == 1L"


def test_named_expressions_stand_for_what_they_are() -> None:
    large = parse_named("price > 100", FIELDS)
    twice = parse_named("price * 2", FIELDS, {"large": large})
    named = {"large": large, "twice": twice}
    assert parse_expression("large and twice < 500", FIELDS, named) == parse_expression(
        "price > 100 and price * 2 < 500", FIELDS
    )
    assert parse_aggregate("sum(twice) filter (where not large)", "x", FIELDS, named) == (
        parse_aggregate("sum(price * 2) filter (where not price > 100)", "x", FIELDS)
    )
    with pytest.raises(ExpressionError, match="a condition where a value is due"):
        parse_aggregate("sum(large)", "x", FIELDS, named)
    with pytest.raises(ExpressionError, match=r"unknown column 'larg'.*did you mean 'large'"):
        parse_expression("larg", FIELDS, named)


def test_constants_are_computed_once_and_for_all() -> None:
    assert parse_named("2000000000 * 2 - 1", FIELDS) == Literal(3_999_999_999)
    assert parse_named("-7 % 4", FIELDS) == Literal(-3)
    assert parse_named("7 / 2 + 1", FIELDS) == Literal(4.5)
    assert parse_named("price + 2 * 3", FIELDS) == Arithmetic(
        ArithmeticOperator.ADD, PRICE, Literal(6)
    )


def test_flink_compares_strings_by_what_it_has_just_put_together() -> None:
    condition = parse_expression("action < 'z' and city = 'a'", FIELDS)
    assert to_sql(condition, FLINK) == "(CONCAT(`action`, '') < 'z') AND (`city` = 'a')"
    assert to_sql(condition, SPARK) == "(`action` < 'z') AND (`city` = 'a')"


def test_a_pattern_for_one_character_is_an_expression_to_flink() -> None:
    condition = parse_expression("action like 'a_(%!_' escape '!'", FIELDS)
    assert to_sql(condition, FLINK) == r"REGEXP(`action`, '(?s)^a.\(.*\_\z')"
    assert to_sql(condition, SPARK) == "`action` LIKE 'a_(%!_' ESCAPE '!'"
    plain = parse_expression("action like 'a!%%' escape '!'", FIELDS)
    assert to_sql(plain, FLINK) == "`action` LIKE 'a!%%' ESCAPE '!'"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "s = rain",
            "unknown column 'rain' at position 5; where a text is meant, write 'rain' in single",
        ),
        ('s = "rain"', "where a text is meant, write 'rain' in single quotes"),
        ("prise > 5", "did you mean 'price'?"),
    ],
)
def test_a_text_without_its_quotes_is_told_as_one(text: str, words: str) -> None:
    fields = [Field("s", FieldType.STRING, None), Field("price", FieldType.BIGINT, None)]
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text, fields)
    assert words in caught.value.message
