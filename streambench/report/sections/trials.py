"""Every trial by itself, for whoever distrusts a median."""

from __future__ import annotations

from streambench.analysis.metrics import summarise
from streambench.analysis.variants import title_of
from streambench.model.metrics import BY_NAME
from streambench.model.sweep import point_words
from streambench.report.document import Block, Cell, Grid, GridColumn, GridRow, Points, Section
from streambench.report.sections.verdict import delay_metrics
from streambench.report.words.drift import drift_lines
from streambench.report.words.figures import figure_cell
from streambench.report.words.processed import processed_cell
from streambench.results.bundle import Bundle

_METRICS = ("processed_per_s", "engine_cpu_s_per_million", "engine_memory_peak_bytes")


def trials_section(bundle: Bundle) -> Section | None:
    """A row per trial, and whether they drift; None without repeats: the verdict table says it all then."""
    if bundle.run.repeats < 2:
        return None
    names = (*delay_metrics(bundle), *_METRICS)
    columns = (
        GridColumn("trial", numeric=True),
        GridColumn("round", numeric=True),
        GridColumn("engine"),
        GridColumn("result"),
        *(
            GridColumn(f"{BY_NAME[name].label}, {BY_NAME[name].unit}", name, numeric=True)
            for name in names
        ),
    )
    rows = []
    for trial in bundle.trials:
        record = trial.record
        verdict = getattr(record.outcome, "verdict", None)
        words = (
            record.outcome.kind.replace("-", " ")
            if verdict is None
            else "right"
            if verdict.right
            else "wrong"
        )
        if words == "wrong" and record.steady_right:
            words = "right, then wrong"
        head = (
            Cell(str(record.number)),
            Cell(str(record.round)),
            Cell(title_of(bundle, record.variant.label), point_words(record.point) or None),
            Cell(words),
        )
        if verdict is None:
            rows.append(GridRow(head, aside=getattr(record.outcome, "reason", ""), quiet=True))
        else:
            figures = (
                processed_cell([record])
                if name == "processed_per_s"
                else figure_cell(summarise(name, [record]))
                for name in names
            )
            rows.append(GridRow((*head, *figures)))
    blocks: list[Block] = [Grid(columns, tuple(rows))]
    if drifts := drift_lines(bundle):
        blocks.append(Points(drifts))
    return Section("trials", "Every trial", tuple(blocks))
