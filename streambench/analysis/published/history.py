"""A history as one versioned value, its JSON and the schema of that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import TypeAdapter

from streambench.analysis.history.changes import ChangeKind, RunChange
from streambench.analysis.history.history import FigureHistory, History, OtherRuns, Shift
from streambench.analysis.history.series import RunValue
from streambench.analysis.history.shifts import FALSE_ALARMS, RUNS_AT_LEAST
from streambench.analysis.published.common import says
from streambench.analysis.published.comparison import Bounds
from streambench.results.bundle import Bundle

HISTORY_VERSION: Final = 1


@dataclass(frozen=True)
class HistoryRun:
    """A run of the history."""

    number: Annotated[int, says("the first run is 1")]
    bundle: Annotated[str, says("name of the bundle's folder")]
    started_at: Annotated[str, says("when it began, ISO 8601, UTC")]


@dataclass(frozen=True)
class ChangedBetween:
    """What changed beside the figures."""

    run: Annotated[int, says("number of the run that has it")]
    since: Annotated[int, says("number of the run that it is set against")]
    variant: Annotated[str | None, says("label of the variant; null: of the whole run")]
    kind: Annotated[ChangeKind, says("of what it is")]
    what: Annotated[str, says("what changed; of a setting its scope and name")]
    before: Annotated[str, says("value before; a dash: none")]
    after: Annotated[str, says("value after; a dash: none")]


@dataclass(frozen=True)
class RunFigure:
    """A figure in one run."""

    run: Annotated[int, says("number of the run")]
    value: Annotated[Bounds | None, says("over the run's trials alone; null: see `why_none`")]
    trials: Annotated[int, says("trials that it is from")]
    why_none: Annotated[str | None, says("why there is no value")]


@dataclass(frozen=True)
class FoundShift:
    """A change that is no noise."""

    run: Annotated[int, says("number of the first run after it")]
    since: Annotated[int, says("number of the last run before it that has a value")]
    before: Annotated[float, says("geometric mean over the runs from the change before it")]
    after: Annotated[float, says("geometric mean over the runs up to the next change")]
    factor: Annotated[float, says("after by before")]
    verdict: Annotated[Literal["better", "worse"], says("of what follows against what was before")]
    p_value: Annotated[float, says("corrected for the place, and not for the number of series")]
    beside: Annotated[tuple[ChangedBetween, ...], says("what else changed between the two runs")]


@dataclass(frozen=True)
class SeriesResult:
    """One figure of one variant over the runs."""

    figure: Annotated[str, says("key of the figure")]
    label: Annotated[str, says("its name in a report")]
    unit: Annotated[str, says("unit of the values; memory is in bytes, as stored")]
    variant: Annotated[str, says("label of the variant")]
    values: Annotated[tuple[RunFigure, ...], says("one for each run")]
    too_few_runs: Annotated[bool, says("whether no change can be told from noise")]
    changes: Annotated[tuple[FoundShift, ...], says("changes found; [] for none")]
    seen_factor: Annotated[
        float | None,
        says(
            "the lasting change half-way that would be found in 8 of 10 tries; null: one was found, or "
            "too few runs"
        ),
    ]


@dataclass(frozen=True)
class NotShared:
    """A term by which runs were left out."""

    what: Annotated[str, says("what differs")]
    shown: Annotated[str, says("value of the runs shown")]
    left_out: Annotated[str, says("value of these")]


@dataclass(frozen=True)
class LeftOutRuns:
    """Runs that were left out together."""

    bundles: Annotated[tuple[str, ...], says("names of their folders")]
    differ_in: Annotated[
        tuple[NotShared, ...], says("terms that they do not share with those shown")
    ]


@dataclass(frozen=True)
class UnusedFolder:
    """A folder that could not be used."""

    bundle: Annotated[str, says("name of the folder")]
    why: Annotated[str, says("the reason")]


@dataclass(frozen=True)
class HistoryAnalysis:
    """Everything that a history says."""

    version: Annotated[Literal[1], says("version of this format")]
    workload: Annotated[str, says("name of the workload")]
    runs: Annotated[tuple[HistoryRun, ...], says("in the order in which they were made")]
    series: Annotated[tuple[SeriesResult, ...], says("in the order of the page")]
    common_changes: Annotated[
        tuple[int, ...],
        says("runs at which all contenders changed alike in a figure, within a run"),
    ]
    changed: Annotated[tuple[ChangedBetween, ...], says("what changed between runs beside figures")]
    tested_together: Annotated[int, says("series that were tested together")]
    false_alarms_at_most: Annotated[
        float, says("about so great is the chance that any change is found where there is none")
    ]
    runs_at_least: Annotated[int, says("runs with a value that a series needs to be tested")]
    without_value: Annotated[dict[str, str], says("variant → why it is in no series")]
    left_out: Annotated[tuple[LeftOutRuns, ...], says("runs on other terms")]
    examples: Annotated[
        tuple[str, ...], says("published examples that were left out: the user did not run them")
    ]
    skipped: Annotated[tuple[UnusedFolder, ...], says("folders that are no finished run")]


_ADAPTER: TypeAdapter[HistoryAnalysis] = TypeAdapter(HistoryAnalysis)


def history_to_json(history: History) -> str:
    """The text that `streambench history --json` prints."""
    analysis = HistoryAnalysis(
        version=HISTORY_VERSION,
        workload=history.runs[-1].run.workload,
        runs=tuple(_run(number, each) for number, each in enumerate(history.runs, 1)),
        series=tuple(map(_series, history.figures)),
        common_changes=tuple(at + 1 for at in history.common),
        changed=tuple(map(_changed, history.changes)),
        tested_together=history.tests,
        false_alarms_at_most=FALSE_ALARMS,
        runs_at_least=RUNS_AT_LEAST,
        without_value=dict(history.without),
        left_out=tuple(map(_other, history.others)),
        examples=tuple(each.folder.name for each in history.examples),
        skipped=tuple(UnusedFolder(each.folder.name, each.why) for each in history.skipped),
    )
    return _ADAPTER.dump_json(analysis, indent=2).decode() + "\n"


def history_schema() -> str:
    """The JSON schema of what is printed, derived from these values."""
    schema: dict[str, Any] = _ADAPTER.json_schema(mode="serialization")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _run(number: int, bundle: Bundle) -> HistoryRun:
    return HistoryRun(number, bundle.folder.name, bundle.run.started_at)


def _series(figure: FigureHistory) -> SeriesResult:
    series, of = figure.series, figure.series.figure
    return SeriesResult(
        figure=of.key,
        label=of.label,
        unit="bytes" if of.unit == "MiB" else of.unit,
        variant=series.label,
        values=tuple(map(_value, series.values)),
        too_few_runs=figure.too_few,
        changes=tuple(map(_shift, figure.shifts)),
        seen_factor=figure.seen_factor,
    )


def _value(value: RunValue) -> RunFigure:
    bounds = None if value.value is None else Bounds.of(value.value)
    return RunFigure(value.run + 1, bounds, value.trials, value.why)


def _shift(shift: Shift) -> FoundShift:
    return FoundShift(
        shift.at + 1,
        shift.since + 1,
        shift.before,
        shift.after,
        shift.factor,
        "worse" if shift.worse else "better",
        shift.p_value,
        tuple(map(_changed, shift.beside)),
    )


def _changed(change: RunChange) -> ChangedBetween:
    return ChangedBetween(
        change.at + 1,
        change.since + 1,
        change.label,
        change.kind,
        change.what,
        change.before,
        change.after,
    )


def _other(other: OtherRuns) -> LeftOutRuns:
    return LeftOutRuns(
        tuple(bundle.folder.name for bundle in other.runs),
        tuple(NotShared(each.what, each.first, each.second) for each in other.apart),
    )
