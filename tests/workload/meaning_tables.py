"""What tables of expressions are made of, and the arithmetic of their meanings."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, TypeAlias

from streambench.model.expression import Expression
from streambench.model.workload import Field
from streambench.workload.expressions import parse_named

Record: TypeAlias = Mapping[str, Any]
Meaning: TypeAlias = Callable[[Record], Any]


@dataclass(frozen=True)
class Table:
    """Expressions over the same records."""

    fields: tuple[Field, ...]
    records: tuple[Record, ...]
    conditions: Mapping[str, Meaning]
    all: Mapping[str, Meaning]

    def parsed(self) -> dict[str, Expression]:
        """All of them, parsed."""
        return {text: parse_named(text, self.fields) for text in self.all}


def remainder(left: int, right: int) -> int:
    return int(math.copysign(1, left)) * (abs(left) % abs(right))


def half_up(value: Decimal, digits: int = 0) -> Decimal:
    """A decimal with fewer digits, halves away from 0."""
    with localcontext(prec=100):
        return value.quantize(Decimal(1).scaleb(-digits), "ROUND_HALF_UP")


def nearest(value: float) -> float:
    """The nearest whole number, halves away from 0."""
    return float(half_up(Decimal(value)))


def exactly(compute: Callable[[], Decimal]) -> Decimal:
    with localcontext(prec=100):
        return compute()


def like(text: str, regex: str) -> bool:
    return re.fullmatch(regex, text, re.DOTALL) is not None


def json_line(record: Record) -> str:
    """A record as JSON; a decimal with the digits that it has."""
    members = (
        f"{json.dumps(name)}: {value if isinstance(value, Decimal) else json.dumps(value)}"
        for name, value in record.items()
    )
    return "{" + ", ".join(members) + "}"


def same(found: Any, meant: Any) -> bool:
    """Whether a value is exactly what is meant; an engine may call a whole double a whole number, and a
    decimal may have been written as a text.
    """
    if isinstance(meant, Decimal):
        written = str(found) if isinstance(found, str | int | Decimal) else "NaN"
        return not isinstance(found, bool) and Decimal(written) == meant
    if isinstance(meant, float) and isinstance(found, int | float) and not isinstance(found, bool):
        return float(found) == meant
    return type(found) is type(meant) and bool(found == meant)
