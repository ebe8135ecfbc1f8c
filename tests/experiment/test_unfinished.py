"""Slow and wrong are told apart by which rows are missing."""

from __future__ import annotations

import pyarrow as pa
import pytest

from streambench.experiment.unfinished import unfinished
from streambench.model.verdict import Damage, Verdict


def windows(*right: int, expected: int = 10) -> pa.Table:
    """Windows in the order of their time, put down in another."""
    rows = [
        {"window_start_ms": 500 * i, "expected_rows": expected, "right_rows": each}
        for i, each in enumerate(right)
    ]
    return pa.Table.from_pylist(rows[::-1])


def verdict(damage: Damage) -> Verdict:
    return Verdict(50, 50 - damage.lost, damage, (), False, False, True)


def test_the_newest_rows_alone_are_missing() -> None:
    found = unfinished(verdict(Damage(lost=24)), windows(10, 10, 6, 0, 0))
    assert found is not None
    assert found.stage == "last rows"
    assert "the newest 24 of 50 rows" in found.reason
    assert unfinished(verdict(Damage(lost=2)), windows(10, 10, 10, 10, 8)) is not None


@pytest.mark.parametrize(
    ("damage", "seen"),
    [
        (Damage(lost=4), windows(10, 10, 6, 10, 10)),  # a row came after what is missing
        (Damage(lost=30, over_counted=1), windows(10, 10, 0, 0, 0)),
        (Damage(lost=30, unexpected=1), windows(10, 10, 0, 0, 0)),
        (Damage(lost=30, early=1), windows(10, 10, 0, 0, 0)),
        (Damage(lost=50), windows(0, 0, 0, 0, 0)),  # nothing ever came: who knows
        (Damage(duplicates=3), windows(10, 10, 10, 10, 10)),
    ],
)
def test_everything_else_is_for_the_judge(damage: Damage, seen: pa.Table) -> None:
    assert unfinished(verdict(damage), seen) is None
