"""An expression as Java over local variables: `String` for STRING, `long` for BIGINT."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from streambench.model.expression import (
    And,
    Arithmetic,
    Comparison,
    ComparisonOperator,
    Expression,
    FieldReference,
    FieldType,
    Literal,
    Membership,
    Not,
    Or,
    parts,
)

_FEW: Final = 8
_IN_A_LINE: Final = 8


@dataclass(frozen=True)
class JavaConstant:
    """A constant of a class, with its type and its value as they are written."""

    name: str
    type: str
    value: str


def java_constants(expression: Expression) -> dict[Membership, JavaConstant]:
    """The lists of an expression that are too long to be compared one by one, as constants.

    A method that held them would be too long for the compiler, or for the JVM to compile.
    """
    lists = [part for part in parts(expression) if isinstance(part, Membership)]
    long = dict.fromkeys(each for each in lists if len(each.values) > _FEW)
    return {each: _constant(f"VALUES_{number}", each) for number, each in enumerate(long, 1)}


def to_java(
    expression: Expression,
    *,
    variable: Callable[[str], str] = lambda name: name,
    constants: Mapping[Membership, JavaConstant] | None = None,
) -> str:
    """Return a Java expression of type boolean, long or String; `variable` renders a field's name.

    `constants` are those of `java_constants`.
    """

    def operand(inner: Expression) -> str:
        text = to_java(inner, variable=variable, constants=constants)
        return text if isinstance(inner, FieldReference | Literal) else f"({text})"

    match expression:
        case FieldReference(name=name):
            return variable(name)
        case Literal(value=value):
            if isinstance(value, str):
                # JSON's escapes, ASCII only, are Java's too: the source's encoding does not matter.
                return json.dumps(value)
            return f"{value}L" if value >= 0 else f"({value}L)"
        case Arithmetic(operator=arithmetic, left=left, right=right):
            return f"{operand(left)} {arithmetic.value} {operand(right)}"
        case Comparison(operator=comparison, left=left, right=right):
            if _is_string(left):
                return _compare_strings(comparison, operand(left), operand(right))
            return f"{operand(left)} {_JAVA_OPERATOR[comparison]} {operand(right)}"
        case Membership(operand=inner, values=values):
            if (constant := (constants or {}).get(expression)) is None:
                each = [Comparison(ComparisonOperator.EQ, inner, Literal(v)) for v in values]
                return " || ".join(operand(one) for one in each)
            if _is_string(inner):
                return f"{constant.name}.contains({operand(inner)})"
            return f"java.util.Arrays.binarySearch({constant.name}, {operand(inner)}) >= 0"
        case And(operands=operands):
            return " && ".join(operand(inner) for inner in operands)
        case Or(operands=operands):
            return " || ".join(operand(inner) for inner in operands)
        case Not(operand=inner):
            return f"!({to_java(inner, variable=variable, constants=constants)})"
        case _:
            assert_never(expression)


_JAVA_OPERATOR = {
    ComparisonOperator.EQ: "==",
    ComparisonOperator.NE: "!=",
    ComparisonOperator.LT: "<",
    ComparisonOperator.LE: "<=",
    ComparisonOperator.GT: ">",
    ComparisonOperator.GE: ">=",
}


def _constant(name: str, listed: Membership) -> JavaConstant:
    texts = _is_string(listed.operand)
    # No hash is made of whole numbers, so no object is: they are searched in their order.
    written = [json.dumps(v) if texts else f"{v}L" for v in sorted(listed.values, key=_order)]
    lines = [", ".join(written[at : at + _IN_A_LINE]) for at in range(0, len(written), _IN_A_LINE)]
    inner = ",\n        ".join(lines)
    if texts:
        return JavaConstant(name, "java.util.Set<String>", f"java.util.Set.of(\n        {inner})")
    return JavaConstant(name, "long[]", f"{{\n        {inner}\n    }}")


def _order(value: str | int) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, value)


def _is_string(expression: Expression) -> bool:
    match expression:
        case FieldReference(type=type_):
            return type_ is FieldType.STRING
        case Literal(value=value):
            return isinstance(value, str)
        case _:
            return False


def _compare_strings(operator: ComparisonOperator, left: str, right: str) -> str:
    match operator:
        case ComparisonOperator.EQ:
            return f"{left}.equals({right})"
        case ComparisonOperator.NE:
            return f"!{left}.equals({right})"
        case _:
            # Java orders by UTF-16 units, the others by code points. The two differ only beyond U+FFFF,
            # and there `workload.validate` refuses the comparison.
            return f"{left}.compareTo({right}) {_JAVA_OPERATOR[operator]} 0"
