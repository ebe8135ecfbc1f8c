"""What the broker costs without an engine, between the rates that were tried."""

from __future__ import annotations

import pytest

from streambench.model.carried import Carried, NullTrial


def carried(*steps: tuple[int, float, bool]) -> NullTrial:
    return NullTrial(
        "here",
        "2026-01-01",
        tuple(Carried(rate, held, None, 0.2, 0.03, cores) for rate, cores, held in steps),
    )


def test_the_brokers_own_cost_lies_between_the_rates_that_held() -> None:
    found = carried((10_000, 0.1, True), (110_000, 0.3, True), (1_000_000, 9.0, False))
    assert found.broker_cores_at(10_000) == pytest.approx(0.1)
    assert found.broker_cores_at(60_000) == pytest.approx(0.2)
    assert found.broker_cores_at(110_000) == pytest.approx(0.3)


def test_beyond_the_rates_that_held_nothing_is_known() -> None:
    found = carried((10_000, 0.1, True), (110_000, 0.3, True), (1_000_000, 9.0, False))
    assert found.broker_cores_at(9_999) is None
    assert found.broker_cores_at(500_000) is None
    assert carried().broker_cores_at(10_000) is None
