"""How a metric's summary is printed: the figure, and beside it a range or the reason of a dash."""

from __future__ import annotations

from streambench.analysis.metrics import MetricSummary
from streambench.model.numbers import DASH, in_unit, number
from streambench.report.document import Cell, Tone


def text_of(figure: MetricSummary) -> str:
    """The number alone, or a dash."""
    return DASH if figure.value is None else _written(figure, figure.value)


def labelled(figure: MetricSummary) -> str:
    """The number alone, where no range can stand below it.

    `max` stands before it in a percentile's place; `(4/5)` behind it when one of five is not known.
    """
    known = f" ({len(figure.trials)}/{figure.asked})" if figure.partly_known else ""
    return f"{_titled(figure)}{known}"


def spread_of(figure: MetricSummary) -> str | None:
    """The range over repeats; None when there is none to be seen."""
    if figure.low is None or figure.high is None:
        return None
    low, high = _written(figure, figure.low), _written(figure, figure.high)
    some = f"known in {len(figure.trials)} of {figure.asked}" if figure.partly_known else ""
    return ", ".join(part for part in (f"{low} to {high}" * (low != high), some) if part) or None


def figure_cell(figure: MetricSummary) -> Cell:
    """As a cell: the number, and below it the range or the reason of a dash."""
    if figure.value is None:
        return Cell(DASH, figure.reason, Tone.QUIET)
    return Cell(_titled(figure), spread_of(figure))


def _titled(figure: MetricSummary) -> str:
    place = "max " if figure.instead and figure.value is not None else ""
    return f"{place}{text_of(figure)}"


def _written(figure: MetricSummary, value: float) -> str:
    return number(in_unit(value, figure.metric.unit), figure.metric.digits)
