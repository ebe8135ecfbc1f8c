"""The verdict table: who was right, and at what delay, rate and cost."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.model.metrics import BY_NAME
from streambench.model.trial import Completed
from streambench.report.document import Block, Cell, Column, Grid, Points, Row, Section, Text, Tone
from streambench.report.numbers import number, sentence
from streambench.report.standing import (
    Standing,
    Status,
    delay_stem,
    late_possible,
    rows_checked,
    standings,
)
from streambench.results.bundle import Bundle

MARKS = {
    Status.RIGHT: ("✓", Tone.GOOD),
    Status.WRONG: ("✗", Tone.BAD),
    Status.FAILED: ("✗", Tone.BAD),
    Status.INVALID: ("!", Tone.CAUTION),
    Status.UNSUPPORTED: ("○", Tone.QUIET),
    Status.NOT_REACHED: ("○", Tone.QUIET),
}
_LATE_ADVICE = (
    "Result delay is not ranked here: an engine that drops late records early is not faster."
)
_PROVED = "Every row was compared with an independent calculation of what must come out."


def verdict_section(bundle: Bundle) -> Section:
    """The table, then why anybody is not ranked."""
    stands = standings(bundle)
    blocks: list[Block] = [verdict_grid(bundle, stands)]
    if late_possible(bundle):
        blocks.append(Text(_LATE_ADVICE))
    reasons = tuple(
        dict.fromkeys(
            f"{stand.title} is not ranked: {stand.unranked}."
            for stand in stands
            if stand.status is Status.RIGHT and stand.unranked and not late_possible(bundle)
        )
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
    columns = (
        Column("rank", numeric=True),
        Column("engine"),
        Column("result"),
        Column("guarantee"),
        *(Column(f"{BY_NAME[name].label}, ms", name, numeric=True) for name in delays),
        Column("processed of offered, events/s", "processed_per_s", numeric=True),
        Column("CPU-s per million", "engine_cpu_s_per_million", numeric=True),
        Column("memory peak, MiB", "engine_memory_peak_bytes", numeric=True),
    )
    return Grid(columns, tuple(_row(bundle, stand, delays) for stand in stands), cards=True)


def _row(bundle: Bundle, stand: Standing, delays: Sequence[str]) -> Row:
    mark, tone = MARKS[stand.status]
    head = (
        Cell(stand.place or "–", tone=Tone.STRONG if stand.rank else Tone.QUIET),
        Cell(stand.title, _version(stand), Tone.STRONG),
        Cell(f"{mark} {stand.words}", _result_note(stand), tone),
    )
    if not stand.completed:
        return Row(head, aside=sentence(stand.reason or "no reason was recorded"), quiet=True)
    processed = stand.shown("processed_per_s")
    offered = stand.shown("offered_per_s")
    processed_note = None if offered.value is None else f"of {number(offered.value)}"
    notes = [note for note in (processed.spread, processed_note) if note]
    return Row(
        (
            *head,
            _guarantee(bundle, stand),
            *(stand.shown(name).cell() for name in delays),
            Cell(processed.text, ", ".join(notes) or processed.reason),
            stand.shown("engine_cpu_s_per_million").cell(),
            stand.shown("engine_memory_peak_bytes").cell(),
        ),
        quiet=stand.status is not Status.RIGHT,
    )


def _version(stand: Standing) -> str | None:
    if not stand.trials:
        return None
    variant = stand.trials[0].record.variant
    settings = ", ".join(f"{name}={value}" for name, value in variant.settings)
    return f"{variant.version}; {settings}" if settings else variant.version


def _result_note(stand: Standing) -> str | None:
    match stand.status:
        case Status.RIGHT | Status.WRONG:
            checked = rows_checked(stand)
            return f"{checked}; {stand.reason}" if stand.reason else checked
        case _:
            return None


def _guarantee(bundle: Bundle, stand: Standing) -> Cell:
    verdicts = [r.outcome.verdict for r in stand.records if isinstance(r.outcome, Completed)]
    asked = bundle.run.conditions.guarantee.value
    if all(verdict.guarantee_honoured for verdict in verdicts):
        return Cell("honoured", asked)
    return Cell("broken", asked, Tone.BAD)


def _notes(bundle: Bundle, stands: Sequence[Standing]) -> str:
    notes = [_PROVED]
    if any(stand.rank for stand in stands):
        tail = "visible delay p99" if delay_stem(bundle) == "visible" else "result delay p99"
        notes.append(f"Ranked by {tail}, among those that were right.")
        if bundle.run.repeats > 1:
            notes.append(
                "Each figure is the median over the trials, with their range below it; "
                "engines whose ranges overlap, or are within 2 ms, share a rank (=)."
            )
        else:
            notes.append(
                "One trial each, so the spread between trials was not measured; "
                "engines within 2 ms of each other share a rank (=)."
            )
    if any(
        stand.shown(n).instead for stand in stands for n in delay_metrics(bundle) if stand.records
    ):
        notes.append(
            "max: too few windows to earn the percentile, so the slowest stands in its place."
        )
    return " ".join(notes)
