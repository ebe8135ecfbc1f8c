"""Timestamps as values: what is declared is what is sent, as ms since 1970 in UTC."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streambench.engines.common.lookup_java import java_lookups
from streambench.load.probe import record, representative
from streambench.load.trace import compile_trace
from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.workload import Workload
from streambench.workload.parse import load_workload
from streambench.workload.source import survey
from streambench.workload.validate import problems
from tests.oracle.whole_way import logged_records
from tests.workload.instant_meanings import ms

GENERATED = """
title = "Parcels"
[input]
rate       = 2_000
partitions = 2
[input.fields]
shop = { choice = 9 }
sent = { timestamp = ["2026-01-01", 2026-01-31T12:00:00] }
came = { timestamp = ["2026-01-01", "2026-03-01T00:00:00+01:00"], null = 0.5 }
[query]
where    = "sent > timestamp '2026-01-20 06:00:00' and came > sent"
group_by = ["shop"]
window   = { tumbling = "200 ms" }
select   = { n = "count(*)", newest = "max(sent)", first_came = "first(came)" }
"""

REPLAYED = """
title = "Parcels"
[input]
replay     = "parcels.csv"
event_time = "at"
speed_up   = 3600
partitions = 1
[input.fields]
shop = "string"
sent = { type = "timestamp", format = "%d.%m.%Y %H:%M", zone = "Europe/Berlin" }
came = { type = "timestamp", unit = "s", null = true }
made = "timestamp"
[query]
group_by = ["shop"]
window   = { tumbling = "1 h" }
select   = { n = "count(*)", newest = "max(sent)" }
"""
ROWS = """at,shop,sent,came,made
2026-01-31 10:00:00,a,31.01.2026 09:00,1769850000,2026-01-30
2026-01-31 10:00:01,b,01.07.2025 00:30,,2026-01-30T12:00:00.5+01:00
"""


def declared(folder: Path, text: str) -> Workload:
    (folder / "workload.toml").write_text(text)
    return load_workload(folder)


def sent(workload: Workload, cache: Path) -> list[dict[str, Any]]:
    trace = compile_trace(workload, duration_ms=1_000, seed=3, cache=cache)
    return [json.loads(value) for _, _, _, value in logged_records(trace)]


def test_generated_instants_are_whole_seconds_in_their_range(tmp_path: Path) -> None:
    workload = declared(tmp_path, GENERATED)
    assert problems(workload) == ()
    assert [field.type for field in workload.fields[1:]] == [FieldType.TIMESTAMP] * 2
    records = sent(workload, tmp_path / "cache")
    instants = [each["sent"] for each in records]
    assert all(isinstance(each, int) and each % 1_000 == 0 for each in instants)
    assert ms("2026-01-01") <= min(instants) < ms("2026-01-02")
    assert ms("2026-01-31") < max(instants) <= ms("2026-01-31 12:00:00")
    assert 800 < sum(each["came"] is None for each in records) < 1_200


def test_single_records_carry_instants_as_the_load_does(tmp_path: Path) -> None:
    workload = declared(tmp_path, GENERATED)
    _, value = record(workload, representative(workload))
    written = json.loads(value)
    assert written["came"] > written["sent"] > ms("2026-01-20 06:00:00")


def test_a_condition_that_no_instant_passes_is_refused(tmp_path: Path) -> None:
    workload = declared(tmp_path, GENERATED.replace("2026-01-20 06", "2026-01-31 12"))
    (problem,) = problems(workload)
    assert "no record passes" in problem


def test_instants_of_a_file_are_read_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "parcels.csv").write_text(ROWS)
    workload = declared(tmp_path, REPLAYED)
    first, second = sent(workload, tmp_path / "cache")
    assert (first["sent"], first["came"]) == (ms("2026-01-31T08:00Z"), 1_769_850_000_000)
    assert (second["sent"], second["came"]) == (ms("2025-06-30T22:30Z"), None)
    assert (first["made"], second["made"]) == (
        ms("2026-01-30"),
        ms("2026-01-30T11:00:00.500+00:00"),
    )


def test_an_instant_that_does_not_fit_is_refused_with_a_way_to_read_it(tmp_path: Path) -> None:
    (tmp_path / "parcels.csv").write_text(ROWS)
    text = REPLAYED.replace(', format = "%d.%m.%Y %H:%M", zone = "Europe/Berlin"', "")
    workload = declared(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        survey(workload.input, workload.fields, workload.query.group_by)  # type: ignore[arg-type]
    assert "31.01.2026 09:00" in caught.value.message
    assert 'type = "timestamp", format = "%d.%m.%Y %H:%M"' in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('format = "%d.%m.%Y %H:%M", zone', 'format = "%d.%m %H:%M", zone', "no year"),
        ('unit = "s"', 'unit = "s", format = "%Y"', "either format or unit"),
        ('made = "timestamp"', 'made = { type = "string", zone = "UTC" }', "belong to a timestamp"),
        ('made = "timestamp"', 'made = { type = "timestamp", times = 2 }', "bigint"),
        ("max(sent)", "sum(sent)", "ms since 1970"),
        ("max(sent)", "avg(sent)", "ms since 1970"),
        ("max(sent)", "max(sent - made)", "ms since 1970"),
        ("max(sent)", "max(cast(sent as string))", "nearest is bigint"),
        ("max(sent)", "max(timestamp 'soon')", "no instant"),
        ("max(sent)", "count(*) filter (where sent > '2026-01-01')", "timestamp compared with"),
        (
            "max(sent)",
            "count(*) filter (where sent > timestamp '2026-01-01 00:00:00.0001')",
            "whole ms",
        ),
    ],
)
def test_what_is_no_instant_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in REPLAYED
    with pytest.raises(UsageError) as caught:
        declared(tmp_path, REPLAYED.replace(old, new))
    assert words in caught.value.message


@pytest.mark.parametrize("range_", ['["2026-01-02", "2026-01-01"]', '["soon", "later"]', "[1, 2]"])
def test_a_range_that_holds_no_instant_is_refused(tmp_path: Path, range_: str) -> None:
    text = GENERATED.replace('["2026-01-01", 2026-01-31T12:00:00]', range_)
    with pytest.raises(UsageError) as caught:
        declared(tmp_path, text)
    assert "input.fields.sent" in caught.value.message


def test_a_small_table_can_hold_instants(tmp_path: Path) -> None:
    (tmp_path / "shops.csv").write_text("shop,opened\nshop0,31.01.2026\nshop1,\n")
    lookup = (
        '\n[query.lookup.shops]\nfile = "shops.csv"\non = { shop = "shop" }\n'
        'columns = { opened = { type = "timestamp", format = "%d.%m.%Y" } }\n'
    )
    text = GENERATED.replace("came > sent", "(opened is null or opened > sent)") + lookup
    workload = declared(tmp_path, text)
    assert problems(workload) == ()
    (table,) = workload.lookups
    assert [row.values for row in table.rows] == [(ms("2026-01-31"),), (None,)]
    (java,) = java_lookups(workload)
    assert (java.columns[0].sql, java.columns[0].type) == ("BIGINT", "Long")
    assert java.types == '"string", "bigint"'

    (tmp_path / "shops.csv").write_text("shop,opened\nshop0,2026-01-31\n")
    with pytest.raises(UsageError) as caught:
        declared(tmp_path, text)
    assert "2026-01-31" in caught.value.message
