"""The verdict table: who was right, and at what delay, rate and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streambench.analysis.eligible import delay_stem, late_possible
from streambench.analysis.recoveries import Recovered, kinds, recovered, spread
from streambench.analysis.runs_there import runs_words
from streambench.analysis.variants import (
    RIGHT_SO_FAR,
    RowsChecked,
    Standing,
    VariantStatus,
    delay_ranking,
    standings,
)
from streambench.model.fault import FaultKind
from streambench.model.metrics import BY_NAME
from streambench.model.numbers import DASH, in_seconds, number, sentence, three_digits
from streambench.report.document import (
    Block,
    Cell,
    Grid,
    GridColumn,
    GridRow,
    Points,
    Section,
    Text,
    Tone,
)
from streambench.report.words.aside import aside_lines
from streambench.report.words.drift import seen_drift_lines
from streambench.report.words.faults import fault_words
from streambench.report.words.figures import figure_cell
from streambench.report.words.processed import processed_cell
from streambench.report.words.ranks import rank_basis, unranked_words
from streambench.report.words.until import until_lines
from streambench.results.bundle import Bundle

MARKS = {
    VariantStatus.RIGHT: ("✓", Tone.GOOD),
    VariantStatus.WRONG_AFTER: ("!", Tone.BAD),
    VariantStatus.WRONG: ("✗", Tone.BAD),
    VariantStatus.FAILED: ("✗", Tone.BAD),
    VariantStatus.INVALID: ("!", Tone.CAUTION),
    VariantStatus.UNSUPPORTED: ("○", Tone.QUIET),
    VariantStatus.LEFT_OUT: ("○", Tone.QUIET),
    VariantStatus.NOT_REACHED: ("○", Tone.QUIET),
}
_LATE_ADVICE = (
    "Result delay is not ranked here: an engine that drops late records early is not faster."
)
_PROVED = "Every row of a completed trial was compared with an independent calculation of what must come out."


def verdict_section(bundle: Bundle) -> Section:
    """The table, then what rounds were made until, why anybody is not ranked, and what drifted."""
    stands = standings(bundle)
    blocks: list[Block] = [verdict_grid(bundle, stands)]
    if late_possible(bundle):
        blocks.append(Text(_LATE_ADVICE))
    reasons = (
        *until_lines(bundle),
        *unranked_words(
            [
                (stand.title, stand.unranked)
                for stand in stands
                if stand.status in RIGHT_SO_FAR and stand.unranked and not late_possible(bundle)
            ]
        ),
        *aside_lines(stands),
        *seen_drift_lines(bundle),
    )
    if reasons:
        blocks.append(Points(reasons))
    blocks.append(Text(_notes(bundle, stands), Tone.QUIET))
    return Section("verdict", "Verdict", tuple(blocks))


def delay_metrics(bundle: Bundle) -> tuple[str, ...]:
    """The delays of the table: under exactly-once the visible ones too, which are the honest ones."""
    appended = ("delay_p50_ms", "delay_p99_ms")
    if delay_stem(bundle) == "visible":
        return ("visible_p50_ms", "visible_p99_ms", *appended)
    return appended


def verdict_grid(bundle: Bundle, stands: Sequence[Standing]) -> Grid:
    """One row per variant: ranked, then right, then those that were not."""
    delays = delay_metrics(bundle)
    comebacks = recovery_columns(bundle)
    columns = (
        GridColumn("rank", numeric=True),
        GridColumn("engine"),
        GridColumn("result"),
        GridColumn("guarantee"),
        *(GridColumn(f"{BY_NAME[name].label}, ms", name, numeric=True) for name in delays),
        *(GridColumn(column.label, numeric=True) for column in comebacks),
        GridColumn("processed of offered, events/s", "processed_per_s", numeric=True),
        GridColumn("CPU-s per million", "engine_cpu_s_per_million", numeric=True),
        GridColumn("memory peak, MiB", "engine_memory_peak_bytes", numeric=True),
    )
    return Grid(
        columns, tuple(_row(bundle, stand, delays, comebacks) for stand in stands), cards=True
    )


@dataclass(frozen=True)
class RecoveryColumn:
    """A column on recoveries: `brief` is its heading on a terminal, `cells` are by variant's label."""

    label: str
    brief: str
    cells: Mapping[str, Cell]


def recovery_columns(bundle: Bundle) -> tuple[RecoveryColumn, ...]:
    """Late time after the first fault that hits a process, and a burst's rate."""
    found = kinds(bundle)
    deadly = [kind for kind in found if kind is not FaultKind.BURST]
    columns = []
    if deadly:
        short = fault_words(deadly[0]).short
        cells = {one.standing.label: late_cell(one) for one in recovered(bundle, deadly[0])}
        columns.append(RecoveryColumn(f"late after {short},\u00a0s", f"{short}\nlate s", cells))
    if FaultKind.BURST in found:
        cells = {one.standing.label: _burst_cell(one) for one in recovered(bundle, FaultKind.BURST)}
        columns.append(RecoveryColumn("burst worked off, events/s", "burst\nevents/s", cells))
    return tuple(columns)


def late_cell(one: Recovered) -> Cell:
    """Late time in seconds; not ranked for its damage, the reason stands below it."""
    if not one.hits:
        return Cell(DASH, one.standing.status.value, Tone.QUIET)
    why = one.unranked if one.unranked and not one.clean else None
    if one.deciding.never:
        return Cell(DASH, "not over within the trial", Tone.QUIET)
    if one.deciding.median is None:
        return Cell(DASH, why or "not known", Tone.QUIET)
    if not one.disturbed:
        return Cell(number(0, 2), why or "no window was late")
    bound = "≤ " if one.at_most else ""
    return Cell(f"{bound}{in_seconds(one.deciding.median)}", why)


def _burst_cell(one: Recovered) -> Cell:
    if not one.hits:
        return Cell(DASH, one.standing.status.value, Tone.QUIET)
    rate = spread([struck.recovery.catch_up_per_s for struck in one.hits])
    return (
        Cell(DASH, "not within the trial", Tone.QUIET)
        if rate.median is None
        else Cell(three_digits(rate.median))
    )


def _row(
    bundle: Bundle, stand: Standing, delays: Sequence[str], comebacks: Sequence[RecoveryColumn]
) -> GridRow:
    mark, tone = MARKS[stand.status]
    head = (
        Cell(stand.place or "–", tone=Tone.STRONG if stand.rank else Tone.QUIET),
        Cell(stand.title, _version(bundle, stand), Tone.STRONG),
        Cell(f"{mark} {stand.words}", _result_note(stand), tone),
    )
    if not stand.completed:
        return GridRow(head, aside=sentence(stand.reason or "no reason was recorded"), quiet=True)
    return GridRow(
        (
            *head,
            _guarantee(bundle, stand),
            *(figure_cell(stand.summary(name)) for name in delays),
            *(column.cells[stand.label] for column in comebacks),
            processed_cell(stand.records),
            figure_cell(stand.summary("engine_cpu_s_per_million")),
            figure_cell(stand.summary("engine_memory_peak_bytes")),
        ),
        quiet=stand.status not in RIGHT_SO_FAR,
    )


def _version(bundle: Bundle, stand: Standing) -> str | None:
    if not stand.trials:
        return None
    record = stand.trials[0].record
    variant = record.variant
    settings = ", ".join(f"{name}={value}" for name, value in variant.settings)
    runs = runs_words(bundle.run, record)
    return f"{runs}; {settings}" if settings else runs


def _result_note(stand: Standing) -> str | None:
    match stand.status:
        case VariantStatus.RIGHT | VariantStatus.WRONG:
            checked = _rows_words(stand.rows)
            return f"{checked}; {stand.reason}" if stand.reason else checked
        case VariantStatus.WRONG_AFTER:
            return f"{stand.reason}; {_rows_words(stand.rows)}"
        case _:
            return None


def _rows_words(rows: RowsChecked) -> str:
    bounds = "" if rows.exact else ", within bounds"
    return f"{number(rows.right)} of {number(rows.expected)} rows{bounds}"


def _guarantee(bundle: Bundle, stand: Standing) -> Cell:
    asked = bundle.run.conditions.guarantee.value
    if all(verdict.guarantee_honoured for verdict in stand.verdicts):
        return Cell("honoured", asked)
    return Cell("broken", asked, Tone.BAD)


def _notes(bundle: Bundle, stands: Sequence[Standing]) -> str:
    notes = [_PROVED]
    if any(stand.rank for stand in stands):
        found = delay_ranking(bundle, stands)
        until = " until the first fault" if kinds(bundle) else ""
        notes.append(
            f"Ranked by {BY_NAME[found.metric].label}, among those that were right{until}."
        )
        if bundle.run.repeats > 1:
            notes.append("Each figure is the median over the trials, with their range below it.")
        floor = f"{number(found.basis.floor)} ms"
        if basis := rank_basis(found.basis, floor):
            notes.append(basis)
    if any(
        stand.summary(n).instead for stand in stands for n in delay_metrics(bundle) if stand.records
    ):
        notes.append(
            "max: too few windows to earn the percentile, so the slowest stands in its place."
        )
    return " ".join(notes)
