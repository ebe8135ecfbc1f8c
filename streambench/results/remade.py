"""Recoveries of bundles that an earlier version of the method measured, made anew from their windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.compute as pc

from streambench.model.conditions import Guarantee
from streambench.model.fault import FaultKind, Recovery
from streambench.model.trial import Purpose
from streambench.results.bundle import TrialBundle
from streambench.results.lateness import Observed, band_ms, could_delay_ms
from streambench.results.partition_windows import of_whole_windows
from streambench.results.recovery import recovery
from streambench.results.schema import FIRST_WITH_PARTITIONS, RunRecord

def from_whole_windows(run: RunRecord) -> bool:
    """Whether this run kept no windows by partition, so that late times are upper bounds."""
    return run.method < FIRST_WITH_PARTITIONS


def recoveries(run: RunRecord, trial: TrialBundle) -> tuple[Recovery, ...]:
    """A trial's recoveries by the present method.

    Of an earlier run only whole windows are known: one counts as late for every partition when it was
    late for any, so its late time is an upper bound, and its partitions are not told apart. Where the
    windows are missing, too, what was recorded is left as it is.
    """
    recorded = trial.record.recoveries
    if not from_whole_windows(run) or not recorded:
        return recorded
    table = trial.table("windows")
    if table is None:
        return recorded
    exactly = run.conditions.guarantee is Guarantee.EXACTLY_ONCE
    delay = "visible_complete_ms" if exactly else "complete_ms"
    measured = table.filter(pc.equal(table.column("purpose"), Purpose.MEASURED.value))
    band = band_ms(np.asarray(measured.column(delay).cast("float64").to_numpy(), dtype=np.float64))
    if band is None:
        return recorded
    windows = of_whole_windows(table, delay)
    found = []
    for old in recorded:
        observed = Observed(
            old.hit.at_ms + old.observed_ms, band, could_delay_ms(old.hit, run.conditions)
        )
        new = recovery(old.hit, windows, observed, noticed_ms=(), damage=old.damage)
        new = replace(new, detected_ms=old.detected_ms, partitions=())
        if old.hit.kind is FaultKind.BURST:
            new = replace(new, caught_up_ms=old.caught_up_ms, catch_up_per_s=old.catch_up_per_s)
        found.append(new)
    return tuple(found)
