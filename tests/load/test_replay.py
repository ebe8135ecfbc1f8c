from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import duckdb
import pytest

from streambench.load.trace import CompilePolicy, Trace, compile_trace
from streambench.model.errors import UsageError
from streambench.model.workload import Replay, TimeColumn, Workload
from streambench.workload.file.cells import ORDINAL
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload
from streambench.workload.source import ARRIVAL_MS, EVENT_MS, opened

FLIGHTS = load_workload(shipped_root() / "flights")
ROWS = """
    SELECT * FROM (VALUES
        (TIMESTAMP '2013-06-01 10:00:30', TIMESTAMP '2013-06-01 10:20:00', 'UA', 100),
        (TIMESTAMP '2013-06-01 10:30:00', TIMESTAMP '2013-06-01 10:10:00', 'AA', 200),
        (TIMESTAMP '2013-06-01 09:50:00', TIMESTAMP '2013-06-01 10:20:00', 'B6', 300),
        (TIMESTAMP '2013-06-01 11:00:00', TIMESTAMP '2013-06-01 11:10:00', 'UA', 400),
        (TIMESTAMP '2013-06-01 09:50:00', TIMESTAMP '2013-06-01 10:20:00', 'UA', 500)
    ) AS rows (scheduled, departed, carrier, distance)
"""


def replaying(path: Path, **changes: object) -> Workload:
    assert isinstance(FLIGHTS.input, Replay)
    replay = dataclasses.replace(FLIGHTS.input, path=path, begin=None, end=None)
    return dataclasses.replace(
        FLIGHTS,
        partitions=1,
        input=dataclasses.replace(replay, **changes),  # type: ignore[arg-type]
    )


def written(path: Path, rows: str = ROWS) -> Path:
    formats = {".parquet": "FORMAT parquet", ".csv": "FORMAT csv, HEADER", ".jsonl": "FORMAT json"}
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({rows}) TO '{path}' ({formats[path.suffix]})")
    return path


def played(trace: Trace) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(  # type: ignore[no-any-return]
            "SELECT quantum, event_ms, carrier, distance"
            f" FROM '{trace.columns_glob}' ORDER BY position"
        ).fetchall()


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_a_file_plays_in_order_of_arrival_then_event_time_then_place(
    tmp_path: Path, ending: str
) -> None:
    workload = replaying(written(tmp_path / f"file{ending}"))
    trace = compile_trace(workload, duration_ms=None, seed=1, cache=tmp_path / "cache")
    minute = 60_000
    # 10 minutes at a speed-up of 1,800 are 333.3 ms: the end of quantum 66; the origin is 10:00.
    assert played(trace) == [
        (0, 30 * minute, "AA", 200),
        (66, -10 * minute, "B6", 300),
        (66, -10 * minute, "UA", 500),
        (66, 30_000, "UA", 100),
        (400, 60 * minute, "UA", 400),
    ]
    meta = trace.meta
    assert (meta.quanta, meta.duration_ms, meta.records) == (401, 2_005, 5)
    assert not meta.event_time_follows_due
    assert meta.origin_ms == 1_370_080_800_000
    assert (meta.min_event_ms, meta.max_event_ms) == (-10 * minute, 60 * minute)


def test_chunks_that_cut_a_quantum_change_nothing(tmp_path: Path) -> None:
    whole = compile_trace(FLIGHTS, duration_ms=None, seed=1, cache=tmp_path / "a")
    cut = compile_trace(
        FLIGHTS,
        duration_ms=None,
        seed=1,
        cache=tmp_path / "b",
        policy=CompilePolicy(chunk_records=7),
    )
    assert len(list((cut.folder / "columns").iterdir())) > 1
    assert cut.meta == whole.meta


def test_the_duration_cuts_a_replay_short_and_never_makes_it_longer(tmp_path: Path) -> None:
    workload = replaying(written(tmp_path / "file.parquet"))
    short = compile_trace(workload, duration_ms=400, seed=1, cache=tmp_path / "cache")
    assert (short.meta.records, short.meta.duration_ms) == (4, 400)
    long = compile_trace(workload, duration_ms=60_000, seed=1, cache=tmp_path / "cache")
    assert (long.meta.records, long.meta.duration_ms) == (5, 2_005)


def test_begin_and_end_select_by_arrival(tmp_path: Path) -> None:
    file = written(tmp_path / "file.parquet")
    some = replaying(file, begin="2013-06-01T10:20:00", end="2013-06-01T11:10:00Z")
    trace = compile_trace(some, duration_ms=None, seed=1, cache=tmp_path / "cache")
    assert [row[3] for row in played(trace)] == [300, 500, 100]


def test_the_seed_means_nothing_to_a_replay_but_the_files_content_does(tmp_path: Path) -> None:
    file = written(tmp_path / "file.parquet")
    cache = tmp_path / "cache"
    first = compile_trace(replaying(file), duration_ms=None, seed=1, cache=cache)
    assert (
        compile_trace(replaying(file), duration_ms=None, seed=2, cache=cache).folder == first.folder
    )
    written(file, ROWS.replace("400)", "401)"))
    assert (
        compile_trace(replaying(file), duration_ms=None, seed=1, cache=cache).folder != first.folder
    )


@pytest.mark.parametrize(
    ("rows", "changes", "words"),
    [
        (
            ROWS,
            {"arrival": TimeColumn("departd")},
            ["no column 'departd'", "did you mean 'departed'?"],
        ),
        (ROWS, {"arrival": TimeColumn("distance")}, ["distance, row 1: '100' is not a time"]),
        (ROWS.replace("100)", "1.5)"), {}, ["distance, row 1: '1.5' is not a bigint"]),
        (ROWS.replace("'UA', 100", "NULL, 100"), {}, ["no value for carrier in 1 of 5 rows"]),
        (
            ROWS,
            {"begin": "2020-01-01", "end": "2020-01-02"},
            ["has no row whose departed is 2020-01-01 or later and before"],
        ),
    ],
)
def test_a_file_that_cannot_be_played_is_refused_in_words(
    tmp_path: Path, rows: str, changes: dict[str, object], words: list[str]
) -> None:
    workload = replaying(written(tmp_path / "file.parquet", rows), **changes)
    with pytest.raises(UsageError) as caught:
        compile_trace(workload, duration_ms=None, seed=1, cache=tmp_path / "cache")
    for word in words:
        assert word in caught.value.message
    assert caught.value.hint is not None


def test_a_null_time_is_refused(tmp_path: Path) -> None:
    rows = ROWS.replace("TIMESTAMP '2013-06-01 11:10:00'", "NULL")
    workload = replaying(written(tmp_path / "file.parquet", rows), begin="2013-06-01")
    with pytest.raises(UsageError, match="no value for departed in 1 of 5 rows"):
        compile_trace(workload, duration_ms=None, seed=1, cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("file.xlsx", b"", "told by its ending"),
        ("file.parquet", b"not parquet at all", "is no Parquet file"),
        ("file.csv", None, "does not exist"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=words):
        compile_trace(
            replaying(tmp_path / name), duration_ms=None, seed=1, cache=tmp_path / "cache"
        )


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_fraction_behind_many_whole_numbers_is_refused_and_not_rounded(
    tmp_path: Path, kind: str
) -> None:
    time = "2013-06-01 10:00:00"
    head, row = (
        ("departed,scheduled,carrier,distance\n", f"{time},{time},UA,%s\n")
        if kind == "csv"
        else ("", f'{{"departed":"{time}","scheduled":"{time}","carrier":"UA","distance":%s}}\n')
    )
    file = tmp_path / f"file.{kind}"
    # DuckDB guesses types from 20,480 rows unless it is told otherwise.
    file.write_text(head + row % 5 * 20_480 + row % 5.7)
    with pytest.raises(UsageError, match=r"distance, row 20,481: '5\.7' is not a bigint"):
        compile_trace(replaying(file), duration_ms=None, seed=1, cache=tmp_path / "cache")


def arrivals(workload: Workload) -> list[tuple[object, ...]]:
    assert isinstance(workload.input, Replay)
    with opened(workload.input, workload.fields) as connection:
        return connection.execute(  # type: ignore[no-any-return]
            f'SELECT "{ARRIVAL_MS}", "{EVENT_MS}" FROM source ORDER BY "{ORDINAL}"'
        ).fetchall()


TEN = 1_370_080_800_000  # 2013-06-01 10:00 UTC


@pytest.mark.parametrize("machine", ["America/New_York", "Asia/Kathmandu", "UTC"])
def test_a_time_without_a_zone_is_utc_whatever_the_machines_zone_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        file = tmp_path / "mixed.csv"
        file.write_text(
            "departed,scheduled,carrier,distance\n"
            "2013-06-01 10:00:00,2013-06-01 10:00:00Z,UA,1\n"
            "2013-06-01 12:00:00+02:00,2013-06-01 10:00:00,UA,2\n"
            "2013-06-01 10:00:00Z,2013-06-01 15:45:00+05:45,UA,3\n"
        )
        assert arrivals(replaying(file)) == [(TEN, TEN)] * 3
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_NS"])
def test_what_is_below_a_millisecond_is_cut_off_and_moves_no_record(
    tmp_path: Path, kind: str
) -> None:
    times = [
        "2013-06-01 09:59:59.999999Z",
        "2013-06-01 10:00:00.0006Z",
        "1969-12-31 23:59:59.9996Z",
    ]
    if kind == "TIMESTAMP_NS":
        times = [text.removesuffix("Z") for text in times]
        times[0] = "2013-06-01 09:59:59.999999999"
    rows = " UNION ALL ".join(
        f"SELECT {kind} '{text}' AS scheduled, {kind} '{text}' AS departed, 'UA' AS carrier, 1 AS distance"
        for text in times
    )
    found = arrivals(replaying(written(tmp_path / "file.parquet", rows)))
    assert found == [(TEN - 1, TEN - 1), (TEN, TEN), (-1, -1)]


def test_an_hour_that_ends_with_a_fraction_of_a_millisecond_keeps_its_record(
    tmp_path: Path,
) -> None:
    rows = ROWS.replace("'2013-06-01 10:20:00', 'UA', 100", "'2013-06-01 10:59:59.9999', 'UA', 100")
    rows = rows.replace("'2013-06-01 10:00:30'", "'2013-06-01 10:59:59.9999'")
    workload = replaying(written(tmp_path / "file.parquet", rows))
    trace = compile_trace(workload, duration_ms=None, seed=1, cache=tmp_path / "cache")
    (event_ms,) = (row[1] for row in played(trace) if row[3] == 100)
    assert event_ms == 3_599_999


def test_one_line_of_a_megabyte_makes_no_other_as_wide(tmp_path: Path) -> None:
    """A matrix of 30,000 lines as wide as the longest would take 30 GB."""
    rows = (
        "SELECT TIMESTAMP '2013-06-01 10:00:00' + to_seconds(i) AS departed, departed AS scheduled,"
        " CASE WHEN i = 20_000 THEN repeat('x', 1_000_000) ELSE 'k' || i END AS carrier,"
        " i AS distance FROM range(30_000) AS r (i)"
    )
    workload = replaying(written(tmp_path / "file.parquet", rows))
    trace = compile_trace(workload, duration_ms=None, seed=1, cache=tmp_path / "cache")
    assert trace.meta.records == 30_000
    data = trace.records_path.read_bytes()
    # Once as the key, once in the value.
    assert data.count(b"x" * 1_000_000) == 2
    assert len(data) < 5_000_000
