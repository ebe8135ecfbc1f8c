"""How numbers are written in a report."""

from __future__ import annotations

DASH = "–"
_MIB = 1024 * 1024


def number(value: float, digits: int = 0) -> str:
    """`value` with thousands separated and a fixed number of digits: 1,812 or 0.84."""
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def optional(value: float | None, digits: int = 0) -> str:
    """The same; a dash where nothing is known."""
    return DASH if value is None else number(value, digits)


def mib(value_bytes: float) -> str:
    """Bytes as whole MiB."""
    return number(value_bytes / _MIB)


def in_unit(value: float, unit: str) -> float:
    """A measure as stored (bytes) in its metric's unit (MiB)."""
    return value / _MIB if unit == "MiB" else value


def percent(part: float, whole: float) -> str:
    """`part` of `whole` with one digit; a dash when there is no whole; never 0.0 % for more than none."""
    if whole == 0:
        return DASH
    share = 100 * part / whole
    return "< 0.1 %" if 0 < share < 0.05 else f"{share:.1f} %"


def plural(count: int, noun: str) -> str:
    """`1 window`, `2 windows`."""
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def listing(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def sentence(text: str) -> str:
    """`text` beginning with a capital letter."""
    return text[:1].upper() + text[1:]


def seconds(value: float) -> str:
    """Seconds without needless digits: `60 s`, `0.5 s`."""
    return f"{value:,.10g} s"


def three_digits(value: float) -> str:
    """A rate without digits that mean nothing: 223,130 becomes `223,000`."""
    step = 10.0 ** max(0, len(str(int(value))) - 3)
    return number(round(value / step) * step)


def in_seconds(value_ms: float) -> str:
    """Milliseconds as seconds with two digits: `2.40`."""
    return number(value_ms / 1000, 2)
