"""An idle hour in the data, then an idle partition: Kafka Streams may not lose the last windows before it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streambench.model.trial import Completed, Invalid, TrialRecord
from streambench.workload.partition import partition_of
from tests.end_to_end.test_late import trials

pytestmark = pytest.mark.engine

BEGIN_S = 1_700_000_000
BUSY_S, IDLE_S = 120, 3_600
KEYS = 40
PARTITIONS = 4
BUSY_AGAIN = [key for key in range(KEYS) if partition_of(f"s{key}".encode(), PARTITIONS)]
WORKLOAD = f"""
title = "Readings per sensor, with an idle hour"
[input]
replay = "readings.parquet"
arrival = "at"
event_time = "at"
speed_up = 360
origin = "made for this test"
partitions = {PARTITIONS}
[input.fields]
sensor = "string"
reading = "bigint"
[query]
group_by = ["sensor"]
window = {{ tumbling = "10 s" }}
grace = "1 s"
[query.select]
readings = "count(*)"
greatest = "max(reading)"
"""


def idle_hour(folder: Path, *engines: str) -> tuple[TrialRecord, ...]:
    """Two busy minutes, an idle hour, two busy minutes, in which nothing comes on one of the partitions."""
    place = folder / "workloads" / "readings"
    place.mkdir(parents=True)
    (place / "workload.toml").write_text(WORKLOAD)
    before = [(second, key) for second in range(BUSY_S) for key in range(KEYS)]
    after = [(IDLE_S + second, key) for second, key in before if key in BUSY_AGAIN]
    rows = before + after
    at = pa.array([(BEGIN_S + second) * 1_000 for second, _ in rows], pa.timestamp("ms", "UTC"))
    columns = {
        "at": at,
        "sensor": [f"s{key}" for _, key in rows],
        "reading": [second * key % 97 for second, key in rows],
    }
    pq.write_table(pa.table(columns), place / "readings.parquet")
    return trials(folder, "readings", *engines, missing_s=10)


def test_no_final_result_is_lost_even_without_a_record_cache(tmp_path: Path) -> None:
    """Without the cache the window store alone has the windows; as shipped even the probes are lost there.

    What is lost as shipped is shown by a script in findings/.
    """
    (tmp_path / "variants.toml").write_text(VARIANT)
    (trial,) = idle_hour(tmp_path, "kafka-streams:no-cache")
    match trial.outcome:
        case Completed(verdict=verdict):
            assert verdict.right, verdict.damage
            assert verdict.expected_rows == BUSY_S // 10 * (KEYS + len(BUSY_AGAIN))
        case Invalid(reason=reason):
            assert trial.certificate is not None, reason
            assert not trial.certificate.held
        case other:
            pytest.fail(str(other))


VARIANT = """
[kafka-streams.no-cache]
note = "no record cache, so that only the store has the windows"
settings = { "statestore.cache.max.bytes" = "0" }
"""
