"""Events as files for other programs: they hold what the records hold, and can be replayed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from streambench.load.event_file import write_events, writer_of
from streambench.load.events import events_of
from streambench.load.trace import Trace, compile_trace
from streambench.model.errors import UsageError
from streambench.model.windows import Hopping
from streambench.model.workload import Workload
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload
from tests.workload.lacking import LACKING

CLICKS = load_workload(shipped_root() / "clicks")
FROM_MS = 946_684_800_000


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    cache = tmp_path_factory.mktemp("traces")
    return compile_trace(CLICKS, duration_ms=500, seed=1, cache=cache)


def test_the_events_are_those_of_the_records_in_their_order(trace: Trace) -> None:
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT partition, event_ms, campaign, action, price FROM '{trace.columns_glob}' "
            "ORDER BY quantum, partition, position"
        ).fetchall()
    assert len(rows) == trace.meta.records == 10_000
    found = [
        (e.partition, e.event_ms - FROM_MS, *json.loads(e.value).values())
        for e in events_of(trace, FROM_MS)
    ]
    assert found == rows
    assert all(e.key == json.loads(e.value)["campaign"].encode() for e in events_of(trace, FROM_MS))


def test_both_forms_of_file_say_the_same(tmp_path: Path, trace: Trace) -> None:
    lines, table = tmp_path / "events.jsonl", tmp_path / "events.parquet"
    for file in (lines, table):
        write_events(file, CLICKS, trace)
    assert sorted(tmp_path.iterdir()) == [lines, table]  # nothing half written is left
    first = lines.read_text().split("\n", 1)[0]
    assert list(json.loads(first)) == ["event_time", "campaign", "action", "price"]
    # The first event lies up to the disorder before the first instant.
    assert json.loads(first)["event_time"].startswith(
        ("1999-12-31T23:59:59.", "2000-01-01T00:00:00.")
    )
    with duckdb.connect() as connection:
        query = "SELECT epoch_ms(event_time::TIMESTAMPTZ), campaign, action, price FROM '{}'"
        from_lines, from_table = (
            connection.execute(query.format(file)).fetchall() for file in (lines, table)
        )
    assert from_lines == from_table
    assert len(from_lines) == trace.meta.records
    assert str(pq.read_schema(table).field("event_time").type) == "timestamp[ms, tz=UTC]"


def test_both_forms_of_file_say_what_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "workload.toml").write_text(LACKING, encoding="utf-8")
    rides = load_workload(tmp_path)
    found = compile_trace(rides, duration_ms=500, seed=1, cache=tmp_path / "traces")
    columns = (
        "epoch_ms(event_time::TIMESTAMPTZ), city, zone, driver, fare::DECIMAL(4,2), tip, km, card"
    )
    rows = []
    with duckdb.connect() as connection:
        for file in (tmp_path / "events.jsonl", tmp_path / "events.parquet"):
            write_events(file, rides, found)
            rows.append(connection.execute(f"SELECT {columns} FROM '{file}'").fetchall())
    assert rows[0] == rows[1]
    assert len(rows[0]) == found.meta.records
    assert all(0 < sum(row[at] is None for row in rows[0]) < len(rows[0]) for at in range(1, 8))


@pytest.mark.parametrize("file", ["events.jsonl", "events.parquet"])
def test_what_was_written_can_be_replayed(tmp_path: Path, trace: Trace, file: str) -> None:
    place = tmp_path / "again"
    place.mkdir()
    write_events(place / file, CLICKS, trace)
    (place / "workload.toml").write_text(
        f"""
title = "Clicks from a file"
[input]
replay = "{file}"
event_time = "event_time"
partitions = 4
quantum = "5 ms"
[input.fields]
campaign = "string"
action = "string"
price = "bigint"
[query]
where = "action = 'view'"
group_by = ["campaign"]
window = {{ tumbling = "500 ms" }}
grace = "100 ms"
select = {{ views = "count(*)" }}
"""
    )
    again = load_workload(place)
    found = compile_trace(again, duration_ms=None, seed=1, cache=tmp_path / "traces")
    assert values(found, found.meta.origin_ms) == values(trace, FROM_MS)


def values(trace: Trace, origin_ms: int) -> list[tuple[int, bytes]]:
    return sorted((event.event_ms, event.value) for event in events_of(trace, origin_ms))


def test_windows_begin_where_they_begin_in_a_run(tmp_path: Path) -> None:
    week = Hopping(7 * 86_400_000, 86_400_000 * 7, 0)
    weekly = dataclasses.replace(CLICKS, query=dataclasses.replace(CLICKS.query, window=week))
    found = compile_trace(weekly, duration_ms=100, seed=1, cache=tmp_path / "traces")
    write_events(tmp_path / "events.parquet", weekly, found)
    times = pq.read_table(tmp_path / "events.parquet").column("event_time")
    last_ms = max(time.value for time in times)
    assert week.newest(last_ms) == last_ms - found.meta.max_event_ms


def test_a_field_of_that_name_keeps_it(tmp_path: Path) -> None:
    renamed = [
        dataclasses.replace(field, name={"price": "event_time"}.get(field.name, field.name))
        for field in CLICKS.fields
    ]
    query = dataclasses.replace(CLICKS.query, aggregates=CLICKS.query.aggregates[:1])
    workload: Workload = dataclasses.replace(CLICKS, fields=tuple(renamed), query=query)
    found = compile_trace(workload, duration_ms=100, seed=1, cache=tmp_path / "traces")
    for name in ("events.jsonl", "events.parquet"):
        write_events(tmp_path / name, workload, found)
        with duckdb.connect() as connection:
            shown = (
                f"SELECT * REPLACE (event_time_::VARCHAR AS event_time_) FROM '{tmp_path / name}'"
            )
            row = connection.execute(shown).fetchone()
            columns = [column[0] for column in connection.description or ()]
        assert columns == ["event_time_", "campaign", "action", "event_time"]
        assert row is not None
        assert 1 <= row[-1] <= 500


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("events.csv", r"written as \.jsonl, \.ndjson, \.parquet; events\.csv"),
        ("events", r"ends in none"),
        ("there.jsonl", r"exists already"),
        ("nowhere/events.jsonl", r"there is no folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "there.jsonl").write_text("mine")
    with pytest.raises(UsageError, match=words) as refused:
        writer_of(tmp_path / name)
    assert refused.value.hint
    assert (tmp_path / "there.jsonl").read_text() == "mine"


@pytest.mark.parametrize("file", ["events.jsonl", "events.parquet"])
def test_every_type_is_written_so_that_it_can_be_replayed(tmp_path: Path, file: str) -> None:
    query = """
[query]
group_by = ["fee", "paid"]
window = { tumbling = "100 ms" }
grace = "1 s"
select = { n = "count(*)", total = "sum(fee)" }
"""
    made, again = tmp_path / "made", tmp_path / "again"
    made.mkdir()
    again.mkdir()
    (made / "workload.toml").write_text(
        'title = "Types"\n[input]\nrate = 2_000\npartitions = 2\n[input.fields]\n'
        'text = { choice = ["né", "a\\"b"] }\nfee = { decimal = [-0.05, 9.5] }\n'
        f"share = {{ double = [0.0, 1.0] }}\npaid = {{ bool = 0.5 }}\nn = {{ int = [-3, 3] }}\n{query}"
    )
    workload = load_workload(made)
    trace = compile_trace(workload, duration_ms=400, seed=1, cache=tmp_path / "cache")
    write_events(again / file, workload, trace)
    (again / "workload.toml").write_text(
        f'title = "Types"\n[input]\nreplay = "{file}"\nevent_time = "event_time"\npartitions = 2\n'
        '[input.fields]\ntext = "string"\nfee = "decimal(6,2)"\nshare = "double"\npaid = "boolean"\n'
        f'n = "bigint"\n{query}'
    )
    replayed = load_workload(again)
    found = compile_trace(replayed, duration_ms=None, seed=1, cache=tmp_path / "cache")
    with duckdb.connect() as connection:
        rows = [
            connection.execute(
                f"SELECT text, fee, share, paid, n FROM '{each.columns_glob}' ORDER BY ALL"
            ).fetchall()
            for each in (trace, found)
        ]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 800
