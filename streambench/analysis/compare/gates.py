"""Gates for CI: which condition that must not come true did, by the bound of its interval."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streambench.analysis.compare.comparison import Compared, Pair
from streambench.analysis.compare.conditions import FIGURES, Absolute, Condition, Relative
from streambench.analysis.compare.difference import OF_TWO_RUNS, Range
from streambench.analysis.compare.figures import Figure, SideFigure, beyond_words
from streambench.model.numbers import in_unit, number


class GateState(enum.Enum):
    """What became of a gate."""

    BROKEN = "broken"
    HELD = "held"
    NOT_SHOWN = "not shown"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class GateResult:
    """A gate for one pair; `why` has the figures that it rests on."""

    gate: Condition
    pair: Pair
    state: GateState
    why: str


def judge_gate(gate: Condition, pair: Pair) -> GateResult:
    """A gate is broken only where the whole interval lies beyond its bound."""
    if gate.counted:
        return _counted(gate, pair)
    match gate.bound:
        case Relative():
            every = [_of_ratio(gate, row) for row in _rows(gate.name, pair.rows)]
        case Absolute():
            every = [_of_value(gate, each) for each in figures_named(gate.name, pair.own)]
    if not every:
        return GateResult(gate, pair, GateState.UNKNOWN, f"this run has no {gate.name}")
    for state in (GateState.BROKEN, GateState.UNKNOWN, GateState.NOT_SHOWN, GateState.HELD):
        found = [why for each, why in every if each is state]
        if found:
            where = "" if len(every) == 1 else f", in {len(found)} of {len(every)} such figures"
            return GateResult(gate, pair, state, found[0] + where)
    raise AssertionError("every figure has a state")


def _rows(name: str, rows: Sequence[Compared]) -> list[Compared]:
    """The figures that a condition is about, at every point or after every fault."""
    for key in FIGURES[name]:
        found = [row for row in rows if row.figure.key.split(" ")[0] == key]
        if found:
            return found
    return []


def figures_named(name: str, figures: Mapping[str, SideFigure]) -> list[SideFigure]:
    """Those of one side that a condition is about: of the first kind of which anything is known."""
    kinds = [
        [each for key, each in figures.items() if key.split(" ")[0] == wanted]
        for wanted in FIGURES[name]
    ]
    known = (kind for kind in kinds if any(each.sample is not None for each in kind))
    return next(known, next((kind for kind in kinds if kind), []))


def _of_ratio(gate: Condition, row: Compared) -> tuple[GateState, str]:
    assert isinstance(gate.bound, Relative)
    found = row.difference
    if found is None:
        return GateState.UNKNOWN, row.why or "it is not comparable"
    said = f"{row.figure.label} × {number(found.ratio.value, 2)}{_bounds(found.ratio, None)}"
    if found.why == OF_TWO_RUNS:
        return GateState.UNKNOWN, f"{said}; {found.why}"
    state = _beyond(found.ratio, gate.bound.factor, above=gate.above)
    return state, f"{said}; {_repeats(row)}" if state is GateState.NOT_SHOWN else said


def _of_value(gate: Condition, own: SideFigure) -> tuple[GateState, str]:
    assert isinstance(gate.bound, Absolute)
    figure = own.figure
    if own.sample is None:
        return GateState.UNKNOWN, f"{figure.label}: {own.why}"
    found = own.within()
    shown = number(in_unit(found.value, figure.unit), figure.digits)
    if own.shown is None:
        said = f"{figure.label} {shown}{_bounds(found, figure)} {figure.unit}"
    else:
        said = f"{figure.label} {shown} {figure.unit}{beyond_words(own.shown)}"
    bound = in_stored_unit(gate.bound.value, figure.unit)
    state = _beyond(own.surely(), bound, above=gate.above)
    if state is GateState.NOT_SHOWN and _beyond(found, bound, above=gate.above) is not state:
        said += f"; {own.clock_words}: the bound lies within"
    elif state is GateState.NOT_SHOWN:
        said += f"; {_why_not_shown(found, own)}"
    return state, said


def in_stored_unit(value: float, unit: str) -> float:
    """A time in ms as the figure stores it."""
    return value / 1000 if unit == "s" else value


def _counted(gate: Condition, pair: Pair) -> GateResult:
    rows = pair.second.rows
    count = rows.count(gate.name)
    if count is None:
        return GateResult(gate, pair, GateState.UNKNOWN, rows.why_not(gate.name))
    assert isinstance(gate.bound, Absolute)
    value = gate.bound.value
    true = count > value if gate.above else count < value
    if gate.or_equal and count == value:
        true = True
    said = f"{gate.name.replace('_', '-')}: {number(count)} rows"
    return GateResult(gate, pair, GateState.BROKEN if true else GateState.HELD, said)


def _beyond(held: Range, bound: float, *, above: bool) -> GateState:
    low = -math.inf if held.low is None else held.low
    high = math.inf if held.high is None else held.high
    if low > bound if above else high < bound:
        return GateState.BROKEN
    if high <= bound if above else low >= bound:
        return GateState.HELD
    return GateState.NOT_SHOWN


def _why_not_shown(found: Range, own: SideFigure) -> str:
    if own.shown is None:
        one = found.low is None
        return "one trial does not tell its spread" if one else "the bound lies within"
    if found.high is None:
        return "no higher rate was shown to be too much"
    return "what lies between was not decided"


def _bounds(found: Range, figure: Figure | None) -> str:
    """The interval in brackets, in the figure's unit; None for a ratio."""
    if found.low is None or found.high is None:
        return ""
    low, high = (
        number(each, 2) if figure is None else number(in_unit(each, figure.unit), figure.digits)
        for each in (found.low, found.high)
    )
    return f" ({low} to {high})"


def _repeats(row: Compared) -> str:
    found = row.difference
    assert found is not None
    if found.repeats is not None:
        return f"{found.repeats} repeats a side would show 10 %"
    if found.why is not None:
        return found.why
    return "more than 200 repeats a side would be needed to show 10 %"
