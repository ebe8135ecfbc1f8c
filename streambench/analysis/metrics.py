"""What may be said of a metric: earned percentiles, medians over repeats, and why there is nothing."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streambench.model.metrics import BY_NAME, Metric
from streambench.model.numbers import in_unit, number
from streambench.model.trial import TrialRecord


@dataclass(frozen=True)
class MetricSummary:
    """A metric over the trials of one variant: `value` is the median, as stored (memory in bytes).

    `trials` are the numbers of those of `asked` trials that know a value; a median that leaves some out
    says so. Where half of them or more do not, there is none: the reason holds what is known.
    `instead` is set when the maximum stands in the place of a percentile that was not earned;
    `reason` says why there is no value.
    """

    metric: Metric
    value: float | None
    low: float | None = None
    high: float | None = None
    trials: tuple[int, ...] = ()
    asked: int = 0
    instead: bool = False
    reason: str | None = None

    @property
    def partly_known(self) -> bool:
        """Whether there is a value, and it leaves some trials out."""
        return self.value is not None and len(self.trials) < self.asked


def summarise(name: str, records: Sequence[TrialRecord]) -> MetricSummary:
    """What may be said of metric `name` over the trials of one variant.

    A percentile needs `metric.windows` windows in every trial; otherwise the maximum stands in its
    place where the metric has one.
    """
    metric = BY_NAME[name]
    if not records:
        return MetricSummary(metric, None, reason="no completed trial")
    if metric.windows >= 20:
        fewest = min(record.measured_windows for record in records)
        if fewest < metric.windows:
            maximum = maximum_of(name)
            if maximum is None:
                need = f"needs {metric.windows} windows, had {fewest}"
                return MetricSummary(metric, None, asked=len(records), reason=need)
            return _over(metric, maximum, records, instead=True)
    return _over(metric, name, records, instead=False)


def cores_by_role(records: Sequence[TrialRecord]) -> Mapping[str, float]:
    """Role → the median over the trials of its mean cores in the measured part.

    Trials whose engine runs elsewhere are left out: what of it is here would pass for all of it.
    """
    by_role: dict[str, list[float]] = {}
    for record in records:
        if not record.engine_seen:
            continue
        for usage in record.usage:
            by_role.setdefault(usage.role, []).append(usage.cores_mean)
    return {role: statistics.median(cores) for role, cores in by_role.items()}


def maximum_of(name: str) -> str | None:
    """The metric that stands in for percentile `name`: `delay_p99_ms` → `delay_max_ms`."""
    stem, _, rest = name.rpartition("_p")
    candidate = f"{stem}_max_{rest.partition('_')[2]}"
    return candidate if candidate in BY_NAME else None


def _over(
    metric: Metric, name: str, records: Sequence[TrialRecord], *, instead: bool
) -> MetricSummary:
    known = [
        (record.number, value)
        for record in records
        if (value := record.measures.get(name)) is not None
    ]
    asked, values = len(records), [value for _, value in known]
    if not values:
        return MetricSummary(metric, None, asked=asked, instead=instead, reason="not known")
    if 2 * len(values) <= asked:
        ends = [min(values), max(values)][: len(set(values))]
        some = " and ".join(number(in_unit(value, metric.unit), metric.digits) for value in ends)
        reason = f"{some}, known in {len(values)} of {asked} trials only"
        return MetricSummary(metric, None, asked=asked, instead=instead, reason=reason)
    return MetricSummary(
        metric,
        statistics.median(values),
        min(values),
        max(values),
        trials=tuple(trial for trial, _ in known),
        asked=asked,
        instead=instead,
    )
