"""A comparison as one versioned value, its JSON and the schema of that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import TypeAdapter

from streambench.analysis.compare.changed import Changed
from streambench.analysis.compare.comparison import Compared, Pair, Side, SideBySide
from streambench.analysis.compare.difference import DifferenceVerdict, Range
from streambench.analysis.compare.gates import GateResult, GateState
from streambench.analysis.published.common import NamedVariantFacts, says
from streambench.analysis.published.drift import DriftResult, drift_results

COMPARISON_VERSION: Final = 1


@dataclass(frozen=True)
class SideFacts:
    """One side of a pair."""

    letter: Annotated[str, says("how it was given: A is what others are compared with")]
    bundle: Annotated[str, says("name of the bundle's folder")]
    variant: Annotated[str, says("label of the variant")]
    started_at: Annotated[str, says("when its run began, ISO 8601, UTC")]
    trials: Annotated[int, says("completed trials")]
    named: Annotated[
        NamedVariantFacts | None, says("null: no named variant, or the run did not record it")
    ]
    drifts: Annotated[
        tuple[DriftResult, ...],
        says("drift over its run, of all engines; []: fewer than three rounds"),
    ]


@dataclass(frozen=True)
class Bounds:
    """A value and the interval in which the true one lies."""

    value: Annotated[float, says("geometric mean over the trials, or a ratio of two")]
    low: Annotated[float | None, says("null: so few trials do not tell")]
    high: Annotated[float | None, says("null: so few trials do not tell")]

    @classmethod
    def of(cls, found: Range) -> Bounds:
        """A range as it is published."""
        return cls(found.value, found.low, found.high)


@dataclass(frozen=True)
class ComparedFigure:
    """One figure of a pair."""

    figure: Annotated[str, says("key of the figure")]
    label: Annotated[str, says("its name in a report")]
    unit: Annotated[str, says("unit of both values; memory is in bytes, as stored")]
    primary: Annotated[bool, says("whether it answers the question; others describe")]
    verdict: Annotated[DifferenceVerdict, says("of the second side against the first")]
    first: Annotated[Bounds | None, says("null: not comparable")]
    second: Annotated[Bounds | None, says("null: not comparable")]
    ratio: Annotated[Bounds | None, says("second by first")]
    p_value: Annotated[float | None, says("null: nothing was tested")]
    seen_factor: Annotated[
        float | None, says("the ratio that these trials would have shown in 8 of 10 tries")
    ]
    repeats_for_ten_percent: Annotated[
        int | None, says("trials a side that would show 10 %; null: over 200, or not known")
    ]
    why: Annotated[str | None, says("what a verdict without a test rests on")]


@dataclass(frozen=True)
class Shared:
    """What the two runs do not share, and was allowed."""

    term: Annotated[str, says("what was allowed")]
    what: Annotated[str, says("what differs")]
    first: Annotated[str, says("value of the first run")]
    second: Annotated[str, says("value of the second run")]


@dataclass(frozen=True)
class SettingChange:
    """A setting in effect that differs."""

    name: Annotated[str, says("scope and name")]
    first: Annotated[str | None, says("null: not set")]
    second: Annotated[str | None, says("null: not set")]


@dataclass(frozen=True)
class ComparedPair:
    """Two sides."""

    first: Annotated[SideFacts, says("what is compared with")]
    second: Annotated[SideFacts, says("what is compared")]
    figures: Annotated[tuple[ComparedFigure, ...], says("in the order of the report")]
    differ_in: Annotated[tuple[Shared, ...], says("what the runs do not share")]
    settings: Annotated[tuple[SettingChange, ...], says("settings in effect that differ")]
    moved_defaults: Annotated[
        tuple[SettingChange, ...],
        says("defaults that moved between the versions, set by neither side"),
    ]


@dataclass(frozen=True)
class JudgedGate:
    """A gate for one pair."""

    condition: Annotated[str, says("as it was given")]
    first: Annotated[str, says("letter and variant")]
    second: Annotated[str, says("letter and variant")]
    state: Annotated[GateState, says("what became of it")]
    why: Annotated[str, says("the figures that it rests on")]


@dataclass(frozen=True)
class ComparisonAnalysis:
    """Everything that a comparison says."""

    version: Annotated[Literal[1], says("version of this format")]
    primary_tests: Annotated[int, says("primary figures that were tested together")]
    pairs: Annotated[tuple[ComparedPair, ...], says("each other side against the first")]
    gates: Annotated[tuple[JudgedGate, ...], says("one for each condition and pair")]


_ADAPTER: TypeAdapter[ComparisonAnalysis] = TypeAdapter(ComparisonAnalysis)


def comparison_to_json(comparison: SideBySide, gates: Sequence[GateResult]) -> str:
    """The text that `streambench compare --json` prints."""
    analysis = ComparisonAnalysis(
        COMPARISON_VERSION,
        comparison.tests,
        tuple(_pair(pair) for pair in comparison.pairs),
        tuple(_gate(each) for each in gates),
    )
    return _ADAPTER.dump_json(analysis, indent=2).decode() + "\n"


def comparison_schema() -> str:
    """The JSON schema of what is printed, derived from these values."""
    schema: dict[str, Any] = _ADAPTER.json_schema(mode="serialization")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _pair(pair: Pair) -> ComparedPair:
    return ComparedPair(
        _side(pair.first),
        _side(pair.second),
        tuple(_figure(row) for row in pair.rows),
        tuple(Shared(s.term.value, s.what, s.first, s.second) for s in pair.strange),
        _changes(pair.differing.settings),
        _changes(pair.differing.defaults),
    )


def _changes(changes: tuple[Changed, ...]) -> tuple[SettingChange, ...]:
    return tuple(SettingChange(each.name, each.first, each.second) for each in changes)


def _side(side: Side) -> SideFacts:
    run = side.bundle.run
    named = run.named.get(side.label)
    return SideFacts(
        side.letter,
        side.bundle.name,
        side.label,
        run.started_at,
        side.trials,
        None if named is None else NamedVariantFacts.of(named),
        drift_results(side.bundle),
    )


def _figure(row: Compared) -> ComparedFigure:
    figure, found = row.figure, row.difference
    unit = "bytes" if figure.unit == "MiB" else figure.unit
    verdict = row.judged
    if found is None:
        return ComparedFigure(
            figure.key, figure.label, unit, figure.primary, verdict,
            None, None, None, None, None, None, row.why,
        )  # fmt: skip
    return ComparedFigure(
        figure=figure.key,
        label=figure.label,
        unit=unit,
        primary=figure.primary,
        verdict=verdict,
        first=Bounds.of(found.first),
        second=Bounds.of(found.second),
        ratio=Bounds.of(found.ratio),
        p_value=found.p_value,
        seen_factor=found.seen_factor,
        repeats_for_ten_percent=found.repeats,
        why=found.why,
    )


def _gate(result: GateResult) -> JudgedGate:
    first, second = (
        f"{side.letter}:{side.label}" for side in (result.pair.first, result.pair.second)
    )
    return JudgedGate(result.gate.text, first, second, result.state, result.why)
