"""Every engine as it ships can be given a worker more while it runs, and its results stay right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from streambench.engines.registry import engine_named
from streambench.model.conditions import Guarantee, Profile
from tests.beside import Act, Ended, acts
from tests.engines.cluster_lab import given_up
from tests.engines.deaths_lab import duplicates, rows_after_a_rescaling, wrong_rows

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", autouse=True)
def ended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ended]:
    with acts(request, tmp_path_factory, at_once=1, given_up=given_up()) as ended:
        yield ended


@dataclass(frozen=True)
class NothingIsLostOrWrong:
    """The act of one engine: a worker more while rows are on their way."""

    name: str
    guarantee: Guarantee

    def __call__(self, folder: Path) -> None:
        # With the detection that it ships with, so that this is tried, too: nobody fails here.
        engine = engine_named(self.name)
        lab = rows_after_a_rescaling(engine, self.guarantee, folder, Profile.DEFAULTS)
        assert not wrong_rows(lab)
        if self.guarantee is Guarantee.EXACTLY_ONCE:
            assert duplicates(lab) == 0
        shipped = {(s.scope, s.name): s.value for s in lab.plan.settings if s.recovery}
        effective = lab.effective
        told = {key: effective[key] for key in shipped if key in effective}
        assert told or self.name == "spark"  # which does not say what it was not told
        loose = {"restart-strategy.type"}
        assert {key: value for key, value in told.items() if key[1] not in loose} == {
            key: shipped[key] for key in told if key[1] not in loose
        }


# One after another: a busy machine leaves kafka-python members that the group waits for in vain.
@pytest.mark.parametrize(
    "act",
    [
        NothingIsLostOrWrong("spark", Guarantee.AT_LEAST_ONCE),
        NothingIsLostOrWrong("flink", Guarantee.EXACTLY_ONCE),
        NothingIsLostOrWrong("kafka-streams", Guarantee.EXACTLY_ONCE),
        NothingIsLostOrWrong("kafka-python", Guarantee.AT_LEAST_ONCE),
        NothingIsLostOrWrong("kafka-python", Guarantee.EXACTLY_ONCE),
    ],
    ids=lambda act: f"{act.name}-{act.guarantee.value}",
)
def test_nothing_is_lost_or_wrong_with_a_worker_more(ended: Ended, act: Act) -> None:
    ended(act)
