"""Trends that remained in the measured parts, for every kind of report."""

from __future__ import annotations

from streambench.model.sweep import point_words
from streambench.model.trial import Completed
from streambench.report.document import Block, Points, Text
from streambench.report.standing import title_of
from streambench.results.bundle import Bundle

_HEADING = "A trend remained in the measured part:"


def trend_blocks(bundle: Bundle) -> tuple[Block, ...]:
    """Every trial whose delay still rose or fell while it was measured; nothing where none did."""
    lines = tuple(
        f"{title_of(bundle, trial.record.variant.label)}{_where(bundle, trial.record.number)}: "
        f"{trial.record.trend}"
        for trial in bundle.trials
        if trial.record.trend
    )
    return (Text(_HEADING), Points(lines)) if lines else ()


def trend_lines(bundle: Bundle) -> tuple[str, ...]:
    """One line a variant, with one of its trends and in how many of its trials there was one."""
    lines = []
    for label in bundle.labels:
        every = [trial.record for trial in bundle.of(label)]
        records = [record for record in every if isinstance(record.outcome, Completed)]
        moving = [record for record in records if record.trend]
        if moving:
            where = f" in {len(moving)} of {len(records)} trials" if len(records) > 1 else ""
            example = ", e.g." if len(moving) > 1 else ""
            lines.append(
                f"{title_of(bundle, label)}: a trend remained{where}{example}: {moving[0].trend}"
            )
    return tuple(lines)


def _where(bundle: Bundle, number: int) -> str:
    """Which trial, where there are several of a variant."""
    if bundle.run.repeats < 2 and not bundle.run.axes and bundle.run.search is None:
        return ""
    (record,) = (t.record for t in bundle.trials if t.record.number == number)
    point = point_words(record.point)
    return f", {point}, trial {number}" if point else f", trial {number}"
