from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from streambench.load.trace import compile_trace
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

FLIGHTS = shipped_root() / "flights"
FILE = FLIGHTS / "flights.parquet"


def one(query: str) -> tuple[float, ...]:
    with duckdb.connect() as connection:
        row: tuple[float, ...] = connection.execute(query).fetchone()
    return row


def test_the_file_holds_the_years_departures_in_less_than_a_megabyte() -> None:
    assert FILE.stat().st_size < 1_000_000
    assert one(f"SELECT count(*), count(DISTINCT carrier) FROM '{FILE}'") == (328_521, 16)


@pytest.mark.parametrize(("grace_min", "late_percent"), [(0, 23.02), (15, 11.85), (60, 4.84)])
def test_the_year_is_as_late_as_the_readme_says(grace_min: int, late_percent: float) -> None:
    (share,) = one(f"""
        SELECT avg(CAST(latest >= (event // 3600 + 1) * 3600 + {grace_min} * 60 AS INTEGER)) FROM (
            SELECT event, max(event) OVER (
                ORDER BY arrival, event ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest
            FROM (
                SELECT epoch_ms(scheduled) // 1000 AS event, epoch_ms(departed) // 1000 AS arrival
                FROM '{FILE}'))""")
    assert share * 100 == pytest.approx(late_percent, abs=0.005)


def test_the_default_days_fill_every_partition_and_are_badly_late(tmp_path: Path) -> None:
    trace = compile_trace(load_workload(FLIGHTS), duration_ms=None, seed=1, cache=tmp_path)
    assert trace.meta.records == 1_710
    assert min(trace.meta.records_by_partition) > 200
    assert 80_000 < trace.meta.duration_ms < 150_000
    (share,) = one(f"""
        SELECT avg(CAST(latest >= (event_ms // 3600000 + 1) * 3600000 + 15 * 60000 AS INTEGER)) FROM (
            SELECT event_ms, max(event_ms) OVER (
                ORDER BY quantum, partition, position
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest
            FROM '{trace.columns_glob}')""")
    assert 0.30 < share < 0.40
