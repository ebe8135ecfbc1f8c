from __future__ import annotations

import pytest

from streambench.model.conditions import Guarantee
from streambench.model.pace import Limit, Quantile
from streambench.results.limits import delay_within

P99 = Limit(Quantile.P99, 2_000)


@pytest.mark.parametrize(
    ("measures", "within", "words"),
    [
        ({"delay_p99_ms": 1_999.0, "delay_max_ms": 9_000.0}, True, "p99 was 1,999"),
        ({"delay_p99_ms": 2_001.0, "delay_max_ms": 9_000.0}, False, "p99 was 2,001"),
        ({"delay_p99_ms": None, "delay_max_ms": 1_500.0}, True, "max was 1,500"),
        ({"delay_p99_ms": None, "delay_max_ms": 2_500.0}, False, "max was 2,500"),
        ({}, False, "not known"),
    ],
)
def test_a_percentile_that_is_not_earned_is_stood_in_for_by_the_slowest(
    measures: dict[str, float | None], within: bool, words: str
) -> None:
    found, why = delay_within(measures, P99, Guarantee.AT_LEAST_ONCE)
    assert found is within
    assert words in why


def test_under_exactly_once_the_visible_delay_counts() -> None:
    measures = {"delay_p99_ms": 10.0, "visible_p99_ms": 3_000.0}
    assert delay_within(measures, P99, Guarantee.AT_LEAST_ONCE)[0]
    assert not delay_within(measures, P99, Guarantee.EXACTLY_ONCE)[0]
