"""What clocks may have done to the figures of a drain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from streambench.analysis.clock_errors import NO_DOUBT, Doubt, widest
from streambench.model.clocks import (
    NOT_OFF,
    RUN_HOST_CLOCK,
    ClocksSeen,
    HostClocks,
    Offset,
    delay_error,
)
from streambench.model.conditions import Guarantee
from streambench.model.drain import Drain, DrainRecord
from streambench.model.kafka_access import all_here
from streambench.model.trial import LoadKind, TrialRecord
from streambench.results.bundle import Bundle

_MS_PER_S: Final = 1_000
_AT_ONCE: Final = (LoadKind.COLD, LoadKind.WARM)


def drain_doubt(
    bundle: Bundle, record: DrainRecord, value: Callable[[Drain], float | None], *, warm: bool
) -> Doubt | None:
    """Of a round's `warm` drain or its cold one; None where nobody knows. `value` is the figure."""
    drain = record.warm if warm else record.cold
    if drain is None or (found := value(drain)) is None:
        return NO_DOUBT
    error = _error(bundle, record, drain)
    if error is None:
        # What is no time, and follows from none, hangs on no clock.
        return NO_DOUBT if value(_timed(drain, 2 * _MS_PER_S)) == found else None
    ends = [value(_timed(drain, by_ms)) for by_ms in (error.low_ms, error.high_ms)]
    return widest([None if true is None else Doubt(found - true, found - true) for true in ends])


def _timed(drain: Drain, by_ms: float) -> Drain:
    """The same if what was measured of its times is so much too much. It took a millisecond at least."""
    took_s, first_s = (each - by_ms / _MS_PER_S for each in (drain.took_s, drain.first_s))
    return replace(drain, took_s=max(took_s, 1 / _MS_PER_S), first_s=max(first_s, 0.0))


def _error(bundle: Bundle, record: DrainRecord, drain: Drain) -> Offset | None:
    """A cold drain begins by our own clock, a warm one by the clock of who plays."""
    visible = bundle.run.conditions.guarantee is Guarantee.EXACTLY_ONCE
    load = _load(bundle, record, drain)
    if load is None or load.compared == ClocksSeen():
        kafka = bundle.run.conditions.foreign_kafka
        one_clock = visible or kafka is None or all_here(kafka.bootstrap)
        return NOT_OFF if one_clock else None  # as before bounds were kept
    if drain.warm:
        return load.delay_error(visible=visible)
    if visible:
        return NOT_OFF
    ours = HostClocks.of(load.compared.bounds).ours
    here = [replace(each, who=RUN_HOST_CLOCK) for each in ours]
    return delay_error(here, load.compared.unknown, visible=False)


def _load(bundle: Bundle, record: DrainRecord, drain: Drain) -> TrialRecord | None:
    loads = (each.record for each in bundle.loads if each.record.kind in _AT_ONCE)
    same = (each for each in loads if (each.job, each.number) == (record.job, drain.load))
    return next(same, None)
