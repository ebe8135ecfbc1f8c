"""The first records of a load, made again in memory, are those of its trace."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from streambench.load.sample import SAMPLED_RECORDS, sample_load
from streambench.load.trace import compile_trace
from streambench.workload.locate import find
from streambench.workload.parse import load_workload


def test_a_sample_has_the_bytes_and_keys_of_the_trace(tmp_path: Path) -> None:
    clicks = load_workload(find("clicks"))
    sample = sample_load(clicks, rate_per_s=SAMPLED_RECORDS, partitions=4, seed=1)
    trace = compile_trace(
        clicks, duration_ms=1_000, seed=1, cache=tmp_path, rate_per_s=SAMPLED_RECORDS
    )
    assert sample is not None
    assert sample.records == trace.meta.records == SAMPLED_RECORDS
    assert sample.sent_bytes == trace.sent_bytes
    counts = f"SELECT count(*) AS n FROM '{trace.columns_glob}' GROUP BY campaign"
    ((most,),) = duckdb.sql(f"SELECT max(n) FROM ({counts})").fetchall()
    assert sample.busiest_share == pytest.approx(most / SAMPLED_RECORDS)


def test_batches_of_fewer_records_have_more_header_each() -> None:
    clicks = load_workload(find("clicks"))
    slow, fast = (
        sample_load(clicks, rate_per_s=rate, partitions=4, seed=1) for rate in (20_000, 640_000)
    )
    assert slow is not None
    assert fast is not None
    assert slow.bytes_per_record > fast.bytes_per_record + 1


def test_a_replayed_file_is_not_sampled() -> None:
    flights = load_workload(find("flights"))
    assert sample_load(flights, rate_per_s=1_000, partitions=4, seed=1) is None
