"""Which trials were made at another speed of the machine."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from streambench.model.conditions import Variant
from streambench.model.trial import Invalid, TrialRecord
from streambench.results.speed import at_another_speed


def trials(gauges_us: Sequence[float | None], load: str = "a", first: int = 1) -> list[TrialRecord]:
    return [
        TrialRecord(
            number=number,
            round=1,
            variant=Variant("flink", "1"),
            outcome=Invalid(""),
            started_at="",
            cold=False,
            measures={} if gauge_us is None else {"player_cpu_us_per_request": gauge_us},
            trace_sha256=load,
        )
        for number, gauge_us in enumerate(gauges_us, first)
    ]


@pytest.mark.parametrize(
    "gauges_us", [[], [200.0], [200.0, 229.0], [200.0, 210.0, 229.9], [None, 200.0], [200.0, None]]
)
def test_trials_of_one_speed_are_compared(gauges_us: list[float | None]) -> None:
    assert at_another_speed(trials(gauges_us)) == {}


def test_the_few_that_differ_are_marked_with_both_figures() -> None:
    found = at_another_speed(trials([200, 260, 205, 210, 150]))
    assert set(found) == {2, 5}
    assert found[2] == (
        "the machine was slower than in most: the player took 260.0 µs for a request that took "
        "200.0 to 210.0 µs in most trials of this run"
    )
    assert "faster" in found[5]


def test_where_no_speed_has_more_than_half_nobody_is_compared() -> None:
    assert set(at_another_speed(trials([200, 260]))) == {1, 2}
    halves = at_another_speed(trials([200, 201, 260, 262]))  # slowed half-way
    assert set(halves) == {1, 2, 3, 4}
    assert "between 200.0 and 262.0 µs" in halves[1]


def test_those_that_stay_are_of_one_speed_with_each_other() -> None:
    """A chain of small steps is no speed: 200 and 240 are too far apart, whatever lies between."""
    found = at_another_speed(trials([200, 210, 220, 230, 240]))
    kept = [gauge for number, gauge in enumerate((200, 210, 220, 230, 240), 1) if number not in found]
    assert len(kept) == 4
    assert max(kept) <= 1.15 * min(kept)


def test_loads_are_not_compared_with_each_other() -> None:
    mixed = [*trials([200, 205]), *trials([900, 905], load="b", first=3)]
    assert at_another_speed(mixed) == {}
