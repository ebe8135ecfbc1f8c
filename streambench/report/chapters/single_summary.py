"""The summary of one load on a terminal: the verdict table within 80 columns, and the reasons."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from streambench.analysis.eligible import delay_stem, late_possible
from streambench.analysis.metrics import MetricSummary
from streambench.analysis.variants import RIGHT_SO_FAR, Standing, VariantStatus, standings
from streambench.model.numbers import DASH, number, optional, percent
from streambench.model.trial import Failed
from streambench.report.chapters.chapter import below
from streambench.report.document import Tone
from streambench.report.fitting import FittingTable
from streambench.report.sections.late import caption, which_trial
from streambench.report.sections.verdict import MARKS, recovery_columns
from streambench.report.words.aside import aside_lines
from streambench.report.words.drift import drift_lines
from streambench.report.words.figures import labelled
from streambench.report.words.processed import backlog_words
from streambench.report.words.ranks import unranked_words
from streambench.report.words.trends import trend_lines
from streambench.report.words.until import until_lines
from streambench.results.bundle import Bundle

_STYLES = {Tone.GOOD: "green", Tone.BAD: "red", Tone.CAUTION: "yellow", Tone.QUIET: "dim"}

_METRICS = (
    ("done\nevents/s", "processed_per_s"),
    ("CPU-s\nper M", "engine_cpu_s_per_million"),
    ("peak\nMiB", "engine_memory_peak_bytes"),
)
# Which of them make room for recoveries, the first one first.
_GIVE_WAY = ("processed_per_s", "engine_memory_peak_bytes")


def summary_parts(bundle: Bundle) -> list[RenderableType]:
    """The verdict table, then a reason for everyone that is not ranked."""
    parts: list[RenderableType] = []
    stands = standings(bundle)
    if late_possible(bundle):
        parts += [_late_table(stands), *_late_caption(bundle), Text("")]
    parts.append(_table(bundle, stands))
    reasons = [line for stand in stands if (line := _reason(stand)) is not None]
    if not late_possible(bundle):
        reasons += unranked_words(
            [(s.title, s.unranked) for s in stands if s.status in RIGHT_SO_FAR and s.unranked]
        )
    reasons += aside_lines(stands)
    reasons += [
        f"{stand.title} processed {words}"
        for stand in stands
        if (words := backlog_words(stand.records)) is not None
    ]
    told = (*until_lines(bundle), *reasons, *trend_lines(bundle), *drift_lines(bundle))
    parts += below(told)
    if any(delay.instead for stand in stands if stand.records for delay in _delays(bundle, stand)):
        parts += [Text(""), Text("max: too few windows to earn the percentile", style="dim")]
    if any(_partly_known(bundle, stand) for stand in stands):
        parts += [
            Text(""),
            Text("(4/5): the median of the 4 trials of 5 that know it", style="dim"),
        ]
    return parts


def _table(bundle: Bundle, stands: tuple[Standing, ...]) -> FittingTable:
    stem = delay_stem(bundle)
    delay = "visible" if stem == "visible" else "delay"
    table = FittingTable(named=1, gap=2)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("engine", overflow="fold", max_width=18)
    table.add_column("result", overflow="fold", max_width=15)
    comebacks = recovery_columns(bundle)
    metrics = [each for each in _METRICS if each[1] not in _GIVE_WAY[: len(comebacks)]]
    for heading in (
        f"{delay}\np50 ms",
        f"{delay}\np99 ms",
        *(column.brief for column in comebacks),
        *(heading for heading, _ in metrics),
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for stand in stands:
        mark, tone = MARKS[stand.status]
        figures = (
            *(labelled(delay) for delay in _delays(bundle, stand)),
            *(column.cells[stand.label].text for column in comebacks),
            *(labelled(stand.summary(name)) for _, name in metrics),
        )
        table.add_row(
            stand.place or DASH,
            Text(stand.title),
            Text(f"{mark} {stand.words}", style=_STYLES.get(tone, "")),
            *figures,
        )
    return table


def _delays(bundle: Bundle, stand: Standing) -> tuple[MetricSummary, MetricSummary]:
    stem = delay_stem(bundle)
    return stand.summary(f"{stem}_p50_ms"), stand.summary(f"{stem}_p99_ms")


def _partly_known(bundle: Bundle, stand: Standing) -> bool:
    every = (*_delays(bundle, stand), *(stand.summary(name) for _, name in _METRICS))
    return any(each.partly_known for each in every)


def _late_table(stands: tuple[Standing, ...]) -> FittingTable:
    table = FittingTable(gap=2)
    table.add_column("late records", overflow="fold", max_width=20)
    for heading in ("dropped", "of", "share", "predicted", "own counter"):
        table.add_column(heading, justify="right", no_wrap=True)
    for stand in stands:
        late = next((r.late for r in stand.records if r.late is not None), None)
        if late is None:
            table.add_row(Text(stand.title), *[DASH] * 5)
            continue
        predicted = optional(late.predicted)
        if (
            late.predicted is None
            and late.predicted_low is not None
            and late.predicted_high is not None
        ):
            predicted = f"{number(late.predicted_low)}..{number(late.predicted_high)}"
        which = which_trial(stand)
        table.add_row(
            Text(stand.title if which is None else f"{stand.title} ({which})"),
            optional(late.dropped),
            number(late.records),
            DASH if late.dropped is None else percent(late.dropped, late.records),
            predicted,
            optional(late.own_counter),
        )
    return table


def _late_caption(bundle: Bundle) -> list[RenderableType]:
    model = bundle.run.late_model
    return [] if model is None else [Text(caption(model), style="dim")]


def _reason(stand: Standing) -> str | None:
    if stand.status is VariantStatus.RIGHT:
        told = stand.reason and stand.unranked is None
        return f"{stand.title}: {stand.reason}" if told else None
    hints = [
        t.record.outcome.hint
        for t in stand.trials
        if isinstance(t.record.outcome, Failed) and t.record.outcome.hint
    ]
    hint = f" (hint: {hints[0]})" if hints else ""
    return f"{stand.title}: {stand.words}: {stand.reason or 'no reason was recorded'}{hint}"
