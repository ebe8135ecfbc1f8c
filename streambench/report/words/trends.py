"""Trends that remained in the measured parts, in words, for every kind of report."""

from __future__ import annotations

from streambench.analysis.trends import RemainingTrend, TrendCount, remaining_trends, trend_counts
from streambench.analysis.variants import title_of
from streambench.model.sweep import point_words
from streambench.report.document import Block, Points, Text
from streambench.results.bundle import Bundle

_HEADING = "A trend remained in the measured part:"


def trend_blocks(bundle: Bundle) -> tuple[Block, ...]:
    """Every trial whose delay still rose or fell while it was measured; nothing where none did."""
    lines = tuple(_line(bundle, trend) for trend in remaining_trends(bundle))
    return (Text(_HEADING), Points(lines)) if lines else ()


def trend_lines(bundle: Bundle) -> tuple[str, ...]:
    """One line a variant, with one of its trends and in how many of its trials there was one."""
    return tuple(_count_line(bundle, count) for count in trend_counts(bundle))


def _line(bundle: Bundle, trend: RemainingTrend) -> str:
    point = point_words(trend.point)
    where = f", {point}, trial {trend.trial}" if point else f", trial {trend.trial}"
    only = bundle.run.repeats < 2 and not point
    return f"{title_of(bundle, trend.label)}{'' if only else where}: {trend.words}"


def _count_line(bundle: Bundle, count: TrendCount) -> str:
    where = f" in {count.moving} of {count.completed} trials" if count.completed > 1 else ""
    example = ", e.g." if count.moving > 1 else ""
    return f"{title_of(bundle, count.label)}: a trend remained{where}{example}: {count.example}"
