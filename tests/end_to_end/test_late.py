"""Real, disordered data: what each engine dropped is what its documented clock says of the same log."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streambench.cli.bench import bench
from streambench.experiment.build import Options, make_request
from streambench.load.partition import partition_of
from streambench.model.trial import Completed, Invalid, LateRecords, NotRun, TrialRecord
from streambench.results.bundle import read_bundle
from streambench.workload.locate import find
from tests.end_to_end.bench import PATIENT, on_any_machine
from tests.one_broker import one_broker

pytestmark = pytest.mark.engine


# One day, so that the test is short; the model is told. In 12 s, but for Spark: a batch of a cold one on a
# slow machine takes eight, and where that is half a day nothing in it is late.
DAY = ("2013-06-30T08:00:00Z", "2013-07-01T08:00:00Z")
# The Python consumer has the clock of Kafka Streams.
EXACT = ("kafka-streams", "kafka-streams:flat-json", "spark")
ENGINES = ("flink", *EXACT)
# Its clock is that of the variant as shipped: what is read otherwise is the JSON. Spark's is held by day with
# sessions, below; that it drops late records of windows as well, in tests/engines.
BY_NIGHT = ("kafka-streams:flat-json", "spark")
SPEED_UP = {"spark": "1_800"}
SHORT = "7_200"


def day(folder: Path, speed_up: str, *engines: str) -> tuple[TrialRecord, ...]:
    """Run one day of flights on some engines."""
    place = folder / "workloads" / "day"
    place.mkdir(parents=True)
    shipped = find("flights")
    text = (shipped / "workload.toml").read_text()
    for old, new in (("speed_up   = 1_800", f"speed_up   = {speed_up}"), DAY):
        assert old in text
        text = text.replace(old, new)
    (place / "workload.toml").write_text(text)
    shutil.copy(shipped / "flights.parquet", place)
    return trials(folder, "day", *engines)


def trials(
    folder: Path,
    workload: str,
    *engines: str,
    missing_s: float | None = None,
    rate_per_s: int | None = None,
    measured_s: float | None = None,
) -> tuple[TrialRecord, ...]:
    """Run a workload in a folder on some engines; rows that do not come are waited for so long."""
    with contextlib.chdir(folder):
        request = make_request(
            Options(
                workload=workload,
                engines=engines,
                conditions=PATIENT,
                warm_up_s=2.0,
                rate_per_s=rate_per_s,
                measured_s=measured_s,
                quick=True,
                out=folder / "results",
            )
        )
        request = dataclasses.replace(on_any_machine(request), missing_s=missing_s)
        bench((request,), workspaces=one_broker.workspace)
    (bundle,) = (folder / "results").iterdir()
    records = tuple(trial.record for trial in read_bundle(bundle).trials)
    assert tuple(record.variant.asked for record in records) == engines
    return records


def late_of(record: TrialRecord) -> LateRecords:
    """What an engine dropped, of a result that was right."""
    match record.outcome:
        case Completed(verdict=verdict):
            assert verdict.right, verdict
        case Invalid():  # a busy machine; what was dropped is known all the same
            assert record.certificate is not None
        case other:
            pytest.fail(f"{record.variant.asked}: {other}")
    assert record.late is not None
    return record.late


@pytest.fixture(scope="module")
def one_day(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], LateRecords]:
    """What each engine dropped of that day; engines of one speed share a run."""

    @cache
    def of_speed(speed_up: str) -> Mapping[str, TrialRecord]:
        asked = ENGINES if os.environ.get("STREAMBENCH_NIGHTLY") else {*ENGINES} - {*BY_NIGHT}
        engines = [e for e in ENGINES if e in asked and SPEED_UP.get(e, SHORT) == speed_up]
        records = day(tmp_path_factory.mktemp("day"), speed_up, *engines)
        return dict(zip(engines, records, strict=True))

    return lambda engine: late_of(of_speed(SPEED_UP.get(engine, SHORT))[engine])


@pytest.mark.parametrize(
    "engine",
    [pytest.param(each, marks=pytest.mark.nightly) if each in BY_NIGHT else each for each in EXACT],
)
def test_an_exact_clock_predicts_every_dropped_record(
    one_day: Callable[[str], LateRecords], engine: str
) -> None:
    late = one_day(engine)
    assert late.predicted is not None
    assert late.dropped == late.predicted
    assert 0 < late.dropped < late.records


def test_flinks_clock_bounds_what_it_dropped(one_day: Callable[[str], LateRecords]) -> None:
    late = one_day("flink")
    assert late.dropped is not None
    assert late.predicted_low is not None
    assert late.predicted_high is not None
    assert late.predicted_low <= late.dropped <= late.predicted_high
    assert late.predicted_high > 0


FILTERED = """
title = "Views per key, with clicks far ahead"
[input]
replay     = "events.parquet"
arrival    = "arrived"
event_time = "happened"
origin     = "made for this test"
speed_up   = 1
partitions = 2
[input.fields]
name   = "string"
action = "string"
[query]
where    = "action = 'view'"
group_by = ["name"]
window   = { tumbling = "200 ms" }
grace    = "20 ms"
[query.select]
views = "count(*)"
"""
RECORDS, KEYS = 9_000, 12


def test_flink_and_the_oracle_let_the_same_records_move_the_clock(tmp_path: Path) -> None:
    place = tmp_path / "workloads" / "filtered"
    place.mkdir(parents=True)
    (place / "workload.toml").write_text(FILTERED)
    rng = np.random.default_rng(1)
    arrived_ms = 1_764_000_000_000 + np.arange(RECORDS)
    names = np.array([f"k{i % KEYS}" for i in range(RECORDS)])
    views = rng.random(RECORDS) < 0.7
    # Clicks an hour ahead: if they moved a clock, nearly every view after the first would be late.
    behind_ms = np.where(rng.random(RECORDS) < 0.02, 400, rng.integers(0, 20, RECORDS))
    happened_ms = arrived_ms + np.where(views, -behind_ms, 3_600_000)
    pq.write_table(
        pa.table(
            {
                "arrived": pa.array(arrived_ms, pa.timestamp("ms")),
                "happened": pa.array(happened_ms, pa.timestamp("ms")),
                "name": pa.array(names),
                "action": pa.array(np.where(views, "view", "click")),
            }
        ),
        place / "events.parquet",
    )

    (record,) = trials(tmp_path, "filtered", "flink")
    late = late_of(record)
    by_partition: dict[int, int] = {}
    may_be_late = 0
    for name, event_ms in zip(names[views], happened_ms[views], strict=True):
        partition = partition_of(str(name).encode(), 2)
        newest_ms = by_partition.get(partition, int(event_ms))
        may_be_late += int(event_ms) // 200 * 200 + 200 + 20 <= newest_ms
        by_partition[partition] = max(newest_ms, int(event_ms))
    assert len(by_partition) == 2
    assert late.records == views.sum()
    assert late.predicted_high == may_be_late
    assert late.dropped is not None
    assert 0 < late.dropped <= may_be_late < 0.03 * RECORDS


SESSIONS = """
title = "Visits, of which some events come late"
[input]
rate       = 2_000
partitions = 4
[input.fields]
user  = { int = [1, 600] }
spent = { int = [-20, 90] }
[input.time]
disorder = "3 s"
[query]
group_by = ["user"]
window   = { session = "600 ms" }
grace    = "100 ms"
[query.select]
n     = "count(*)"
total = "sum(spent)"
most  = "max(spent)"
"""


def test_sessions_into_which_events_come_late(tmp_path: Path) -> None:
    """The consumer joins first and then tests, Spark tests first; Flink's clock hangs on the order of reading."""
    place = tmp_path / "workloads" / "visits"
    place.mkdir(parents=True)
    (place / "workload.toml").write_text(SESSIONS)
    engines = ("flink", "spark", "kafka-python", "kafka-streams")
    *records, streams = trials(tmp_path, "visits", *engines, rate_per_s=2_000, measured_s=10.0)
    match streams.outcome:
        case NotRun(reason=reason):
            assert "count twice" in reason
        case other:
            pytest.fail(f"Kafka Streams: {other}")
    flink, *exact = map(late_of, records)
    for late in exact:
        assert late.dropped is not None
        assert late.dropped == late.predicted
        assert 0 < late.dropped < late.records
    assert flink.dropped is not None
    assert flink.predicted_low is not None
    assert flink.predicted_high is not None
    assert flink.predicted_low <= flink.dropped <= flink.predicted_high
    assert flink.predicted_high > 0
