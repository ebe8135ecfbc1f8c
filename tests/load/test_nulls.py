"""Fields that lack values, generated and replayed: what is sent, where it lies, and what is counted."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from streambench.load.probes import probes_of
from streambench.load.trace import compile_trace
from streambench.model.workload import Replay, Workload
from streambench.workload.parse import load_workload
from streambench.workload.partition import partition_of
from streambench.workload.source import survey
from streambench.workload.validate import findings
from tests.oracle.whole_way import logged_records

GENERATED = """
title = "What is not known"
[input]
rate       = 2_000
partitions = 4
[input.fields]
city = { choice = ["null", "né", "x", "y", "z", "w"], null = 0.2 }
zone = { int = [1, 9], null = 0.1 }
tip  = { decimal = [-0.05, 12.5], null = 0.5 }
km   = { double = [0.0, 3.5], null = 0.5 }
paid = { bool = 0.5, null = 0.5 }
[query]
group_by = ["city"]
window   = { tumbling = "200 ms" }
grace    = "10 ms"
select   = { n = "count(tip)" }
"""
NULLS = (", null = 0.2", ", null = 0.1", ", null = 0.5")


def declared(folder: Path, text: str) -> Workload:
    folder.mkdir(exist_ok=True)
    (folder / "workload.toml").write_text(text, encoding="utf-8")
    return load_workload(folder)


@pytest.mark.parametrize("group_by", [["city"], ["zone"], ["city", "zone"]])
def test_what_is_sent_is_what_the_columns_hold(tmp_path: Path, group_by: list[str]) -> None:
    text = GENERATED.replace('["city"]', json.dumps(group_by))
    workload = declared(tmp_path / "w", text)
    trace = compile_trace(workload, duration_ms=1_000, seed=3, cache=tmp_path)
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT city, zone, tip, km, paid, partition FROM '{trace.columns_glob}'"
            " ORDER BY quantum, partition, position"
        ).fetchall()
    lacking = 0
    for (_, _, key, value), (*row, partition) in zip(logged_records(trace), rows, strict=True):
        exact, plain = json.loads(value, parse_float=Decimal), json.loads(value)
        assert list(plain) == ["city", "zone", "tip", "km", "paid"]
        assert [plain["city"], plain["zone"], exact["tip"], plain["km"], plain["paid"]] == row
        group = [plain[name] for name in group_by]
        lacking += None in group
        text = json.dumps(group, ensure_ascii=False, separators=(",", ":"))
        if len(group) == 1:
            text = "null" if group == [None] else str(group[0])
        assert (key.decode(), partition) == (text, partition_of(key, 4))
    assert trace.meta.without_key == lacking > 100
    for at, share in enumerate((0.2, 0.1, 0.5, 0.5, 0.5)):
        assert abs(sum(row[at] is None for row in rows) / len(rows) - share) < 0.05


def test_what_is_there_is_what_would_be_without_nulls(tmp_path: Path) -> None:
    text = GENERATED
    for null in NULLS:
        text = text.replace(null, "")
    found = []
    for name, written in (("some", GENERATED), ("every", text)):
        workload = declared(tmp_path / name, written)
        trace = compile_trace(workload, duration_ms=500, seed=3, cache=tmp_path)
        with duckdb.connect() as connection:
            found.append(
                connection.execute(
                    f"SELECT tip, km, zone FROM '{trace.columns_glob}' ORDER BY event_ms, zone"
                ).fetchall()
            )
    some, every = found
    assert {row for row in some if None not in row} < set(every)


def test_probes_have_a_key_and_pass(tmp_path: Path) -> None:
    text = GENERATED.replace("[query]\n", '[query]\nwhere = "tip is null"\nhaving = "n >= 0"\n')
    for probe in probes_of(declared(tmp_path / "w", text)):
        value = json.loads(probe.value)
        assert value["city"] is not None
        assert value["tip"] is None


def test_records_without_a_key_are_said(tmp_path: Path) -> None:
    text = GENERATED.replace('["city"]', '["city", "zone"]')
    said = [each.message for each in findings(declared(tmp_path / "w", text)) if not each.fatal]
    assert said == [
        "about 28 % of all records without a key (city and zone) are left out everywhere"
    ]


REPLAYED = """
title = "Rides"
[input]
replay     = "rides.csv"
event_time = "t"
leave_out  = ["", "NA"]
partitions = 1
[input.fields]
driver = { type = "string", null = true }
tip    = { type = "bigint", null = true }
fare   = "decimal(6,2)"
[query]
group_by = ["driver"]
window   = { tumbling = "1 min" }
[query.select]
n    = "count(*)"
tips = "sum(tip)"
"""
RIDES = """t,driver,tip,fare
2013-06-01 10:00:00,a,5,1.50
2013-06-01 10:00:10,,NA,2.50
2013-06-01 10:00:20,NA,7,3.50
2013-06-01 10:00:30,b,,4.50
2013-06-01 10:00:40,b,9,NA
"""


def test_a_file_may_lack_values_where_that_is_declared(tmp_path: Path) -> None:
    folder = tmp_path / "rides"
    folder.mkdir()
    (folder / "rides.csv").write_text(RIDES)
    workload = declared(folder, REPLAYED)
    assert isinstance(workload.input, Replay)
    found = survey(workload.input, workload.fields, workload.query.group_by)
    assert (found.rows, found.left_out, found.without_key) == (4, 1, 2)
    assert found.groups == (("a",), ("b",))
    said = [each.message for each in findings(workload) if not each.fatal]
    assert "2 records without a key (driver) are left out everywhere" in said
    trace = compile_trace(workload, duration_ms=None, seed=1, cache=tmp_path)
    assert trace.meta.without_key == 2
    assert [(key, json.loads(value)) for _, _, key, value in logged_records(trace)] == [
        (b"a", {"driver": "a", "tip": 5, "fare": 1.5}),
        (b"null", {"driver": None, "tip": None, "fare": 2.5}),
        (b"null", {"driver": None, "tip": 7, "fare": 3.5}),
        (b"b", {"driver": "b", "tip": None, "fare": 4.5}),
    ]
