"""Kafka Streams on a real broker: exact results, under exactly-once, deaths included."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.engines.kafka_streams import ENGINE
from streambench.model.conditions import Conditions, Guarantee
from tests.engines.cluster_lab import running
from tests.engines.deaths_lab import (
    duplicates,
    rows_after_a_kill,
    rows_after_a_sleep,
    wait_healthy,
    wrong_rows,
)

pytestmark = pytest.mark.engine


def test_every_row_comes_out_once_and_right(tmp_path: Path) -> None:
    # At-least-once goes the whole way in tests/end_to_end.
    with running(ENGINE, Conditions(guarantee=Guarantee.EXACTLY_ONCE), tmp_path) as lab:
        lab.windows(0, 6)
        lab.close_windows(6)
        lab.wait_for_rows()
        assert lab.rows == lab.right_rows()
        wait_healthy(lab)
        readings = lab.job.readings()
        assert readings.late_counter == 0
        assert readings.restarts == 0
        # Its heap is large from the start, and so few records fill none of it: known, and perhaps none.
        assert readings.gc_pauses is not None
        asked = {item.name for item in lab.plan.settings if item.scope == "kafka-streams"}
        assert {name for _, name in readings.effective} >= asked
        assert readings.effective["kafka-streams", "commit.interval.ms"] == "970"


def test_exactly_once_outlives_a_kill_inside_a_transaction(tmp_path: Path) -> None:
    lab = rows_after_a_kill(ENGINE, Guarantee.EXACTLY_ONCE, tmp_path)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0


def test_one_that_wakes_inside_a_transaction_does_no_harm(tmp_path: Path) -> None:
    # Its session and its transaction have run out, and others have its partitions.
    lab = rows_after_a_sleep(ENGINE, Guarantee.EXACTLY_ONCE, tmp_path)
    assert not wrong_rows(lab)
    assert duplicates(lab) == 0
