from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pytest
from kafka.record.default_records import DefaultRecordBatch

from streambench.load.batch import stamp_header
from streambench.load.draw import Stream
from streambench.load.partition import partition_of
from streambench.load.resolve import chunks, resolve
from streambench.load.trace import CompilePolicy, Trace, compile_trace
from streambench.load.writer import BATCH, write_trace
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.field_source import Choice
from streambench.model.workload import Field, Synthetic, Workload
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

CLICKS = load_workload(shipped_root() / "clicks")
GOLDEN = "5e8c2770f07d980c662a45a12ba583bd05fbc826306d611b477814493d145f6e"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("traces")


@pytest.fixture(scope="module")
def trace(cache: Path) -> Trace:
    return compile_trace(CLICKS, duration_ms=2_000, seed=1, cache=cache)


def rows(trace: Trace, select: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(  # type: ignore[no-any-return]
            select.replace("TRACE", f"'{trace.columns_glob}'")
        ).fetchall()


def test_the_bytes_of_clicks_never_change(trace: Trace) -> None:
    """Whoever changes them must raise resolve.FORMAT, as old traces and results are then others."""
    assert trace.meta.sha256 == GOLDEN


def test_the_meta_data_tell_what_the_files_hold(trace: Trace) -> None:
    meta = trace.meta
    assert (meta.records, meta.partitions, meta.quantum_ms) == (40_000, 4, 5)
    assert (meta.duration_ms, meta.quanta, meta.rate_per_s) == (2_000, 400, 20_000)
    assert meta.event_time_follows_due
    assert sum(meta.records_by_partition) == 40_000
    assert rows(trace, "SELECT count(*), min(event_ms), max(event_ms) FROM TRACE") == [
        (40_000, meta.min_event_ms, meta.max_event_ms)
    ]
    assert trace.batches.dtype == BATCH
    assert trace.batches["count"].sum() == 40_000
    last = trace.batches[-1]
    assert trace.records_path.stat().st_size == last["offset"] + last["length"]


def test_kafka_python_reads_from_the_bytes_what_the_columns_say(trace: Trace) -> None:
    data = trace.records_path.read_bytes()
    columns = rows(
        trace,
        "SELECT partition, event_ms, campaign, action, price FROM TRACE"
        " ORDER BY quantum, partition, position",
    )
    at = 0
    for row in trace.batches:
        records = data[row["offset"] : row["offset"] + row["length"]]
        header = stamp_header(
            records,
            count=int(row["count"]),
            base_ms=int(row["base_ms"]),
            max_ms=int(row["max_ms"]),
            producer_id=1,
            producer_epoch=0,
            base_sequence=0,
        )
        batch = DefaultRecordBatch(header + records)
        assert batch.validate_crc()
        times = []
        for record in batch:
            partition, event_ms, campaign, action, price = columns[at]
            text = f'{{"campaign":"{campaign}","action":"{action}","price":{price}}}'
            assert (record.timestamp, record.value.decode()) == (event_ms, text)
            assert record.key.decode() == campaign
            assert partition == row["partition"] == partition_of(record.key, 4)
            times.append(record.timestamp)
            at += 1
        assert (min(times), max(times), len(times)) == (row["base_ms"], row["max_ms"], row["count"])
    assert at == len(columns)


def test_batches_are_in_order_of_quantum_and_partition_and_never_empty(trace: Trace) -> None:
    slot = trace.batches["quantum"].astype(np.int64) * 4 + trace.batches["partition"]
    assert (np.diff(slot) > 0).all()
    assert (trace.batches["count"] > 0).all()


def test_position_is_the_place_in_the_partitions_log(trace: Trace) -> None:
    assert rows(
        trace,
        "SELECT count(*) FROM (SELECT position, row_number() OVER"
        " (PARTITION BY partition ORDER BY quantum, position) - 1 AS place FROM TRACE)"
        " WHERE place <> position",
    ) == [(0,)]


def test_disorder_only_delays_and_stays_within_its_bound(trace: Trace) -> None:
    ((low, high),) = rows(
        trace,
        "SELECT min((quantum + 1) * 5 - event_ms), max((quantum + 1) * 5 - event_ms) FROM TRACE",
    )
    assert (low, high) == (1, 55)


def test_records_of_a_partition_lie_in_nominal_order_before_disorder(tmp_path: Path) -> None:
    ordered = dataclasses.replace(CLICKS, input=Synthetic(rate_per_s=20_000, disorder_ms=0))
    trace = compile_trace(ordered, duration_ms=2_000, seed=1, cache=tmp_path)
    assert rows(
        trace,
        "SELECT count(*) FROM (SELECT event_ms, lag(event_ms) OVER"
        " (PARTITION BY partition ORDER BY position) AS before FROM TRACE) WHERE event_ms < before",
    ) == [(0,)]


@pytest.mark.parametrize("chunk_records", [700, 5_000])
def test_the_chunks_size_changes_no_byte(trace: Trace, tmp_path: Path, chunk_records: int) -> None:
    load = resolve(CLICKS, duration_ms=2_000, rate_per_s=None)
    cut = chunks(CLICKS, load, seed=1, partitions=4, chunk_records=chunk_records)
    written = write_trace(tmp_path, CLICKS, cut, partitions=4)
    assert written.sha256 == trace.meta.sha256
    assert (tmp_path / "records.bin").read_bytes() == trace.records_path.read_bytes()
    assert (tmp_path / "batches.npy").read_bytes() == (trace.folder / "batches.npy").read_bytes()
    whole = "SELECT * FROM TRACE ORDER BY partition, position"
    assert rows(dataclasses.replace(trace, folder=tmp_path), whole) == rows(trace, whole)


@pytest.mark.parametrize("rate", [7, 333, 19_999])
def test_a_rate_that_no_quantum_divides_is_kept_to_the_record(tmp_path: Path, rate: int) -> None:
    uneven = dataclasses.replace(CLICKS, input=Synthetic(rate_per_s=rate, disorder_ms=0))
    load = resolve(uneven, duration_ms=3_000, rate_per_s=None)
    cut = list(chunks(uneven, load, seed=1, partitions=4, chunk_records=500))
    quantum = np.concatenate([chunk.quantum for chunk in cut])
    event_ms = np.concatenate([chunk.event_ms for chunk in cut])
    assert len(quantum) == 3 * rate == load.records
    expected = [(i * 1_000 // (rate * 5), i * 1_000 // rate) for i in range(3 * rate)]
    assert list(zip(quantum.tolist(), event_ms.tolist(), strict=True)) == expected


def test_another_seed_or_rate_or_duration_is_another_trace(trace: Trace, cache: Path) -> None:
    others = [
        compile_trace(CLICKS, duration_ms=2_000, seed=2, cache=cache),
        compile_trace(CLICKS, duration_ms=2_000, seed=1, cache=cache, rate_per_s=10_000),
        compile_trace(CLICKS, duration_ms=2_500, seed=1, cache=cache),
        compile_trace(CLICKS, duration_ms=2_000, seed=1, cache=cache, partitions=2),
    ]
    hashes = {trace.meta.sha256, *(other.meta.sha256 for other in others)}
    assert len(hashes) == 5


def test_what_does_not_touch_the_bytes_shares_the_trace(trace: Trace, cache: Path) -> None:
    other = dataclasses.replace(CLICKS, title="Other", query=dataclasses.replace(
        CLICKS.query, grace_ms=900, where=None))  # fmt: skip
    assert compile_trace(other, duration_ms=2_000, seed=1, cache=cache).folder == trace.folder


def test_adding_a_field_changes_no_other_field(trace: Trace, tmp_path: Path) -> None:
    extra = Field("zone", CLICKS.fields[0].type, Choice(("n", "s"), 0.0))
    wider = dataclasses.replace(CLICKS, fields=(extra, *CLICKS.fields))
    again = compile_trace(wider, duration_ms=2_000, seed=1, cache=tmp_path)
    select = "SELECT event_ms, campaign, action, price FROM TRACE ORDER BY partition, position"
    assert rows(again, select) == rows(trace, select)


def test_a_skewed_choice_follows_zipf(trace: Trace) -> None:
    weights = np.arange(1, 1_001) ** -0.8
    for rank in (0, 1, 9):
        ((count,),) = rows(trace, f"SELECT count(*) FROM TRACE WHERE campaign = 'c{rank}'")
        share = weights[rank] / weights.sum()
        spread = np.sqrt(40_000 * share * (1 - share))
        assert abs(float(str(count)) - 40_000 * share) < 4 * spread


def test_whole_numbers_fill_their_range_evenly(trace: Trace) -> None:
    prices = rows(trace, "SELECT price, count(*) FROM TRACE GROUP BY price ORDER BY price")
    assert [price for price, _ in prices] == list(range(1, 501))


def test_a_stream_is_the_same_whether_drawn_at_once_or_in_parts() -> None:
    whole = Stream(5, "x").below(1_000, 100).tolist()
    parts = Stream(5, "x")
    assert parts.below(1_000, 30).tolist() + parts.below(1_000, 70).tolist() == whole
    assert Stream(5, "y").below(1_000, 100).tolist() != whole


def test_offered_counts_the_records_due_in_a_span(trace: Trace) -> None:
    assert trace.offered_between(0, 1_000) == 20_000
    assert trace.offered_between(500, 505) == 100
    assert trace.offered_between(0, 4) == 0
    assert trace.offered_between(0, 60_000) == 40_000
    assert trace.offered_by_second == (20_000, 20_000)


def test_a_trace_is_compiled_once(trace: Trace, cache: Path) -> None:
    told: list[float] = []
    again = compile_trace(CLICKS, duration_ms=2_000, seed=1, cache=cache, progress=told.append)
    assert again == trace
    assert told == []


def test_progress_ends_at_one(tmp_path: Path) -> None:
    told: list[float] = []
    compile_trace(CLICKS, duration_ms=1_500, seed=1, cache=tmp_path, progress=told.append)
    assert told[-1] == 1.0


def test_a_reference_opens_its_trace_and_no_other(trace: Trace) -> None:
    assert Trace.open(trace.ref) == trace
    with pytest.raises(UsageError, match="is gone or is another one"):
        Trace.open(dataclasses.replace(trace.ref, sha256="0" * 64))
    with pytest.raises(UsageError, match="is gone or is another one"):
        Trace.open(dataclasses.replace(trace.ref, folder=trace.folder / "no"))


@pytest.mark.parametrize("damaged", ["trace.json", "records.bin", "batches.npy"])
def test_a_damaged_trace_is_compiled_anew(tmp_path: Path, damaged: str) -> None:
    first = compile_trace(CLICKS, duration_ms=1_500, seed=1, cache=tmp_path)
    file = first.folder / damaged
    file.write_bytes(file.read_bytes()[:-200])
    again = compile_trace(CLICKS, duration_ms=1_500, seed=1, cache=tmp_path)
    assert again.meta == first.meta
    assert again.records_path.stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [first.folder.name]


def test_a_trace_of_another_format_is_compiled_anew(tmp_path: Path) -> None:
    first = compile_trace(CLICKS, duration_ms=1_500, seed=1, cache=tmp_path)
    meta = first.folder / "trace.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"format": 0}))
    assert compile_trace(CLICKS, duration_ms=1_500, seed=1, cache=tmp_path).meta == first.meta


COMPILE = """
import sys
import time
from pathlib import Path
from streambench.load.trace import compile_trace
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload
clicks = load_workload(shipped_root() / "clicks")
print(compile_trace(clicks, duration_ms=2_000, seed=1, cache=Path(sys.argv[1])).meta.sha256)
"""


def test_two_processes_may_compile_the_same_trace_at_once(tmp_path: Path, trace: Trace) -> None:
    argv = [sys.executable, "-c", COMPILE, str(tmp_path)]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].strip() for process in both]
    assert said == [trace.meta.sha256] * 2
    assert [path.name for path in tmp_path.iterdir()] == [trace.folder.name]


def test_folders_that_vanish_while_the_cache_is_looked_through_are_no_error(
    tmp_path: Path, trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process renames or deletes one just after it was seen."""
    for name in ("partial-1-00", "clicks-old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "trace.json").write_text("{}")
    listed, is_file = Path.iterdir, Path.is_file

    def seen_and_gone(path: Path) -> bool:
        found = is_file(path)
        if path.name == "trace.json" and path.parent.name in ("partial-1-00", "clicks-old"):
            shutil.rmtree(path.parent, ignore_errors=True)
        return found

    monkeypatch.setattr(Path, "is_file", seen_and_gone)
    again = compile_trace(CLICKS, duration_ms=2_000, seed=1, cache=tmp_path)
    assert again.meta.sha256 == trace.meta.sha256
    assert trace.folder.name in [path.name for path in listed(tmp_path)]


def test_what_another_process_published_meanwhile_is_kept_and_what_is_damaged_is_replaced(
    tmp_path: Path, trace: Trace
) -> None:
    published: list[int] = []

    def meanwhile(_: float) -> None:
        if not published:
            published.append(0)
            first = compile_trace(CLICKS, duration_ms=2_000, seed=1, cache=tmp_path)
            published[0] = first.folder.stat().st_ino

    second = compile_trace(CLICKS, duration_ms=2_000, seed=1, cache=tmp_path, progress=meanwhile)
    assert second.folder.stat().st_ino == published[0]
    (second.folder / "trace.json").write_text("{}")
    third = compile_trace(CLICKS, duration_ms=2_000, seed=1, cache=tmp_path)
    assert third.folder.stat().st_ino != published[0]
    assert third.meta.sha256 == trace.meta.sha256
    assert [path.name for path in tmp_path.iterdir()] == [trace.folder.name]


def test_what_a_killed_process_left_is_deleted_and_what_a_live_one_does_is_not(
    tmp_path: Path,
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, live = tmp_path / f"partial-{ended.pid}-00", tmp_path / f"partial-{os.getpid()}-00"
    left.mkdir()
    live.mkdir()
    compile_trace(CLICKS, duration_ms=1_500, seed=1, cache=tmp_path)
    assert not left.exists()
    assert live.exists()


def test_a_failed_compilation_leaves_nothing(tmp_path: Path) -> None:
    sparse = dataclasses.replace(CLICKS, input=Synthetic(rate_per_s=1, disorder_ms=0))
    with pytest.raises(UsageError, match="would get no record in all of this load") as caught:
        compile_trace(sparse, duration_ms=1_500, seed=1, cache=tmp_path)
    assert caught.value.hint is not None
    assert list(tmp_path.iterdir()) == []


def test_a_load_that_cannot_work_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be played"):
        compile_trace(CLICKS, duration_ms=2_000, seed=1, cache=tmp_path / "c", rate_per_s=0)
    assert not (tmp_path / "c").exists()


def test_a_load_larger_than_the_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentLacks, match="has no space for this load") as caught:
        compile_trace(
            CLICKS, duration_ms=100_000_000_000, seed=1, cache=tmp_path, rate_per_s=5_000_000
        )
    assert caught.value.hint is not None
    assert "streambench clean" in caught.value.hint


def test_memory_does_not_grow_with_the_duration(tmp_path: Path) -> None:
    def largest_chunk(workload: Workload, duration_ms: int) -> int:
        load = resolve(workload, duration_ms=duration_ms, rate_per_s=None)
        return max(len(c.quantum) for c in chunks(workload, load, seed=1, partitions=4))

    assert largest_chunk(CLICKS, 30_000) == largest_chunk(CLICKS, 60_000) <= 1 << 18


def test_a_full_cache_loses_what_nobody_used_for_long(tmp_path: Path) -> None:
    policy = CompilePolicy(cache_limit_bytes=1)

    def compiled(seed: int) -> Trace:
        return compile_trace(CLICKS, duration_ms=2_000, seed=seed, cache=tmp_path, policy=policy)

    old, young = compiled(1), compiled(2)
    long_ago = time.time() - 2 * 3_600
    os.utime(old.folder, (long_ago, long_ago))
    third = compiled(3)
    assert not old.folder.exists()
    assert young.folder.exists()
    assert third.folder.exists()
    os.utime(young.folder, (long_ago, long_ago))
    assert compiled(2).folder == young.folder  # used again, and so kept
    compiled(4)
    assert young.folder.exists()
