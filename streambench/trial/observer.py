"""What a trial tells while it runs; showing it is somebody else's business."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from streambench.model.trial import Purpose, Span


class Phase(enum.Enum):
    """The phases of a trial, in their order (docs/method.md, a trial)."""

    COMPILE = "load is compiled"
    TOPICS = "topics"
    LAUNCH = "launch"
    READY = "ready"
    WARM_UP = "warm-up"
    MEASURED = "measured"
    RECOVERY = "recovery"
    COOL_DOWN = "cool-down"
    FLUSH = "flush"
    LAST_ROWS = "last rows"
    RAMP = "rising load"
    PROBE = "probe"
    AT_ONCE = "all at once"
    STOP = "stop"
    AGAIN = "without engine"
    JUDGE = "judge"


_OF_SPANS = {
    Purpose.WARM_UP: Phase.WARM_UP,
    Purpose.MEASURED: Phase.MEASURED,
    Purpose.RECOVERY: Phase.RECOVERY,
    Purpose.COOL_DOWN: Phase.COOL_DOWN,
}


def phase_at(spans: tuple[Span, ...], elapsed_ms: float) -> Phase | None:
    """Which phase of a load it is; None where the load has no spans."""
    for span in spans:
        if elapsed_ms < span.end_ms:
            return _OF_SPANS[span.purpose]
    return Phase.COOL_DOWN if spans else None


@dataclass(frozen=True)
class Status:
    """One moment of a trial; `left_s` is what remains of the played load of `load_s`, None outside it.

    `rows_due` are the rows of this load, of which `rows_read` came. `behind_s` is for how long the oldest
    row that has not come is due, as far as rows tell that are only counted. `note` says what is being
    tried, and why.
    """

    phase: Phase
    rate_per_s: float | None = None
    rows_read: int | None = None
    left_s: float | None = None
    note: str | None = None
    load_s: float | None = None
    rows_due: int | None = None
    behind_s: float | None = None


class Observer(Protocol):
    """Whoever wants to know."""

    def status(self, status: Status) -> None:
        """Called at each change of phase and about twice a second while the load is played."""
        ...


class Silent:
    """An observer that does not care."""

    def status(self, status: Status) -> None:
        """Nothing."""


def launching(observer: Observer, why: str | None = None) -> None:
    """Say that a job is launched, and `why` that still takes."""
    observer.status(Status(Phase.LAUNCH, note=why))
