"""What `having` can ask of aggregates, by their names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from streambench.model.expression import (
    BIGINT_AS_DECIMAL,
    Comparison,
    ComparisonOperator,
    Convert,
    Expression,
    FieldReference,
    FieldType,
    IsNull,
    Literal,
    Not,
)
from streambench.workload.expressions import parse_aggregate, parse_having
from streambench.workload.sql_text import ExpressionError
from tests.workload.test_expressions import FIELDS

SELECTED = (
    parse_aggregate("count(*)", "n", FIELDS),
    parse_aggregate("avg(price)", "mean", FIELDS),
    parse_aggregate("sum(price) filter (where action = 'a')", "some", FIELDS),
    parse_aggregate("stddev_samp(price)", "around", FIELDS),
)
AROUND = FieldReference("around", FieldType.DOUBLE, nullable=True)
N, MEAN = FieldReference("n", FieldType.BIGINT), FieldReference("mean", FieldType.DOUBLE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n > 5", Comparison(ComparisonOperator.GT, N, Literal(5))),
        ("mean <= -2.5", Comparison(ComparisonOperator.LE, MEAN, Literal(-2.5))),
        ("mean <> 3", Comparison(ComparisonOperator.NE, MEAN, Literal(3.0))),
        ("7 < mean", Comparison(ComparisonOperator.LT, Literal(7.0), MEAN)),
        ("not n = n", Not(Comparison(ComparisonOperator.EQ, N, N))),
        (
            "n > 2.5",
            Comparison(
                ComparisonOperator.GT, Convert(BIGINT_AS_DECIMAL, N), Literal(Decimal("2.5"))
            ),
        ),
        ("mean < n", Comparison(ComparisonOperator.LT, MEAN, Convert(FieldType.DOUBLE, N))),
        # It has none of one record.
        ("around is null", IsNull(AROUND)),
        ("around > 5", Comparison(ComparisonOperator.GT, AROUND, Literal(5.0))),
    ],
)
def test_a_condition_on_aggregates_is_read(text: str, expected: Expression) -> None:
    assert repr(parse_having(text, SELECTED)) == repr(expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("count(*) > 5", ["position 1", "by their aliases"]),
        ("m > 5", ["unknown aggregate 'm' at position 1"]),
        ("price > 5", ["unknown aggregate 'price'"]),
        ("some > 5 and n is null", ["always has a value"]),
        ("coalesce(some, 0) > 5", ["what is computed with aggregates"]),
        ("n * 2 > 5", ["what is computed with aggregates"]),
        ("lower(n) = 'a'", ["a bigint where a string is due"]),
        ("n / 2 > 3", ["what is computed with aggregates"]),
        ("case when n > 1 then n else 3 end > 3", ["what is computed with aggregates"]),
        ("round(mean) > 3", ["what is computed with aggregates"]),
        ("cast(n as decimal(9,2)) > 3", ["what is computed with aggregates"]),
        ("mean > 1e999", ["the number '1e999'"]),
        ("n", ["a condition is due"]),
    ],
)
def test_a_condition_on_aggregates_outside_the_subset_is_refused(
    text: str, words: list[str]
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_having(text, SELECTED)
    for word in words:
        assert word in caught.value.message
