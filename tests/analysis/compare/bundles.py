"""Bundles to be compared: so many trials of a variant, with given delays."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from streambench.model.trial import TrialRecord
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from streambench.results.schema import RunRecord
from tests.report.example import RIGHT, RUN, completed, measures, tables

LOAD = "cd" * 32
# Every run began at another time.
_BEGAN_NS = itertools.count(1_764_000_000_000_000_000, 3_600_000_000_000)


def bundle_of(
    root: Path,
    p99_ms: Mapping[str, Sequence[float]],
    *,
    run: Mapping[str, Any] | None = None,
    trial: Mapping[str, Any] | None = None,
    gauge_us: float = 10.0,
) -> Bundle:
    """A finished run with a trial for each value, interleaved; `run` and `trial` change their records."""
    asked: RunRecord = replace(RUN, **{"planned": tuple(p99_ms), **(run or {})})
    writer = BundleWriter.create(root, asked)
    began_ns = next(_BEGAN_NS)
    rounds = max((len(values) for values in p99_ms.values()), default=0)
    number = 0
    for at in range(rounds):
        for label, values in p99_ms.items():
            if at >= len(values):
                continue
            number += 1
            figures = {
                **measures(values[at] / 2, values[at], values[at] * 1.2),
                "player_cpu_us_per_request": gauge_us,
            }
            record: TrialRecord = completed(number, label, RIGHT, figures, trace_sha256=LOAD)
            record = replace(record, start_realtime_ns=began_ns + number)
            record = replace(record, round=at + 1, **(trial or {}))
            writer.add_trial(record, tables(values[at] / 2, values[at], seed=number))
    return read_bundle(writer.finish())
