"""The scripted engine on a real broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.engines.reference import ENGINE
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.runtime.waiting import wait_until
from tests.engines.cluster_lab import running
from tests.engines.deaths_lab import duplicates, wrong_rows

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    ("guarantee", "clock"),
    [
        (Guarantee.AT_LEAST_ONCE, "per-partition"),
        (Guarantee.EXACTLY_ONCE, "min-of-partitions"),
    ],
    ids=["at-least-once", "exactly-once"],
)
def test_without_a_script_every_row_is_right(
    tmp_path: Path, guarantee: Guarantee, clock: str
) -> None:
    variant = Variant(ENGINE.name, ENGINE.version, (("clock", clock),))
    with running(ENGINE, Conditions(guarantee=guarantee), tmp_path, variant) as lab:
        lab.windows(0, 4)
        lab.close_windows(4)
        lab.wait_for_rows()
        assert lab.rows == lab.right_rows()


def test_damage_is_what_the_script_says(tmp_path: Path) -> None:
    script = (("lose_every", "10"), ("double_every", "16"), ("raise_every", "25"))
    with running(
        ENGINE, Conditions(), tmp_path, Variant(ENGINE.name, ENGINE.version, script)
    ) as lab:
        lab.windows(0, 6)
        lab.close_windows(6)

        def all_are_out() -> bool:
            lab.read()
            return (
                int(lab.job.readings().words.get("rows written", 0)) == sum(lab.rows.values()) > 110
            )

        wait_until(all_are_out, what="the rows", timeout_s=30)
        words = lab.job.readings().words
        lost = {row[:2] for row in lab.right_rows()} - {row[:2] for row in lab.rows}
        assert len(lost) == int(words["rows lost by script"]) == 12
        assert duplicates(lab) == int(words["rows doubled by script"])
        altered = wrong_rows(lab).total() - len(lost)
        assert altered >= int(words["rows raised by script"]) > 0
