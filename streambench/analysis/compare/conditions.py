"""Conditions that a user writes: `p99 > +10%`, `lost`, `late_time < 5s`, `rate > 50k`."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from streambench.model.errors import UsageError
from streambench.model.written import MOST_DIGITS, WHOLE

FIGURES: Final[Mapping[str, tuple[str, ...]]] = {
    "p99": ("delay_p99_ms", "visible_p99_ms", "delay_max_ms", "visible_max_ms"),
    "delay_p99": ("delay_p99_ms", "visible_p99_ms", "delay_max_ms", "visible_max_ms"),
    "p50": ("delay_p50_ms", "visible_p50_ms"),
    "delay_p50": ("delay_p50_ms", "visible_p50_ms"),
    "late_time": ("late_time_ms",),
    "rate": ("rate_per_s",),
    "drain": ("warm_drain_per_s",),
    "cold_drain": ("cold_drain_per_s",),
    "drain_peak": ("warm_drain_peak_per_s",),
    "drain_time": ("warm_drain_s",),
    "cold_drain_time": ("cold_drain_s",),
    "first_window": ("first_window_s",),
    "cpu": ("engine_cpu_s_per_million",),
    "memory": ("engine_memory_peak_bytes",),
    "first_result": ("submit_to_first_result_s",),
}
"""By the name in a condition, the figures that it is about: the first of them that there is."""
COUNTS: Final = (
    "lost",
    "duplicates",
    "over_counted",
    "under_counted",
    "conflicting",
    "unexpected",
    "early",
)
"""Names of what is counted in rows, and known exactly."""
_UNITS: Final[Mapping[str, tuple[str, float]]] = {
    "ms": ("ms", 1.0),
    "s": ("ms", 1_000.0),
    "min": ("ms", 60_000.0),
    "": ("", 1.0),
    "k": ("", 1e3),
    "M": ("", 1e6),
    "MiB": ("MiB", 2.0**20),
    "GiB": ("MiB", 2.0**30),
}
_LEXER: Final = re.compile(
    r"\s*(?P<name>[A-Za-z_][\w.]*)\s*(?:(?P<op>[<>]=?|=)\s*(?P<value>\S.*?)\s*)?$"
)
_NUMBER: Final = rf"[0-9][0-9_]{{0,{MOST_DIGITS - 1}}}(?:\.{WHOLE})?"
_VALUE: Final = re.compile(rf"(?P<sign>[+-])?(?P<number>{_NUMBER})\s*(?P<unit>%|[A-Za-z]*)")
# What the unit of a figure's value is in a condition.
_KINDS: Final[Mapping[str, str]] = {
    "p99": "ms",
    "delay_p99": "ms",
    "p50": "ms",
    "delay_p50": "ms",
    "late_time": "ms",
    "first_result": "ms",
    "rate": "",
    "drain": "",
    "cold_drain": "",
    "drain_peak": "",
    "drain_time": "ms",
    "cold_drain_time": "ms",
    "first_window": "ms",
    "cpu": "",
    "memory": "MiB",
}
_EXAMPLES: Final[Mapping[str, str]] = {"ms": "500ms", "MiB": "512MiB", "": "50k"}
# Of them a value may be 0, as nothing may have come late.
_MAY_BE_ZERO: Final = frozenset({"late_time"})


@dataclass(frozen=True)
class Relative:
    """A change against the first side: `factor` 1.1 is +10 %."""

    factor: float


@dataclass(frozen=True)
class Absolute:
    """A value in the figure's stored unit; times are in ms."""

    value: float


Bound: TypeAlias = Relative | Absolute


@dataclass(frozen=True)
class Condition:
    """A parsed condition: `above` says on which side of the bound it is true.

    `or_equal`: also on the bound itself. A count alone is one above nothing.
    """

    text: str
    name: str
    above: bool
    or_equal: bool
    bound: Bound

    @property
    def counted(self) -> bool:
        """Whether it is about rows, which are counted exactly."""
        return self.name in COUNTS


def parse_condition(text: str, *, against: bool = True) -> Condition:
    """Read a condition. Raises UsageError with the position, and the nearest name.

    `against`: whether there is something that a change could be against.
    """
    found = _LEXER.match(text)
    if found is None:
        at = _first_odd(text)
        raise unreadable(text, at, "a name, one of < > = and a value are expected")
    name, op, value = found["name"], found["op"], found["value"]
    if name not in FIGURES and name not in COUNTS:
        near = difflib.get_close_matches(name, (*FIGURES, *COUNTS), 1, 0.5)
        known = (
            f"did you mean {near[0]}?" if near else f"known are {', '.join((*FIGURES, *COUNTS))}"
        )
        raise unreadable(text, found.start("name"), f"nothing is called {name}; {known}")
    if op is None:
        if name in COUNTS:
            return Condition(text.strip(), name, above=True, or_equal=False, bound=Absolute(0.0))
        example = f"{name} > +10%" if against else f"{name} < {example_value(name)}"
        raise unreadable(text, len(text.rstrip()), f"{name} needs a bound, as in {example}")
    if op == "=":
        if name not in COUNTS:
            raise unreadable(text, found.start("op"), "= is for rows that are counted")
        bound = _bound(text, name, value, found.start("value"))
        if bound != Absolute(0.0):
            raise unreadable(text, found.start("value"), "= is for 0; say < or >")
        return Condition(text.strip(), name, above=False, or_equal=True, bound=bound)
    bound = _bound(text, name, value, found.start("value"))
    read = Condition(text.strip(), name, op.startswith(">"), op.endswith("="), bound)
    _refuse_settled(read, text, found.start("value"))
    return read


def _refuse_settled(read: Condition, text: str, at: int) -> None:
    """Refuse what always or never holds, whatever was measured: nothing is below 0, and little is 0."""
    bound = read.bound.factor if isinstance(read.bound, Relative) else read.bound.value
    may_be_zero = isinstance(read.bound, Absolute) and (read.counted or read.name in _MAY_BE_ZERO)
    if bound > 0 or (bound == 0 and may_be_zero and read.above is not read.or_equal):
        return
    when = "always" if read.above else "never"
    op = ">" if read.above else "<"
    instead = f"{read.name} {op} {example_value(read.name)}"
    if read.counted:
        instead = f"{read.name} > 0 or {read.name} = 0"
    elif isinstance(read.bound, Relative):
        instead = f"{read.name} {op} {'+10%' if read.above else '-5%'}"
    raise UsageError(
        f"the condition {text!r} makes no sense at character {at + 1}: it {when} holds; say {instead}",
        hint="streambench compare --help",
    )


def _bound(text: str, name: str, value: str, at: int) -> Bound:
    found = _VALUE.fullmatch(value)
    if found is None:
        raise unreadable(text, at, f"{value} is no value; one is +10%, 500ms, 5s, 50k or 512MiB")
    amount = float(found["number"].replace("_", ""))
    unit = found["unit"]
    if unit == "%":
        if name in COUNTS:
            raise unreadable(text, at, "rows are counted, and have no percentage here")
        if found["sign"] is None:
            raise unreadable(text, at, f"say +{value} or -{value}: it is a change")
        return Relative(1 + (amount if found["sign"] == "+" else -amount) / 100)
    if found["sign"] is not None:
        raise unreadable(text, at, "only a percentage has a sign")
    if unit not in _UNITS:
        raise unreadable(
            text, at + found.start("unit"), f"{unit} is no unit; one is ms, s, k, M or MiB"
        )
    kind, factor = _UNITS[unit]
    if name in COUNTS and kind == "" and not (amount * factor).is_integer():
        whole = math.floor(amount * factor)
        why = f"rows are whole; say {name} > {whole} or {name} > {whole + 1}"
        raise unreadable(text, at, why)
    wanted = _KINDS.get(name, "")
    if kind != wanted:
        number = found["number"]
        units = {"ms": f"{number}ms or {number}s", "MiB": f"{number}MiB", "": number}
        instead = units[wanted] if unit == "" or wanted == "" else example_value(name)
        raise unreadable(text, at, f"{name} has another unit, as in {instead}")
    return Absolute(amount * factor)


def example_value(name: str) -> str:
    """A value as one is written for this figure."""
    return "30" if name == "cpu" else _EXAMPLES[_KINDS.get(name, "")]


def _first_odd(text: str) -> int:
    """Where a condition ceases to look like one."""
    name = re.match(r"\s*[A-Za-z_][\w.]*\s*", text)
    if name is None:
        return len(text) - len(text.lstrip())
    op = re.compile(r"(?:[<>]=?|=)?\s*").match(text, name.end())
    return name.end() if op is None else op.end()


def unreadable(
    text: str, at: int, why: str, hint: str = "streambench compare --help"
) -> UsageError:
    """The error for a condition that is wrong at this character, counted from 0."""
    return UsageError(
        f"the condition {text!r} cannot be read at character {at + 1}: {why}", hint=hint
    )
