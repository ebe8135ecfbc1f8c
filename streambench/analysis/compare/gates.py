"""Gates for CI: which condition that must not come true did, by the bound of its interval."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from streambench.analysis.compare.comparison import Compared, Pair
from streambench.analysis.compare.conditions import FIGURES, Absolute, Condition, Relative
from streambench.analysis.compare.difference import Range
from streambench.model.numbers import number


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
    row = row_of(gate.name, pair.rows)
    if row is None:
        return GateResult(gate, pair, GateState.UNKNOWN, f"this run has no {gate.name}")
    if row.difference is None:
        return GateResult(gate, pair, GateState.UNKNOWN, row.why or "it is not comparable")
    match gate.bound:
        case Relative(factor=factor):
            held, bound = row.difference.ratio, factor
            said = f"{row.figure.label} × {_range(held, 2)}"
        case Absolute(value=value):
            held, bound = row.difference.second, in_stored_unit(value, row.figure.unit)
            said = f"{row.figure.label} {_range(held, row.figure.digits)} {row.figure.unit}"
    state = _beyond(held, bound, above=gate.above)
    if state is GateState.NOT_SHOWN:
        said += f"; {_repeats(row)}"
    return GateResult(gate, pair, state, said)


def row_of(name: str, rows: Sequence[Compared]) -> Compared | None:
    """The figure that a condition is about; of several points or faults the one that got worst."""
    for key in FIGURES[name]:
        known = [row for row in rows if _is(row, key) and row.difference is not None]
        if known:
            return max(known, key=_worsened)
    return next((row for key in FIGURES[name] for row in rows if _is(row, key)), None)


def _is(row: Compared, key: str) -> bool:
    """Whether it is this figure, at whatever point or after whatever fault."""
    return row.figure.key.split(" ")[0] == key


def _worsened(row: Compared) -> float:
    assert row.difference is not None
    ratio = row.difference.ratio.value
    return ratio if row.figure.terms.lower_is_better else 1 / ratio


def in_stored_unit(value: float, unit: str) -> float:
    """A time in ms as the figure stores it."""
    return value / 1000 if unit == "s" else value


def _counted(gate: Condition, pair: Pair) -> GateResult:
    if not pair.second.trials:
        why = f"{pair.second.letter} has no completed trial"
        return GateResult(gate, pair, GateState.UNKNOWN, why)
    count = getattr(pair.second.damage, gate.name)
    assert isinstance(gate.bound, Absolute)
    value = gate.bound.value
    true = count > value if gate.above else count < value
    if gate.or_equal and count == value:
        true = True
    said = f"{number(count)} rows {gate.name.replace('_', '-')}"
    return GateResult(gate, pair, GateState.BROKEN if true else GateState.HELD, said)


def _beyond(held: Range, bound: float, *, above: bool) -> GateState:
    if held.low is None or held.high is None:
        return GateState.NOT_SHOWN
    if above:
        if held.low > bound:
            return GateState.BROKEN
        return GateState.HELD if held.high <= bound else GateState.NOT_SHOWN
    if held.high < bound:
        return GateState.BROKEN
    return GateState.HELD if held.low >= bound else GateState.NOT_SHOWN


def _range(found: Range, digits: int) -> str:
    if found.low is None or found.high is None:
        return number(found.value, digits)
    return f"{number(found.value, digits)} ({number(found.low, digits)} to {number(found.high, digits)})"


def _repeats(row: Compared) -> str:
    found = row.difference
    assert found is not None
    if found.repeats is not None:
        return f"{found.repeats} repeats a side would show 10 %"
    if found.why is not None:
        return found.why
    return "more than 200 repeats a side would be needed to show 10 %"
