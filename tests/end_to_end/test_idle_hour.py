"""An idle hour in the data: no engine may lose the last windows before it, and none does without a word."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streambench.model.trial import Completed, Invalid, TrialRecord
from tests.end_to_end.test_late import trials
from tests.one_broker import brief_jvms

pytestmark = pytest.mark.engine

BEGIN_S = 1_700_000_000
BUSY_S, IDLE_S = 120, 3_600
KEYS = 40
WORKLOAD = """
title = "Readings per sensor, with an idle hour"
[input]
replay = "readings.parquet"
arrival = "at"
event_time = "at"
speed_up = 360
origin = "made for this test"
[input.fields]
sensor = "string"
reading = "bigint"
[query]
group_by = ["sensor"]
window = { tumbling = "10 s" }
grace = "1 s"
[query.select]
readings = "count(*)"
greatest = "max(reading)"
"""


def idle_hour(folder: Path, *engines: str) -> tuple[TrialRecord, ...]:
    """Two busy minutes, an idle hour, two busy minutes; half of the sensors are silent after the hour."""
    place = folder / "workloads" / "readings"
    place.mkdir(parents=True)
    (place / "workload.toml").write_text(WORKLOAD)
    before = [(second, key) for second in range(BUSY_S) for key in range(KEYS)]
    after = [(IDLE_S + second, key) for second, key in before if key % 2]
    rows = before + after
    at = pa.array([(BEGIN_S + second) * 1_000 for second, _ in rows], pa.timestamp("ms", "UTC"))
    columns = {
        "at": at,
        "sensor": [f"s{key}" for _, key in rows],
        "reading": [second * key % 97 for second, key in rows],
    }
    pq.write_table(pa.table(columns), place / "readings.parquet")
    return trials(folder, "readings", *engines, missing_s=10)


def test_no_final_result_is_lost_and_the_shipped_retention_loses_some(tmp_path: Path) -> None:
    with brief_jvms():
        engines = ("kafka-streams:tiny-cache", "kafka-streams:tiny-cache-shipped")
        (tmp_path / "variants.toml").write_text(VARIANTS)
        safe, shipped = idle_hour(tmp_path, *engines)
    for trial in (safe, shipped):
        assert isinstance(trial.outcome, Completed | Invalid), trial.outcome
    if isinstance(safe.outcome, Completed):
        assert safe.outcome.verdict.right, safe.outcome.verdict.damage
    if isinstance(shipped.outcome, Completed):
        assert shipped.outcome.verdict.damage.lost > 0


# So small that a window of the load leaves it, and so large that the probes of the start do not.
VARIANTS = """
[kafka-streams.tiny-cache]
note = "a record cache that holds a part of a window"
settings = { "statestore.cache.max.bytes" = "2000" }
[kafka-streams.tiny-cache-shipped]
note = "the same, and the retention that Kafka Streams ships"
settings = { "statestore.cache.max.bytes" = "2000", "streambench.retention" = "shipped" }
"""
