"""Every engine as it ships can be given a worker more while it runs, and its results stay right."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.engines.registry import engine_named
from streambench.model.conditions import Guarantee, Profile
from tests.engines.deaths_lab import duplicates, rows_after_a_rescaling, wrong_rows

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("name", "guarantee"),
    [
        ("flink", Guarantee.EXACTLY_ONCE),
        ("spark", Guarantee.AT_LEAST_ONCE),
        ("kafka-streams", Guarantee.EXACTLY_ONCE),
        ("kafka-python", Guarantee.AT_LEAST_ONCE),
        ("kafka-python", Guarantee.EXACTLY_ONCE),
    ],
    ids=lambda value: value.value if isinstance(value, Guarantee) else value,
)
def test_nothing_is_lost_or_wrong_with_a_worker_more(
    tmp_path: Path, name: str, guarantee: Guarantee
) -> None:
    # With the detection that it ships with, so that this is tried, too: nobody fails here.
    lab = rows_after_a_rescaling(engine_named(name), guarantee, tmp_path, Profile.DEFAULTS)
    assert not wrong_rows(lab)
    if guarantee is Guarantee.EXACTLY_ONCE:
        assert duplicates(lab) == 0
    shipped = {(s.scope, s.name): s.value for s in lab.plan.settings if s.recovery}
    effective = lab.effective
    told = {key: effective[key] for key in shipped if key in effective}
    assert told or name == "spark"  # which does not say what it was not told
    loose = {"restart-strategy.type"}
    assert {key: value for key, value in told.items() if key[1] not in loose} == {
        key: shipped[key] for key in told if key[1] not in loose
    }
