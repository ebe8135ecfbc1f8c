"""How often an engine's own interface is asked: each answer costs the engine CPU."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AskingPolicy:
    """No answer is asked for anew before it is `fresh_s` old.

    `metrics_age_s` is how long Flink's metrics may lag: twice the interval at which its JobManager
    fetches them.
    """

    fresh_s: float = 0.9
    metrics_age_s: float = 2.0


ASKING = AskingPolicy()
