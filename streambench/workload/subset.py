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
    exp.Is,
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
    "IS NULL, CASE WHEN … ELSE … END, || and lower, upper, length, substring, concat, abs, round, cast, "
    "coalesce"
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
    exp.Coalesce,
    exp.Like,
)
"""What computes values of others."""
NEVER_NULL: Final = (
    "what always has a value; only fields that are declared with `null` can lack one"
)
# What people try first, and what to write instead.
INSTEAD: Final[Mapping[type[exp.Expression], str]] = {
    exp.IntDiv: "whole-number division; a / b is a real number, and a % b what is left",
    exp.ILike: "ILIKE; compare lower(x) with LIKE",
    exp.Null: "NULL; ask for it by IS NULL, and leave ELSE out of CASE for no value",
    exp.Nullif: "nullif; write CASE WHEN x <> y THEN x END",
    exp.If: "if; write CASE WHEN … THEN … ELSE … END",
    exp.TryCast: "try_cast; cast(x as bigint) has a value of every number",
    exp.Subquery: "sub-queries",
    exp.Select: "sub-queries",
}
