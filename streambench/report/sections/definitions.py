"""What every number means, from the one table of metrics."""

from __future__ import annotations

from streambench.model.metrics import METRICS, Metric
from streambench.model.numbers import sentence
from streambench.report.document import Definition, Definitions, Section, Text, metric_anchor

METHOD = "docs/method.md"


def definitions_section() -> Section:
    """One definition per metric, with the section of the method that says why."""
    entries = tuple(
        Definition(
            metric_anchor(metric.name),
            f"{metric.label}, {metric.unit}",
            _meaning(metric),
            f"{METHOD}#{metric.anchor}",
        )
        for metric in METRICS
    )
    lead = Text(f"In short; {METHOD} of streambench says more, and why it is measured so.")
    return Section("definitions", "What the numbers mean", (lead, Definitions(entries)))


def _meaning(metric: Metric) -> str:
    earned = ""
    if metric.windows > 1:
        earned = f"; shown from {metric.windows} measured windows on"
    return f"{sentence(metric.meaning)}{earned}."
