"""Every engine can be given a worker more while it runs, and its results stay right."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.engines.registry import engine_named
from streambench.model.conditions import Guarantee
from tests.engines.deaths_lab import duplicates, rows_after_a_rescaling, wrong_rows

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("name", "guarantee"),
    [
        ("flink", Guarantee.EXACTLY_ONCE),
        ("spark", Guarantee.AT_LEAST_ONCE),
        ("kafka-streams", Guarantee.EXACTLY_ONCE),
        ("kafka-python", Guarantee.EXACTLY_ONCE),
    ],
    ids=lambda value: value.value if isinstance(value, Guarantee) else value,
)
def test_nothing_is_lost_or_wrong_with_a_worker_more(
    tmp_path: Path, name: str, guarantee: Guarantee
) -> None:
    lab = rows_after_a_rescaling(engine_named(name), guarantee, tmp_path)
    assert not wrong_rows(lab)
    if guarantee is Guarantee.EXACTLY_ONCE:
        assert duplicates(lab) == 0
