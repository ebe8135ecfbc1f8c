"""What of SQL is read: the nodes that sqlglot makes of it, and what to write instead of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlglot import exp

from streambench.model.expression import ArithmeticOperator, ComparisonOperator, Function

COMPARISONS: Final[Mapping[type[exp.Expression], ComparisonOperator]] = {
    exp.EQ: ComparisonOperator.EQ,
    exp.NEQ: ComparisonOperator.NE,
    exp.LT: ComparisonOperator.LT,
    exp.LTE: ComparisonOperator.LE,
    exp.GT: ComparisonOperator.GT,
    exp.GTE: ComparisonOperator.GE,
}
CONDITIONS: Final = (
    *COMPARISONS,
    exp.And,
    exp.Or,
    exp.Not,
    exp.In,
    exp.Between,
    exp.Like,
    exp.Escape,
    exp.Boolean,
)
ARITHMETIC: Final[Mapping[type[exp.Expression], ArithmeticOperator]] = {
    exp.Add: ArithmeticOperator.ADD,
    exp.Sub: ArithmeticOperator.SUB,
    exp.Mul: ArithmeticOperator.MUL,
    exp.Mod: ArithmeticOperator.MOD,
}
OF_A_STRING: Final[Mapping[type[exp.Expression], Function]] = {
    exp.Lower: Function.LOWER,
    exp.Upper: Function.UPPER,
    exp.Length: Function.LENGTH,
}
SUBSET: Final = (
    "columns, numbers, 'strings', + - * / %, = <> < <= > >=, AND, OR, NOT, IN (…), BETWEEN, LIKE, "
    "CASE WHEN … ELSE … END, || and lower, upper, length, substring, concat, abs, round, cast"
)
"""What an expression can be made of, in words."""
COMPUTING: Final = (
    *ARITHMETIC,
    *OF_A_STRING,
    exp.Div,
    exp.Abs,
    exp.Cast,
    exp.Round,
    exp.Substring,
    exp.Concat,
    exp.DPipe,
    exp.Case,
    exp.Like,
)
"""What computes values of others."""
NO_NULL: Final = "no value is ever null"
# What people try first, and what to write instead.
INSTEAD: Final[Mapping[type[exp.Expression], str]] = {
    exp.IntDiv: "whole-number division; a / b is a real number, and a % b what is left",
    exp.ILike: "ILIKE; compare lower(x) with LIKE",
    exp.Is: f"IS NULL: {NO_NULL}",
    exp.Null: f"NULL: {NO_NULL}",
    exp.Coalesce: f"coalesce: {NO_NULL}",
    exp.Nullif: f"nullif: {NO_NULL}",
    exp.If: "if; write CASE WHEN … THEN … ELSE … END",
    exp.TryCast: "try_cast; cast(x as bigint) has a value of every number",
    exp.Subquery: "sub-queries",
    exp.Select: "sub-queries",
}
