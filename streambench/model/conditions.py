"""The terms that are equal for every engine, and the contenders."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Guarantee(enum.Enum):
    """What the user asks of state and output when something dies."""

    AT_LEAST_ONCE = "at-least-once"
    EXACTLY_ONCE = "exactly-once"


class Profile(enum.Enum):
    """How failures are noticed: equal and short for all, or each engine as it ships."""

    TUNED = "tuned"
    DEFAULTS = "defaults"


@dataclass(frozen=True)
class Conditions:
    """Equal terms; every default here is a fairness rule and is printed as one.

    The commit interval does not divide the window, so that commits and closings do not lock phase.
    """

    guarantee: Guarantee = Guarantee.AT_LEAST_ONCE
    workers: int = 2
    partitions: int = 4
    commit_interval_ms: int = 970
    heartbeat_interval_ms: int = 500
    session_timeout_ms: int = 2_000
    transaction_timeout_ms: int = 3_000
    producer_linger_ms: int = 0
    worker_heap_mib: int = 512
    # Engines yield to the broker and the load when cores are short, as if these had a machine of
    # their own; without it an engine that compiles itself holds up the load that it is measured by.
    engine_nice: int = 19
    # Under `defaults` heartbeats, time-outs and commit intervals keep what the engine ships with.
    profile: Profile = Profile.TUNED
    # How long the supervisor waits before it starts a process again that died; None: it never does.
    restart_delay_ms: int | None = 0


@dataclass(frozen=True)
class Variant:
    """A contender: an engine, its version and the user's own settings."""

    engine: str
    version: str
    settings: tuple[tuple[str, str], ...] = field(default=())

    @property
    def label(self) -> str:
        """Short unique name, fit for a folder."""
        return self.engine if not self.settings else f"{self.engine}+{len(self.settings)}"
