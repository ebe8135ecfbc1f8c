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
    type_of,
)
from streambench.workload.patterns import to_regex
from streambench.workload.strict import strict_form, strict_name

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
    FieldType.TIMESTAMP: "int",
}
_DECIMAL: Final = "Decimal"
_REMAINDER: Final = "remainder"
_MATCHES: Final = "matches"
_ROUNDED: Final = "rounded"
_STRICT: Final = "strict"
_ALL_OF: Final = "all_of"
_ANY_OF: Final = "any_of"
_COALESCE: Final = "coalesce"
_HELPERS: Final = {
    _STRICT: '''def strict(function, *values):
    """Its value; None where one that it is made of is None."""
    return None if any(value is None for value in values) else function(*values)
''',
    _ALL_OF: '''def all_of(*conditions):
    """Whether all hold; None where none fails and some are None."""
    if any(condition is False for condition in conditions):
        return False
    return None if any(condition is None for condition in conditions) else True
''',
    _ANY_OF: '''def any_of(*conditions):
    """Whether one holds; None where none does and some are None."""
    if any(condition is True for condition in conditions):
        return True
    return None if any(condition is None for condition in conditions) else False
''',
    _COALESCE: '''def coalesce(*values):
    """The first that is not None."""
    return next((value for value in values if value is not None), None)
''',
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
    What has no value is None.
    """
    if (lacking := _lacking(expression, variable)) is not None:
        return lacking

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
                f"{operand(each.value)} if {_holds(each.condition, operand)} else "
                for each in branches
            )
            return chosen + ("None" if otherwise is None else operand(otherwise))
        case Coalesce(operands=operands):
            return f"{_COALESCE}({', '.join(operand(each) for each in operands)})"
        case IsNull(operand=inner):
            return f"{operand(inner)} is None"
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
        case Not(operand=IsNull(operand=inner)):
            return f"{operand(inner)} is not None"
        case Not(operand=inner):
            return f"not ({to_python(inner, variable=variable)})"
        case _:
            assert_never(expression)


def python_condition(
    condition: Expression, *, variable: Callable[[str], str] = lambda name: name
) -> str:
    """The same of a condition that counts only where it is true."""
    text = to_python(condition, variable=variable)
    return f"({text}) is True" if may_be_null(condition) else text


def _holds(condition: Expression, operand: Callable[[Expression], str]) -> str:
    text = operand(condition)
    return f"({text} is True)" if may_be_null(condition) else text


def _lacking(expression: Expression, variable: Callable[[str], str]) -> str | None:
    """An expression that is made of what may have no value; None for any other."""
    match expression:
        case FieldReference() | Literal() | CaseWhen() | Coalesce() | IsNull():
            return None
        case And(operands=operands) | Or(operands=operands) if may_be_null(expression):
            each = ", ".join(to_python(one, variable=variable) for one in operands)
            return f"{_ALL_OF if isinstance(expression, And) else _ANY_OF}({each})"
        case _ if may_be_null(expression):
            strict, given = strict_form(expression)
            names = ", ".join(strict_name(at) for at in range(len(given)))
            values = ", ".join(to_python(each, variable=variable) for each in given)
            return f"{_STRICT}(lambda {names}: {to_python(strict)}, {values})"
        case _:
            return None


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
