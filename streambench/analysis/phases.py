"""The instants of a recovery, in the order in which they come, and when each came."""

from __future__ import annotations

import enum
import math
from typing import assert_never

from streambench.model.fault import NOBODY_KNOWN, FaultKind, Recovery


class RecoveryPhase(enum.Enum):
    """An instant of a recovery."""

    DETECTED = "detected"
    BACK = "worker back"
    TIMELY = "first timely output"
    CAUGHT_UP = "backlog gone"
    BACK_FOR_GOOD = "back for good"


def phases_of(kind: FaultKind) -> tuple[RecoveryPhase, ...]:
    """The phases that this kind has: in a burst nobody dies, so nobody is missed or comes back.

    Whom a command hit is not known, so nobody is seen to come back.
    """
    if kind is FaultKind.BURST:
        return (RecoveryPhase.CAUGHT_UP, RecoveryPhase.BACK_FOR_GOOD)
    every = tuple(RecoveryPhase)
    if kind in NOBODY_KNOWN:
        return tuple(phase for phase in every if phase is not RecoveryPhase.BACK)
    return every


def instant_ms(recovery: Recovery, phase: RecoveryPhase) -> float | None:
    """When a phase came, after the hit: infinite when it did not come within the trial, None: unknown.

    An engine that kept flowing was timely all along; what comes at once takes its time even so.
    """
    burst = recovery.hit.kind is FaultKind.BURST
    flowed_ms = 0.0 if recovery.outage_begin_ms is None and not burst else None
    match phase:
        case RecoveryPhase.DETECTED:
            return recovery.detected_ms
        case RecoveryPhase.BACK:
            return or_never(recovery.back_ms)
        case RecoveryPhase.TIMELY:
            return or_never(recovery.timely_ms, flowed_ms)
        case RecoveryPhase.CAUGHT_UP:
            return or_never(recovery.caught_up_ms, flowed_ms)
        case RecoveryPhase.BACK_FOR_GOOD:
            return or_never(recovery.back_for_good_ms)
        case _:
            assert_never(phase)


def or_never(value: float | None, otherwise: float | None = None) -> float:
    """`value`, else `otherwise`, else infinite: it did not come."""
    if value is not None:
        return value
    return math.inf if otherwise is None else otherwise
