"""How well a figure is to be known before rounds end, and how well it is (docs/method.md, repeats).

Rounds are repeated until the interval of a figure's mean is so narrow for every engine that can have one.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from streambench.analysis.compare.conditions import COUNTS, unreadable
from streambench.analysis.compare.difference import CompareTerms, Sample, range_of
from streambench.analysis.compare.figures import FLOORS
from streambench.analysis.eligible import delay_stem
from streambench.analysis.recoveries import (
    QUANTUM_MS,
    Recovered,
    between_closings_ms,
    kinds,
    recovered,
)
from streambench.analysis.variants import Standing, VariantStatus, standings
from streambench.model.fault import FaultKind
from streambench.model.metrics import BY_NAME
from streambench.model.written import DECIMAL
from streambench.results.bundle import Bundle

ROUNDS_AT_LEAST: Final = 3
"""So many are made before a width counts."""
EARLIEST_END: Final = ROUNDS_AT_LEAST + 1
"""The first round after which rounds may end: it must be narrow after two in a row.

An interval that is narrow by chance is looked at again, so that it still holds what it promises.
"""
LATE_TIME: Final = "late_time"
_TAILS: Final = ("p99", "delay_p99")
MEDIANS: Final = ("p50", "delay_p50")
_METRICS: Final = {
    "cpu": "engine_cpu_s_per_million",
    "memory": "engine_memory_peak_bytes",
    "first_result": "submit_to_first_result_s",
}
NAMES: Final = (*_TAILS, *MEDIANS, LATE_TIME, *_METRICS)
"""What a run of one load has an interval of."""
_ELSEWHERE: Final = {
    "rate": "a run has one rate; `streambench find-rate` searches another",
    "drain": "a run drains nothing; `streambench drain` does",
    **dict.fromkeys(COUNTS, "rows are counted exactly, and have no interval"),
}
_HINT: Final = "streambench run --until 'p99 ±10%'"
_LEXER: Final = re.compile(r"\s*(?P<name>[A-Za-z_][\w.]*)\s*(?P<width>\S.*?)?\s*")
_WIDTH: Final = re.compile(rf"(?:±|\+/?-)?\s*(?P<number>{DECIMAL})\s*%")
_LEAST_PERCENT: Final = 0.5
_MOST_PERCENT: Final = 50.0
# Whatever more rounds bring, no figure of these is compared.
_HOPELESS: Final = frozenset(
    (VariantStatus.WRONG, VariantStatus.FAILED, VariantStatus.UNSUPPORTED, VariantStatus.LEFT_OUT)
)


@dataclass(frozen=True)
class UntilCondition:
    """A figure by its name in conditions, and the half width of its interval, as a share of its mean."""

    name: str
    share: float

    @property
    def text(self) -> str:
        """As a user would write it."""
        return f"{self.name} ±{100 * self.share:.10g}%"


@dataclass(frozen=True)
class EngineWidth:
    """How well one engine's figure is known: `share` is the half width of its interval by its mean.

    None: too few trials know it. `hopeless` is why more of them would not tell, and None where they may.
    """

    label: str
    title: str
    figure: str
    trials: int
    share: float | None
    hopeless: str | None = None

    def narrow(self, share: float) -> bool:
        """Whether enough trials say that it is known so well."""
        return (
            self.share is not None
            and self.trials >= ROUNDS_AT_LEAST
            and self.share <= share * (1 + 1e-9)
        )


@dataclass(frozen=True)
class UntilFound:
    """How a run stands to its condition after `rounds` of `rounds_at_most`.

    `reached`: every engine of which anything can be known is known so well, and there is one.
    """

    condition: UntilCondition
    rounds: int
    rounds_at_most: int
    widths: tuple[EngineWidth, ...]

    @property
    def waited_for(self) -> tuple[EngineWidth, ...]:
        """Those of which more rounds may tell more."""
        return tuple(each for each in self.widths if each.hopeless is None)

    @property
    def reached(self) -> bool:
        """Whether all of these are narrow, and there is one."""
        waited_for = self.waited_for
        return bool(waited_for) and all(each.narrow(self.condition.share) for each in waited_for)


def parse_until(text: str) -> UntilCondition:
    """Read `p99 ±10%`, `p99 +-10%` or `p99 10%`. Raises UsageError with position and nearest name."""
    found = _LEXER.fullmatch(text)
    if found is None:
        at = len(text) - len(text.lstrip())
        raise unreadable(text, at, "a name and a width are expected", _HINT)
    name, width = found["name"], found["width"]
    if name not in NAMES:
        raise unreadable(text, found.start("name"), _not_a_name(name), _HINT)
    if width is None:
        raise unreadable(
            text, len(text.rstrip()), f"{name} needs a width, as in {name} ±10%", _HINT
        )
    read = _WIDTH.fullmatch(width)
    if read is None:
        raise unreadable(text, found.start("width"), f"{width} is no width; one is ±10%", _HINT)
    percent = float(read["number"])
    if not _LEAST_PERCENT <= percent <= _MOST_PERCENT:
        at = found.start("width") + read.start("number")
        between = f"from {_LEAST_PERCENT:g} to {_MOST_PERCENT:g} %"
        raise unreadable(text, at, f"{width} is no width {between}", _HINT)
    return UntilCondition(name, percent / 100)


def until_found(bundle: Bundle) -> UntilFound | None:
    """How a run stands to what it was to be repeated until; None where it was not."""
    run = bundle.run
    if run.until is None:
        return None
    at_most = run.repeats if run.rounds_at_most is None else run.rounds_at_most
    condition = parse_until(run.until)
    return UntilFound(condition, len(_rounds(bundle)), at_most, widths(bundle, condition))


def may_end(bundle: Bundle, condition: UntilCondition) -> bool:
    """Whether rounds may end: each engine is known so well after the last two, or never will be."""
    rounds = _rounds(bundle)
    if len(rounds) < EARLIEST_END:
        return False
    before = replace(bundle, trials=tuple(t for t in bundle.trials if t.record.round != rounds[-1]))
    return all(
        each.hopeless is not None or each.narrow(condition.share)
        for made in (before, bundle)
        for each in widths(made, condition)
    )


def half_width(values: Sequence[float], floor: float) -> float | None:
    """How far the interval of their geometric mean goes beyond it, as a share; None: too few values."""
    found = range_of(Sample(tuple(values), (), ""), CompareTerms(floor))
    return None if found.high is None else found.high / found.value - 1


def widths(bundle: Bundle, condition: UntilCondition) -> tuple[EngineWidth, ...]:
    """How well each engine's figure is known, in the order of the report."""
    stands = standings(bundle)
    if condition.name == LATE_TIME:
        return _late_times(bundle, stands)
    metric = BY_NAME[_metric(bundle, condition.name, stands)]
    return tuple(
        _width(
            EngineWidth(stand.label, stand.title, metric.label, 0, None, _hopeless(stand)),
            [record.measures.get(metric.name) for record in stand.records],
            FLOORS[metric.unit],
        )
        for stand in stands
    )


def _not_a_name(name: str) -> str:
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    near = difflib.get_close_matches(name, NAMES, 1, 0.5)
    known = f"did you mean {near[0]}?" if near else f"known are {', '.join(NAMES)}"
    return f"nothing is called {name}; {known}"


def _metric(bundle: Bundle, name: str, stands: Sequence[Standing]) -> str:
    """The delay with the honest stamps; its slowest window for all, where one trial earned no p99."""
    if name in _METRICS:
        return _METRICS[name]
    stem = delay_stem(bundle)
    if name in MEDIANS:
        return f"{stem}_p50_ms"
    tail = BY_NAME[f"{stem}_p99_ms"]
    records = [record for stand in stands for record in stand.records]
    earned = all(record.measured_windows >= tail.windows for record in records)
    return tail.name if earned else f"{stem}_max_ms"


def _late_times(bundle: Bundle, stands: Sequence[Standing]) -> tuple[EngineWidth, ...]:
    """Of each engine the widest after any kind of fault."""
    floor_ms = QUANTUM_MS + between_closings_ms(bundle)
    found: dict[str, list[EngineWidth]] = {}
    for kind in kinds(bundle):
        if kind is not FaultKind.BURST:
            for one in recovered(bundle, kind):
                found.setdefault(one.standing.label, []).append(_late_time(one, floor_ms))
    return tuple(
        max(
            found.get(stand.label, [_unhit(stand)]),
            key=lambda each: (
                each.hopeless is not None,
                math.inf if each.share is None else each.share,
            ),
        )
        for stand in stands
    )


def _late_time(one: Recovered, floor_ms: float) -> EngineWidth:
    width = _unhit(one.standing)
    if not one.hits:
        return width
    hopeless = width.hopeless
    if not one.clean:
        hopeless = hopeless or one.unranked or "its result was not right"
    if math.inf in one.values:
        hopeless = hopeless or "it was not over within the trial"
    return _width(replace(width, hopeless=hopeless), one.values, floor_ms)


def _unhit(stand: Standing) -> EngineWidth:
    return EngineWidth(stand.label, stand.title, "late time", 0, None, _hopeless(stand))


def _width(width: EngineWidth, values: Sequence[float | None], floor: float) -> EngineWidth:
    """The same by the values of its trials, as far as they are known."""
    known = tuple(value for value in values if value is not None and math.isfinite(value))
    if not known or width.hopeless is not None:
        return replace(width, trials=len(known))
    return replace(width, trials=len(known), share=half_width(known, floor))


def _hopeless(stand: Standing) -> str | None:
    return stand.words if stand.status in _HOPELESS else None


def _rounds(bundle: Bundle) -> list[int]:
    return sorted({trial.record.round for trial in bundle.trials})
