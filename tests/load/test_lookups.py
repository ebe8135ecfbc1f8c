"""What is looked up is in a trace's columns and decides its identity, and is in no record."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from streambench.load.event_file import write_events
from streambench.load.probes import probes_of
from streambench.load.trace import compile_trace
from streambench.model.errors import UsageError
from streambench.workload.groups import groups_of
from streambench.workload.paced import at_rate
from streambench.workload.parse import load_workload
from streambench.workload.source import survey
from streambench.workload.validate import findings
from tests.oracle.test_lookups import joined
from tests.workload.looked_up import LOOKED_UP, ads_csv, write_looked_up

REPLAYED = """
title = "Rides per borough"
[input]
replay     = "rides.csv"
event_time = "at"
partitions = 1
[input.fields]
zone = {{ type = "{type}", null = true }}
fare = "decimal(6,2)"
[query.lookup.zones]
file    = "zones.csv"
on      = {{ zone = "id" }}
columns = {{ borough = "string", toll = "bigint" }}
[query]
group_by = ["borough"]
window   = {{ tumbling = "1 s" }}
select   = {{ rides = "count(*)", tolls = "sum(toll)" }}
"""
ZONES = {"1": ("north", 3), "2": ("north", None), "3": ("south", -4)}


def replayed(folder: Path, type_: str = "bigint", rows: int = 400) -> Path:
    place = folder / "rides"
    place.mkdir()
    (place / "workload.toml").write_text(REPLAYED.format(type=type_))
    zones = "".join(f"{k},{b},{'' if t is None else t}\n" for k, (b, t) in ZONES.items())
    (place / "zones.csv").write_text("id,borough,toll\n" + zones)
    lines = (
        f"2024-01-01 00:00:{at // 100:02}.{at % 100:02},{('', 1, 2, 3, 4, 5)[at % 6]},{at}.5\n"
        for at in range(rows)
    )
    (place / "rides.csv").write_text("at,zone,fare\n" + "".join(lines))
    return place


def test_columns_hold_what_the_tables_hold(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    write_looked_up(tmp_path / "w")
    workload = load_workload(tmp_path / "w")
    trace = compile_trace(workload, duration_ms=1_000, seed=3, cache=tmp_path)
    names = [field.name for field in workload.fields]
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT {', '.join(names)} FROM '{trace.columns_glob}'"
        ).fetchall()
    found = [dict(zip(names, row, strict=True)) for row in rows]
    assert len(found) == 2_000
    for event in found:
        sent = {name: event[name] for name in ("ad", "place", "paid")}
        assert event == joined(sent)
    assert {event["campaign"] is None for event in found} == {True, False}


def test_another_table_makes_another_load_of_the_same_records(tmp_path: Path) -> None:
    loads = []
    for name, old, new in (("a", "", ""), ("b", ",0.125\n", ",0.25\n"), ("c", "", "")):
        (tmp_path / name / "w").mkdir(parents=True)
        write_looked_up(tmp_path / name / "w")
        changed = ads_csv().replace(old, new, 1)
        (tmp_path / name / "w" / "ads.csv").write_text(changed, encoding="utf-8")
        workload = load_workload(tmp_path / name / "w")
        loads.append(compile_trace(workload, duration_ms=500, seed=3, cache=tmp_path / "cache"))
    assert loads[0].folder == loads[2].folder != loads[1].folder
    assert loads[0].meta.sha256 != loads[1].meta.sha256
    assert loads[0].records_path.read_bytes() == loads[1].records_path.read_bytes()


def test_events_in_a_file_are_those_that_are_sent(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    write_looked_up(tmp_path / "w")
    workload = load_workload(tmp_path / "w")
    trace = compile_trace(workload, duration_ms=500, seed=3, cache=tmp_path)
    for name in ("events.parquet", "events.jsonl"):
        write_events(tmp_path / name, workload, trace)
        with duckdb.connect() as connection:
            columns = connection.sql(f"SELECT * FROM '{tmp_path / name}'").columns
        assert columns == ["event_time", "ad", "place", "paid"]


@pytest.mark.parametrize("group_by", [["campaign"], ["ad", "campaign"], ["region", "since"]])
def test_a_probe_is_a_record_that_its_group_belongs_to(tmp_path: Path, group_by: list[str]) -> None:
    write_looked_up(tmp_path, LOOKED_UP.replace('["campaign"]', json.dumps(group_by)))
    workload = load_workload(tmp_path)
    probes = probes_of(workload)
    assert len(probes) == 4
    for probe in probes:
        for value in (probe.value, *probe.together):
            event = joined(json.loads(value))
            group = [event[name] for name in group_by]
            assert None not in group
            text = json.dumps(group, ensure_ascii=False, separators=(",", ":"))
            assert probe.group == (group[0] if len(group) == 1 else text)


def test_groups_are_those_of_the_rows(tmp_path: Path) -> None:
    write_looked_up(tmp_path, LOOKED_UP.replace('["campaign"]', '["campaign", "ad"]'))
    workload = load_workload(tmp_path)
    groups = list(groups_of(workload))
    assert len(groups) == sum(row.values[0] is not None for row in workload.lookups[0].rows)
    by_ad = {row.key: row.values[0] for row in workload.lookups[0].rows}
    assert all(by_ad[ad] == campaign for campaign, ad in groups)


@pytest.mark.parametrize("type_", ["bigint", "string"])
def test_a_replayed_file_is_joined_as_generated_load_is(tmp_path: Path, type_: str) -> None:
    workload = load_workload(replayed(tmp_path, type_))
    trace = compile_trace(workload, duration_ms=None, seed=1, cache=tmp_path)
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT zone, borough, toll FROM '{trace.columns_glob}'"
        ).fetchall()
    assert len(rows) == 400
    for zone, *found in rows:
        assert tuple(found) == ZONES.get(str(zone), (None, None))
    assert trace.meta.without_key == sum(row[1] is None for row in rows) > 150
    surveyed = survey(workload.input, workload.fields, workload.query.group_by)  # type: ignore[arg-type]
    assert surveyed.groups == (("north",), ("south",))
    assert surveyed.bounds["toll"] == (-4, 3)
    assert surveyed.without_key == trace.meta.without_key
    told = [finding.message for finding in findings(workload)]
    assert any("199 records without a key (borough)" in message for message in told), told


def test_copies_of_keys_would_be_in_no_table(tmp_path: Path) -> None:
    workload = load_workload(replayed(tmp_path))
    with pytest.raises(UsageError, match=r"in no table of \[query.lookup\] \(borough\)"):
        at_rate(workload, 10_000)


def test_it_is_said_that_records_may_be_in_no_table(tmp_path: Path) -> None:
    write_looked_up(tmp_path)
    (found,) = [f for f in findings(load_workload(tmp_path)) if "without a key" in f.message]
    assert found.message == "records without a key (campaign) are left out everywhere"
    assert "query.lookup" in found.hint
    write_looked_up(
        tmp_path,
        LOOKED_UP.replace("place = { int = [0, 11] }", "place = { int = [0, 7] }").replace(
            '["campaign"]', '["region"]'
        ),
    )
    assert not [f for f in findings(load_workload(tmp_path)) if "without a key" in f.message]
