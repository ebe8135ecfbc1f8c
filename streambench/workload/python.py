"""An expression as Python: `str` for STRING, `int` for BIGINT, `float`, `bool` and `Decimal`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final, assert_never

from streambench.model.expression import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Call,
    CaseWhen,
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
    Like,
    Literal,
    Membership,
    Not,
    Or,
    ValueType,
    Wildcard,
    type_of,
)
from streambench.workload.patterns import to_regex

_OPERATORS: Final = {
    ComparisonOperator.EQ: "==",
    ComparisonOperator.NE: "!=",
    ComparisonOperator.LT: "<",
    ComparisonOperator.LE: "<=",
    ComparisonOperator.GT: ">",
    ComparisonOperator.GE: ">=",
}
_TYPES: Final = {
    FieldType.STRING: "str",
    FieldType.BIGINT: "int",
    FieldType.DOUBLE: "float",
    FieldType.BOOLEAN: "bool",
}
_DECIMAL: Final = "Decimal"
_REMAINDER: Final = "remainder"
_MATCHES: Final = "matches"
_ROUNDED: Final = "rounded"
_HELPERS: Final = {
    _ROUNDED: '''def rounded(number):
    """The whole number that is nearest to a double, as a double; of two the one farther from 0."""
    whole = float(int(number))
    if abs(number - whole) < 0.5:
        return whole
    return whole + (1.0 if number > 0 else -1.0)
''',
    _REMAINDER: '''def remainder(left, right):
    """What is left of a division, with the sign of what is divided."""
    found = abs(left) % abs(right)
    return -found if left < 0 else found
''',
    _MATCHES: '''def matches(text, regex):
    """Whether the whole text is as the expression says."""
    return re.fullmatch(regex, text, re.DOTALL) is not None
''',
}


def helpers_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The functions that Python expressions need; `matches` needs the module `re`."""
    written = "\n".join(texts)
    return tuple(source for name, source in _HELPERS.items() if f"{name}(" in written)


def to_python(expression: Expression, *, variable: Callable[[str], str] = lambda name: name) -> str:
    """Return a Python expression; `variable` renders a field's name, such as `d["price"]`.

    Some call the functions of `helpers_of`; decimals need the class `Decimal`, in a context of enough digits.
    """

    def operand(inner: Expression) -> str:
        text = to_python(inner, variable=variable)
        return text if isinstance(inner, FieldReference | Literal) else f"({text})"

    match expression:
        case FieldReference(name=name):
            return variable(name)
        case Literal(value=value):
            return _literal(value)
        case Arithmetic(operator=ArithmeticOperator.MOD, left=left, right=right):
            sides = (to_python(side, variable=variable) for side in (left, right))
            return f"{_REMAINDER}({', '.join(sides)})"
        case Arithmetic(operator=arithmetic, left=left, right=right):
            return f"{operand(left)} {arithmetic.value} {operand(right)}"
        case Division(left=left, right=right):
            return f"{operand(left)} / {operand(right)}"
        case Convert(type=type_, operand=inner):
            return _converted(type_, type_of(inner), to_python(inner, variable=variable))
        case Call():
            return _call(expression, [operand(each) for each in expression.arguments])
        case CaseWhen(branches=branches, otherwise=otherwise):
            chosen = "".join(
                f"{operand(each.value)} if {operand(each.condition)} else " for each in branches
            )
            return chosen + operand(otherwise)
        case Comparison(operator=comparison, left=left, right=right):
            return f"{operand(left)} {_OPERATORS[comparison]} {operand(right)}"
        case Like():
            return _like(expression, operand(expression.operand))
        case Membership(operand=inner, values=values):
            listed = ", ".join(map(ascii, values))
            return f"{operand(inner)} in {{{listed}}}"
        case And(operands=operands):
            return " and ".join(operand(inner) for inner in operands)
        case Or(operands=operands):
            return " or ".join(operand(inner) for inner in operands)
        case Not(operand=inner):
            return f"not ({to_python(inner, variable=variable)})"
        case _:
            assert_never(expression)


def _converted(type_: ValueType, before: ValueType, text: str) -> str:
    match type_, before:
        case DecimalType(scale=scale), DecimalType(scale=digits) if scale < digits:
            last = format(Decimal(1).scaleb(-scale), "f")
            return f'({text}).quantize({_DECIMAL}("{last}"), "ROUND_HALF_UP")'
        case DecimalType(), _:
            return f"{_DECIMAL}({text})"
        case FieldType.STRING, DecimalType(scale=scale):
            # What is added makes 0 of -0.
            return f'format(({text}) + 0, ".{scale}f")'
        case _:
            return f"{_TYPES[FieldType(type_)]}({text})"


def _literal(value: Constant) -> str:
    if isinstance(value, str | bool):
        return ascii(value)
    if isinstance(value, Decimal):
        return f'{_DECIMAL}("{format(value, "f")}")'
    return str(value) if value >= 0 else f"({value})"


def _call(call: Call, arguments: list[str]) -> str:
    first = arguments[0]
    match call.function:
        case Function.LOWER | Function.UPPER:
            return f"{first}.{call.function.value}()"
        case Function.LENGTH:
            return f"len({first})"
        case Function.SUBSTRING:
            begin, *length = (_constant(each) for each in call.arguments[1:])
            end = str(begin - 1 + length[0]) if length else ""
            return f"{first}[{begin - 1}:{end}]"
        case Function.CONCAT:
            return " + ".join(arguments)
        case Function.ABS:
            return f"abs({first})"
        case Function.ROUND:
            return f"{_ROUNDED}({first})"
        case _:
            assert_never(call.function)


def _constant(expression: Expression) -> int:
    match expression:
        case Literal(value=int(value)):
            return value
        case _:
            raise ValueError(f"{expression} is no whole constant")


def _like(expression: Like, operand: str) -> str:
    match expression.pattern:
        case (str(text), Wildcard.ANY):
            return f"{operand}.startswith({_literal(text)})"
        case (Wildcard.ANY, str(text)):
            return f"{operand}.endswith({_literal(text)})"
        case (Wildcard.ANY, str(text), Wildcard.ANY):
            return f"{_literal(text)} in {operand}"
        case pattern:
            return f"{_MATCHES}({operand}, {_literal(to_regex(pattern))})"
