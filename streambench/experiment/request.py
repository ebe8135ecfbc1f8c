"""What a user asked for, complete and checked: nothing is decided later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from streambench.engines.protocol import Engine
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Plan, Unsupported
from streambench.model.workload import Replay, Workload

# A window needs this many siblings before any percentile may be shown.
DEFAULT_WARM_UP_S = 20.0
DEFAULT_MEASURED_S = 60.0
QUICK_WARM_UP_S = 5.0
QUICK_MEASURED_S = 10.0


@dataclass(frozen=True)
class Contender:
    """A variant with its engine and its plan, or the reason why there is none."""

    engine: Engine
    variant: Variant
    plan: Plan | Unsupported


@dataclass(frozen=True)
class Request:
    """One `streambench run`."""

    workload: Workload
    workload_text: str
    contenders: tuple[Contender, ...]
    conditions: Conditions
    rate_per_s: int | None  # None: the workload's own
    warm_up_s: float
    measured_s: float
    quick: bool
    repeats: int
    seed: int
    out: Path
    command: str

    @property
    def is_replay(self) -> bool:
        """A replay is as long as its file, at its own rate."""
        return isinstance(self.workload.input, Replay)
