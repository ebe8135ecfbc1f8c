"""What may be shown of a metric: earned percentiles, medians over repeats, and why there is nothing."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from streambench.model.metrics import BY_NAME, Metric
from streambench.model.trial import TrialRecord
from streambench.report.document import Cell, Tone
from streambench.report.numbers import DASH, in_unit, number


@dataclass(frozen=True)
class Shown:
    """A figure ready to be printed: `value` is the median over `trials`, in the metric's unit.

    `trials` of `asked` know a value; a median that leaves some out says so. Where half of them or more
    do not, there is none: the reason holds what is known.
    `instead` is set when the maximum stands in the place of a percentile that was not earned;
    `reason` says why there is no value.
    """

    metric: Metric
    value: float | None
    low: float | None = None
    high: float | None = None
    trials: int = 0
    asked: int = 0
    instead: bool = False
    reason: str | None = None

    @property
    def text(self) -> str:
        """The number alone, or a dash."""
        return DASH if self.value is None else number(self.value, self.metric.digits)

    @property
    def labelled(self) -> str:
        """The number alone, where no range can stand below it.

        `max` stands before it in a percentile's place; `(4/5)` behind it when one of five is not known.
        """
        if self.value is None:
            return self.text
        known = "" if self.trials == self.asked else f" ({self.trials}/{self.asked})"
        return f"{self._titled}{known}"

    @property
    def _titled(self) -> str:
        return f"max {self.text}" if self.instead and self.value is not None else self.text

    @property
    def spread(self) -> str | None:
        """The range over repeats; None when there is none to be seen."""
        if self.low is None or self.high is None:
            return None
        low, high = (number(value, self.metric.digits) for value in (self.low, self.high))
        known = "" if self.trials == self.asked else f"known in {self.trials} of {self.asked}"
        return (
            ", ".join(part for part in (f"{low} to {high}" * (low != high), known) if part) or None
        )

    def cell(self, tone: Tone = Tone.PLAIN) -> Cell:
        """As a cell: the number, and below it the range or the reason of a dash."""
        if self.value is None:
            return Cell(DASH, self.reason, Tone.QUIET)
        return Cell(self._titled, self.spread, tone)


def shown(name: str, records: Sequence[TrialRecord]) -> Shown:
    """What may be shown of metric `name` over the trials of one variant.

    A percentile needs `metric.windows` windows in every trial; otherwise the maximum is shown in its
    place where the metric has one.
    """
    metric = BY_NAME[name]
    if not records:
        return Shown(metric, None, reason="no trial")
    if _is_percentile(name):
        fewest = min(record.measured_windows for record in records)
        if fewest < metric.windows:
            maximum = maximum_of(name)
            if maximum is None:
                need = f"needs {metric.windows} windows, had {fewest}"
                return Shown(metric, None, reason=need)
            return _over(metric, maximum, records, instead=True)
    return _over(metric, name, records, instead=False)


def maximum_of(name: str) -> str | None:
    """The metric that stands in for percentile `name`: `delay_p99_ms` → `delay_max_ms`."""
    stem, _, rest = name.rpartition("_p")
    candidate = f"{stem}_max_{rest.partition('_')[2]}"
    return candidate if candidate in BY_NAME else None


def _is_percentile(name: str) -> bool:
    return BY_NAME[name].windows >= 20


def _over(metric: Metric, name: str, records: Sequence[TrialRecord], *, instead: bool) -> Shown:
    unit = BY_NAME[name].unit
    values = [
        in_unit(value, unit)
        for record in records
        if (value := record.measures.get(name)) is not None
    ]
    if not values:
        return Shown(metric, None, instead=instead, reason="not known")
    if 2 * len(values) <= len(records):
        found = " and ".join(number(value, metric.digits) for value in (min(values), max(values)))
        some = found if len(set(values)) > 1 else number(values[0], metric.digits)
        reason = f"{some}, known in {len(values)} of {len(records)} trials only"
        return Shown(metric, None, instead=instead, reason=reason)
    return Shown(
        metric,
        statistics.median(values),
        min(values),
        max(values),
        trials=len(values),
        asked=len(records),
        instead=instead,
    )
