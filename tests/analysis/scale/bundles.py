"""Small bundles with round figures, as curves, plain runs and searches leave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from streambench.model.capacity import CarriedRate, MachineCapacity
from streambench.model.search import SearchRecord
from streambench.model.sweep import Axis, AxisName
from streambench.model.trial import Completed, Outcome, Span, TrialRecord
from streambench.model.trial import Purpose as Part
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from tests.report.example import HELD, RIGHT, RUN, trial

MACHINE = {
    "processor": "Test CPU",
    "logical cores": "2",
    "memory": "8 GiB",
    "operating system": "Linux 6",
}
CLICKS = (Path(__file__).parents[3] / "workloads" / "clicks" / "workload.toml").read_text()
KEPT = {
    "lag_slope_ms_per_s": 0.2,
    "lag_slope_lower_ms_per_s": -1.0,
    "lag_slope_upper_ms_per_s": 1.4,
    "backlog_end_ms": 3.0,
}
UNDECIDED = {**KEPT, "lag_slope_upper_ms_per_s": 30.0}
BEHIND = {**KEPT, "lag_slope_lower_ms_per_s": 380.0, "lag_slope_ms_per_s": 400.0}
CARRIED = MachineCapacity(
    "m",
    "2026-11-20T14:00:00+00:00",
    (
        CarriedRate(250_000, True, None, 0.2, 0.05, 0.2),
        CarriedRate(1_000_000, True, None, 0.3, 0.1, 0.3),
    ),
)


def load(
    number: int,
    rate: float,
    *,
    label: str = "flink",
    cost: float | None = 2.0,
    lag: dict[str, float] | None = None,
    outcome: Outcome | None = None,
    asked: bool = True,
    **more: Any,
) -> TrialRecord:
    """A trial of 10 s in which each record has 60 bytes, and ten give a row and 20 bytes of the broker."""
    records = int(rate * 10)
    return trial(
        number,
        label,
        Completed(replace(RIGHT, expected_rows=records // 10, right_rows=records // 10))
        if outcome is None
        else outcome,
        **{
            "certificate": HELD,
            "measured_windows": 100,
            "records": records,
            "load_bytes": 60 * records,
            "spans": (Span(Part.MEASURED, 0, 10_000),),
            "point": ((AxisName.RATE, rate),) if asked else (),
            "measures": {
                "offered_per_s": rate,
                "processed_per_s": rate,
                "engine_cpu_s_per_million": cost,
                "broker_cpu_s_per_million": 0.5,
                "broker_bytes_per_event": 2.0,
                **(KEPT if lag is None else lag),
            },
            **more,
        },
    )


def curve(folder: Path, records: Sequence[TrialRecord], **changes: Any) -> Bundle:
    """A curve's bundle; `changes` are of its run."""
    rates = sorted({value for record in records for _, value in record.point})
    axes = (Axis(AxisName.RATE, tuple(rates)),)
    return bundle(folder, records, **{"axes": axes, "capacity": CARRIED, **changes})


def search(folder: Path, records: Sequence[TrialRecord], found: SearchRecord, terms: Any) -> Bundle:
    """A search's bundle."""
    return bundle(folder, records, search=terms, searches=(found,))


def bundle(folder: Path, records: Sequence[TrialRecord], **changes: Any) -> Bundle:
    """Any bundle, a plain run without more."""
    run = replace(
        RUN,
        **{
            "environment": MACHINE,
            "planned": tuple(dict.fromkeys(record.variant.label for record in records)),
            "workload_text": CLICKS,
            **changes,
        },
    )
    writer = BundleWriter.create(folder, run)
    for record in records:
        writer.add_trial(record, {})
    return read_bundle(writer.finish())
