"""Every engine goes on when the log itself goes away and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.engines.registry import engine_named
from streambench.model.conditions import Guarantee
from tests.engines.deaths_lab import (
    duplicates,
    over_counted_only,
    rows_after_the_brokers_death,
    wrong_rows,
)

pytestmark = [
    pytest.mark.engine,
    # kafka-python leaves the sockets of refused connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

BOTH = tuple(Guarantee)


@pytest.mark.parametrize(
    ("name", "guarantee"),
    [
        *(("flink", guarantee) for guarantee in BOTH),
        ("spark", Guarantee.AT_LEAST_ONCE),
        *(("kafka-streams", guarantee) for guarantee in BOTH),
        *(("kafka-python", guarantee) for guarantee in BOTH),
        # The reference ends itself under exactly-once: what it had in a transaction it cannot tell.
        ("reference", Guarantee.AT_LEAST_ONCE),
    ],
    ids=lambda value: value.value if isinstance(value, Guarantee) else value,
)
def test_nothing_is_lost_or_wrong_when_the_broker_comes_back(
    tmp_path: Path, name: str, guarantee: Guarantee
) -> None:
    lab = rows_after_the_brokers_death(engine_named(name), guarantee, tmp_path)
    if (name, guarantee) == ("kafka-streams", Guarantee.AT_LEAST_ONCE):
        # Its state was flushed, and then its offsets were refused: the broker had forgotten the group.
        assert over_counted_only(lab)
        return
    assert not wrong_rows(lab)
    if guarantee is Guarantee.EXACTLY_ONCE:
        assert duplicates(lab) == 0
