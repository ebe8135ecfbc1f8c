"""A job's health is asked of its engine only where what was told is too old."""

from __future__ import annotations

from streambench.engines.common.asking import AskingPolicy, HealthAsked
from streambench.engines.protocol import Health, State


class Asked:
    """An engine that says how often it was asked."""

    def __init__(self) -> None:
        self.at_ns: list[int] = []

    def __call__(self, now_ns: int) -> Health:
        self.at_ns.append(now_ns)
        return Health(State.RUNNING, f"asked {len(self.at_ns)} times")


def test_what_is_fresh_is_not_asked_for_again_unless_it_is_forgotten() -> None:
    engine = Asked()
    health = HealthAsked(engine, AskingPolicy(fresh_s=3_600.0))
    assert [health.now().detail for _ in range(3)] == ["asked 1 times"] * 3
    health.forget()
    assert health.now().detail == "asked 2 times"


def test_what_is_too_old_is_asked_for_by_the_clock() -> None:
    engine = Asked()
    health = HealthAsked(engine, AskingPolicy(fresh_s=0.0))
    assert [health.now().detail for _ in range(2)] == ["asked 1 times", "asked 2 times"]
    assert engine.at_ns == sorted(engine.at_ns)
