"""What a bundle that is not whole lacks, and what can be said of trials when their run is not known."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from streambench.analysis.damage_words import counts_in_words
from streambench.analysis.metrics import summarise
from streambench.model.metrics import BY_NAME
from streambench.model.numbers import plural
from streambench.model.sweep import point_words
from streambench.model.trial import Completed, TrialRecord
from streambench.report.document import Cell, Document, Grid, GridColumn, GridRow, Section
from streambench.report.fitting import FittingTable
from streambench.report.sections.definitions import definitions_section
from streambench.report.words.figures import figure_cell, labelled
from streambench.results.bundle import LoneTrials
from streambench.results.gaps import Gap, gap_words

# Which of the delays counts follows from the run's guarantee, so both stand here.
_METRICS = ("delay_p50_ms", "delay_p99_ms", "visible_p99_ms", "processed_per_s")
_NOTHING_RANKED = (
    "What was asked of the trials is not known, so only they are shown, and none is ranked."
)


def not_whole(gaps: Sequence[Gap]) -> list[str]:
    """The sentence that names the files that are missing or cannot be read; none where all are there."""
    return [f"This bundle is not whole: {'; '.join(gap_words(gaps))}."] if gaps else []


def compose_lone(lone: LoneTrials) -> Document:
    """A report of the trials alone: each by itself, without a rank."""
    columns = (
        GridColumn("trial", numeric=True),
        GridColumn("engine"),
        GridColumn("result"),
        *(
            GridColumn(f"{BY_NAME[name].label}, {BY_NAME[name].unit}", name, numeric=True)
            for name in _METRICS
        ),
    )
    rows = tuple(_row(trial.record) for trial in lone.trials)
    return Document(
        lone.folder.resolve().name,
        f"{plural(len(lone.trials), 'trial')} of a run that is not known",
        _answer(lone),
        (),
        tuple(_banners(lone)),
        (Section("trials", "Every trial", (Grid(columns, rows),)), definitions_section()),
    )


def render_lone(lone: LoneTrials) -> RenderableType:
    """The same for a terminal of 80 columns."""
    table = FittingTable(named=1, gap=2)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("engine", overflow="fold", max_width=18)
    table.add_column("result", overflow="fold", max_width=15)
    for heading in ("delay\np50 ms", "delay\np99 ms", "visible\np99 ms", "done\nevents/s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for trial in lone.trials:
        record = trial.record
        figures = [labelled(summarise(name, [record])) for name in _METRICS]
        table.add_row(str(record.number), Text(record.variant.label), _result(record), *figures)
    reasons = [
        Text(f"{trial.record.number}: {reason}")
        for trial in lone.trials
        if (reason := _reason(trial.record))
    ]
    banners = [Text(banner, style="yellow") for banner in _banners(lone)]
    return Group(Text(_answer(lone), style="bold"), Text(""), *banners, table, Text(""), *reasons)


def _answer(lone: LoneTrials) -> str:
    return f"What was run is not known: {lone.why}."


def _banners(lone: LoneTrials) -> list[str]:
    return [_NOTHING_RANKED, *not_whole(lone.gaps)]


def _row(record: TrialRecord) -> GridRow:
    measured = isinstance(record.outcome, Completed)
    terms = (point_words(record.point), "cold" if record.cold else "")
    head = (
        Cell(str(record.number)),
        Cell(record.variant.label, ", ".join(word for word in terms if word) or None),
        Cell(_result(record), (measured and _reason(record)) or None),
    )
    if not measured:
        return GridRow(head, aside=_reason(record), quiet=True)
    return GridRow((*head, *(figure_cell(summarise(name, [record])) for name in _METRICS)))


def _result(record: TrialRecord) -> str:
    if not isinstance(record.outcome, Completed):
        return record.outcome.kind.replace("-", " ")
    if record.outcome.verdict.right:
        return "right"
    return "right, then wrong" if record.steady_right else "wrong"


def _reason(record: TrialRecord) -> str:
    """Why there is no figure, or what was wrong; empty where all was right."""
    if not isinstance(record.outcome, Completed):
        return record.outcome.reason
    verdict = record.outcome.verdict
    return "" if verdict.right else counts_in_words(verdict.damage)
