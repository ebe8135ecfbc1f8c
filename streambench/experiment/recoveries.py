"""What followed each fault of a trial: timelines and damage from its evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streambench.model.conditions import Guarantee
from streambench.model.fault import Recovery
from streambench.model.trial import Purpose, TrialSpec
from streambench.model.verdict import Damage
from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged
from streambench.oracle.parts import damage_by_part
from streambench.results.lateness import Observed, band_ms, could_delay_ms
from streambench.results.partition_windows import partition_windows, to_table
from streambench.results.recovery import recovery
from streambench.trial.evidence import Evidence

_NO_BAND = "nothing is said of the recovery: too few windows were complete before the fault to tell what is late"


@dataclass(frozen=True)
class Aftermath:
    """`before`: the damage up to the first fault; `partitions`: its table; None without a fault."""

    recoveries: tuple[Recovery, ...] = ()
    before: Damage | None = None
    partitions: pa.Table | None = None
    notes: tuple[str, ...] = ()


def aftermath(
    spec: TrialSpec, evidence: Evidence, judged: Judged, expected: Expected, windows: pa.Table
) -> Aftermath:
    """One recovery for each hit; `windows` is the bundle's table of windows.

    Nothing when no fault happened, or when too few undisturbed windows tell what is timely.
    """
    if not evidence.load.struck.hits:
        return Aftermath()
    visible = spec.conditions.guarantee is Guarantee.EXACTLY_ONCE
    undisturbed = windows.filter(pc.equal(windows.column("purpose"), Purpose.MEASURED.value))
    name = "visible_complete_ms" if visible else "complete_ms"
    delay_ms = undisturbed.column(name).cast(pa.float64()).to_numpy()
    band = band_ms(np.asarray(delay_ms, dtype=np.float64))
    if band is None:
        return Aftermath(notes=(_NO_BAND,))
    cuts_ms = [hit.at_ms for hit in evidence.load.struck.hits]
    damages = damage_by_part(
        judged,
        expected,
        cuts_ms=cuts_ms,
        in_flight_ms=band,
        start_realtime_ms=evidence.load.start_realtime_ns / 1e6,
        event_offset_ms=evidence.load.event_offset_ms,
    )
    by_partition = partition_windows(
        judged,
        expected,
        partitions=spec.conditions.partitions,
        start_realtime_ns=evidence.load.start_realtime_ns,
        visible=visible,
    )
    noticed_ms = [
        at_ms - evidence.load.start_realtime_ns / 1e6
        for at_ms in evidence.readings.failures_noticed_ms
    ]
    # While the load comes; what closes later is closed by the flush, with the load off.
    end_ms = float(spec.segment.spans[-1].end_ms)
    untils_ms = [*(_quiet_until(spec, at_ms) for at_ms in cuts_ms[1:]), end_ms]
    return Aftermath(
        tuple(
            recovery(
                hit,
                by_partition,
                Observed(until_ms, band, could_delay_ms(hit, spec.conditions)),
                noticed_ms=noticed_ms,
                damage=damage,
            )
            for hit, until_ms, damage in zip(
                evidence.load.struck.hits, untils_ms, damages[1:], strict=True
            )
        ),
        damages[0],
        to_table(by_partition),
    )


def _quiet_until(spec: TrialSpec, at_ms: float) -> float:
    """The instant of the next hit, or of the hold that precedes it if that is a burst."""
    return min([at_ms, *(start for start, end in spec.segment.holds if abs(end - at_ms) < 1.0)])
