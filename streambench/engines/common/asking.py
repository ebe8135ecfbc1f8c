"""How often an engine's own interface is asked: each answer costs the engine CPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from streambench.engines.protocol import Health, State


@dataclass(frozen=True)
class AskingPolicy:
    """No answer is asked for anew before it is `fresh_s` old.

    `metrics_age_s` is how long Flink's metrics may lag: twice the interval at which its JobManager
    fetches them.
    """

    fresh_s: float = 0.9
    metrics_age_s: float = 2.0


ASKING = AskingPolicy()


class HealthAsked:
    """The health of a job that was submitted, as `ask` told it last; it gets the monotonic clock in ns."""

    def __init__(self, ask: Callable[[int], Health], asking: AskingPolicy = ASKING) -> None:
        self._ask = ask
        self._asking = asking
        self._told = Health(State.STARTING, "submitted")
        self._asked_ns: int | None = None

    def now(self) -> Health:
        """What was told, asked for anew where it is too old."""
        now_ns = time.monotonic_ns()
        if self._asked_ns is None or now_ns - self._asked_ns >= self._asking.fresh_s * 1e9:
            self._asked_ns = now_ns
            self._told = self._ask(now_ns)
        return self._told

    def forget(self) -> None:
        """Ask anew the next time, however soon that is."""
        self._asked_ns = None
