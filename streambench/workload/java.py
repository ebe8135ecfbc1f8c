"""An expression as Java: `String` for STRING, `long` for BIGINT, `double`, `boolean`, `BigDecimal`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias, assert_never

from streambench.model.expression import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Call,
    CaseWhen,
    Coalesce,
    Comparison,
    ComparisonOperator,
    Constant,
    Convert,
    DecimalType,
    Division,
    Expression,
    FieldReference,
    FieldType,
    Function,
    IsNull,
    Like,
    Literal,
    Membership,
    Not,
    Or,
    ValueType,
    Wildcard,
    may_be_null,
    parts,
    type_of,
)
from streambench.workload.patterns import to_regex
from streambench.workload.strict import strict_form, strict_name

HELPER: Final = "Text"
"""The class of helpers that some expressions need."""

NULLS: Final = "Nulls"
"""The same of expressions that may have no value."""

_OPERATORS: Final = {
    ComparisonOperator.EQ: "==",
    ComparisonOperator.NE: "!=",
    ComparisonOperator.LT: "<",
    ComparisonOperator.LE: "<=",
    ComparisonOperator.GT: ">",
    ComparisonOperator.GE: ">=",
}
_TYPES: Final = {
    FieldType.STRING: "String",
    FieldType.BIGINT: "long",
    FieldType.DOUBLE: "double",
    FieldType.BOOLEAN: "boolean",
    FieldType.TIMESTAMP: "long",
}
_DECIMAL: Final = "java.math.BigDecimal"
_OBJECTS: Final = {
    FieldType.STRING: "String",
    FieldType.BIGINT: "Long",
    FieldType.DOUBLE: "Double",
    FieldType.BOOLEAN: "Boolean",
    FieldType.TIMESTAMP: "Long",
}
_METHODS: Final = {
    ArithmeticOperator.ADD: "add",
    ArithmeticOperator.SUB: "subtract",
    ArithmeticOperator.MUL: "multiply",
}


_FEW: Final = 8
_IN_A_LINE: Final = 8


def java_type(type_: ValueType, *, nullable: bool = False) -> str:
    """The Java type of such values, or of such that may be null."""
    if isinstance(type_, DecimalType):
        return _DECIMAL
    return _OBJECTS[type_] if nullable else _TYPES[type_]


@dataclass(frozen=True)
class JavaConstant:
    """A constant of a class, with its type and its value as they are written."""

    name: str
    type: str
    value: str


JavaConstants: TypeAlias = Mapping[Membership, JavaConstant]
"""The lists that are constants of a class."""


def java_constants(expressions: Iterable[Expression]) -> dict[Membership, JavaConstant]:
    """The lists of expressions that are too long to be compared one by one, as constants of a class.

    A method that held them would be too long for the compiler, or for the JVM to compile.
    """
    every = (part for expression in expressions for part in parts(expression))
    lists = [part for part in every if isinstance(part, Membership)]
    long = dict.fromkeys(each for each in lists if len(each.values) > _FEW)
    return {each: _constant(f"VALUES_{number}", each) for number, each in enumerate(long, 1)}


def to_java(
    expression: Expression,
    *,
    variable: Callable[[str], str] = lambda name: name,
    constants: JavaConstants | None = None,
) -> str:
    """Return a Java expression; `variable` renders a field's name.

    Some name the classes HELPER and NULLS. `constants` are those of `java_constants`. What may have no value is
    an object, or null.
    """
    if (lacking := _lacking(expression, variable, constants)) is not None:
        return lacking

    def operand(inner: Expression) -> str:
        text = to_java(inner, variable=variable, constants=constants)
        return text if isinstance(inner, FieldReference | Literal) else f"({text})"

    match expression:
        case FieldReference(name=name):
            return variable(name)
        case Literal(value=value):
            return _literal(value)
        case Arithmetic(operator=arithmetic, left=left, right=right):
            if isinstance(type_of(left), DecimalType):
                other = to_java(right, variable=variable, constants=constants)
                return f"{operand(left)}.{_METHODS[arithmetic]}({other})"
            return f"{operand(left)} {arithmetic.value} {operand(right)}"
        case Division(left=left, right=right):
            return f"{operand(left)} / {operand(right)}"
        case Convert(type=type_, operand=inner):
            return _converted(type_, type_of(inner), operand(inner))
        case Call():
            return _call(expression, [operand(each) for each in expression.arguments])
        case CaseWhen(branches=branches, otherwise=otherwise):
            # Java would make a number of what is null if some other value is one.
            cast = ""
            if may_be_null(expression):
                cast = f"({java_type(type_of(expression), nullable=True)}) "
            chosen = "".join(
                f"{_holds(each.condition, operand)} ? {cast}{operand(each.value)} : "
                for each in branches
            )
            return chosen + ("null" if otherwise is None else f"{cast}{operand(otherwise)}")
        case Coalesce(operands=operands):
            type_ = type_of(expression)
            texts = ", ".join(operand(one) for one in operands)
            found = f"{NULLS}.<{java_type(type_, nullable=True)}>coalesce({texts})"
            return found if may_be_null(expression) else f"({java_type(type_)}) {found}"
        case IsNull(operand=inner):
            return f"{operand(inner)} == null"
        case Comparison(operator=comparison, left=left, right=right):
            if type_of(left) is FieldType.STRING:
                return _compare_strings(comparison, operand(left), operand(right))
            if isinstance(type_of(left), DecimalType):
                other = to_java(right, variable=variable, constants=constants)
                return f"{operand(left)}.compareTo({other}) {_OPERATORS[comparison]} 0"
            return f"{operand(left)} {_OPERATORS[comparison]} {operand(right)}"
        case Like():
            return _like(expression, operand(expression.operand))
        case Membership(operand=inner, values=values):
            if (constant := (constants or {}).get(expression)) is None:
                each = [Comparison(ComparisonOperator.EQ, inner, Literal(v)) for v in values]
                return " || ".join(operand(one) for one in each)
            if type_of(inner) is FieldType.STRING:
                return f"{constant.name}.contains({operand(inner)})"
            return f"java.util.Arrays.binarySearch({constant.name}, {operand(inner)}) >= 0"
        case And(operands=operands):
            return " && ".join(operand(inner) for inner in operands)
        case Or(operands=operands):
            return " || ".join(operand(inner) for inner in operands)
        case Not(operand=IsNull(operand=inner)):
            return f"{operand(inner)} != null"
        case Not(operand=inner):
            return f"!({to_java(inner, variable=variable, constants=constants)})"
        case _:
            assert_never(expression)


def java_condition(
    condition: Expression,
    *,
    variable: Callable[[str], str] = lambda name: name,
    constants: JavaConstants | None = None,
) -> str:
    """The same of a condition that counts only where it is true."""
    text = to_java(condition, variable=variable, constants=constants)
    return f"{NULLS}.isTrue({text})" if may_be_null(condition) else text


def _holds(condition: Expression, operand: Callable[[Expression], str]) -> str:
    text = operand(condition)
    return f"{NULLS}.isTrue({text})" if may_be_null(condition) else text


def _lacking(
    expression: Expression, variable: Callable[[str], str], constants: JavaConstants | None
) -> str | None:
    """An expression that is made of what may have no value; None for any other."""

    def each_of(operands: Iterable[Expression]) -> str:
        texts = (to_java(each, variable=variable, constants=constants) for each in operands)
        return ", ".join(texts)

    match expression:
        case FieldReference() | Literal() | CaseWhen() | Coalesce() | IsNull():
            return None
        case _ if not may_be_null(expression):
            return None
        case And(operands=operands):
            return f"{NULLS}.all({each_of(operands)})"
        case Or(operands=operands):
            return f"{NULLS}.any({each_of(operands)})"
        case Call(function=Function.CONCAT, arguments=arguments):
            return f"{NULLS}.concat({each_of(arguments)})"
        case _:
            strict, given = strict_form(expression)
            types = {strict_name(at): type_of(each) for at, each in enumerate(given)}
            known: dict[Membership, JavaConstant] = {}
            match expression, strict:
                case Membership() as before, Membership() as now if before in (constants or {}):
                    known[now] = (constants or {})[before]
                case _:
                    pass
            body = to_java(strict, variable=lambda name: _value(name, types[name]), constants=known)
            names = ", ".join(types)
            objects = [java_type(type_of(each), nullable=True) for each in (*given, expression)]
            return f"{NULLS}.<{', '.join(objects)}>of({each_of(given)}, ({names}) -> {body})"


def _value(name: str, type_: ValueType) -> str:
    """An object that is there; a number is one again, as two objects would be compared by where they lie."""
    is_object = type_ is FieldType.STRING or isinstance(type_, DecimalType)
    return name if is_object else f"({java_type(type_)}) {name}"


def _constant(name: str, listed: Membership) -> JavaConstant:
    texts = type_of(listed.operand) is FieldType.STRING
    # No hash is made of whole numbers, so no object is: they are searched in their order.
    written = [json.dumps(v) if texts else f"{v}L" for v in sorted(listed.values, key=_order)]
    lines = [", ".join(written[at : at + _IN_A_LINE]) for at in range(0, len(written), _IN_A_LINE)]
    inner = ",\n        ".join(lines)
    if texts:
        return JavaConstant(name, "java.util.Set<String>", f"java.util.Set.of(\n        {inner})")
    return JavaConstant(name, "long[]", f"{{\n        {inner}\n    }}")


def _order(value: str | int) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, value)


def _converted(type_: ValueType, before: ValueType, operand: str) -> str:
    match type_, before:
        case DecimalType(scale=scale), DecimalType(scale=digits) if scale < digits:
            return f"{operand}.setScale({scale}, java.math.RoundingMode.HALF_UP)"
        case DecimalType(scale=scale), DecimalType():
            return f"{operand}.setScale({scale})"
        case DecimalType(scale=scale), _:
            exact = f"{_DECIMAL}.valueOf({operand})"
            return f"{exact}.setScale({scale})" if scale else exact
        case FieldType.STRING, DecimalType(scale=scale):
            return f"{operand}.setScale({scale}).toPlainString()"
        case FieldType.STRING, _:
            return f"Long.toString({operand})"
        case FieldType.BIGINT, DecimalType():
            return f"{operand}.longValue()"
        case _, DecimalType():
            return f"{operand}.doubleValue()"
        case _:
            return f"({java_type(type_)}) {operand}"


def _literal(value: Constant) -> str:
    if isinstance(value, str | bool):
        # JSON's escapes, ASCII only, are Java's too: the source's encoding does not matter.
        return json.dumps(value)
    if isinstance(value, Decimal):
        return f'new {_DECIMAL}("{format(value, "f")}")'
    suffix = "" if isinstance(value, float) else "L"
    return f"{value}{suffix}" if value >= 0 else f"({value}{suffix})"


def _call(call: Call, arguments: list[str]) -> str:
    first = arguments[0]
    match call.function:
        case Function.LOWER:
            return f"{first}.toLowerCase(java.util.Locale.ROOT)"
        case Function.UPPER:
            return f"{first}.toUpperCase(java.util.Locale.ROOT)"
        case Function.LENGTH:
            return f"{HELPER}.length({first})"
        case Function.SUBSTRING:
            return f"{HELPER}.substring({', '.join(arguments)})"
        case Function.CONCAT:
            # Of one it is itself, and the first operand makes it one of strings.
            return " + ".join(arguments)
        case Function.ABS:
            if isinstance(type_of(call.arguments[0]), DecimalType):
                return f"{first}.abs()"
            return f"Math.abs({first})"
        case Function.ROUND:
            half_up = "setScale(0, java.math.RoundingMode.HALF_UP)"
            return f"new {_DECIMAL}({first}).{half_up}.doubleValue()"
        case _:
            assert_never(call.function)


def _compare_strings(operator: ComparisonOperator, left: str, right: str) -> str:
    match operator:
        case ComparisonOperator.EQ:
            return f"{left}.equals({right})"
        case ComparisonOperator.NE:
            return f"!{left}.equals({right})"
        case _:
            # Java's own order is that of UTF-16 units.
            return f"{HELPER}.compare({left}, {right}) {_OPERATORS[operator]} 0"


def _like(expression: Like, operand: str) -> str:
    match expression.pattern:
        case (str(text), Wildcard.ANY):
            return f"{operand}.startsWith({_literal(text)})"
        case (Wildcard.ANY, str(text)):
            return f"{operand}.endsWith({_literal(text)})"
        case (Wildcard.ANY, str(text), Wildcard.ANY):
            return f"{operand}.contains({_literal(text)})"
        case pattern:
            return f"{HELPER}.matches({operand}, {_literal(to_regex(pattern))})"
