"""Records joined with small tables: the oracle's rows against plain Python, and a program's rows judged."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from streambench.kafka.raw_rows import RawRows
from streambench.kafka.rows import decode
from streambench.load.trace import compile_trace
from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.model.verdict import Damage
from streambench.oracle.expected import expect
from streambench.oracle.judge import judge
from streambench.workload.parse import load_workload
from tests.oracle.stand_in import OFFSET_MS, T0_MS
from tests.oracle.whole_way import logged_records, results
from tests.workload.looked_up import LOOKED_UP, ads_csv, places_jsonl, write_looked_up


def ads() -> dict[str, dict[str, Any]]:
    """By their keys, as the file says."""
    read: dict[str, Callable[[str], Any]] = {
        "campaign": str,
        "budget": Decimal,
        "Since": int,
        "live": lambda text: text == "true",
        "weight": float,
    }
    return {
        row["Ad ID"]: {
            name.lower(): None if row[name] == "" else value(row[name])
            for name, value in read.items()
        }
        for row in csv.DictReader(io.StringIO(ads_csv(), newline=""))
    }


def places() -> dict[int, dict[str, Any]]:
    rows = [json.loads(line, parse_float=Decimal) for line in places_jsonl().splitlines()]
    return {row["id"]: {"region": row.get("region"), "tax": row.get("tax")} for row in rows}


ADS, PLACES = ads(), places()
NO_AD = dict.fromkeys(("campaign", "budget", "since", "live", "weight"))
NO_PLACE = dict.fromkeys(("region", "tax"))


def joined(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event with what both tables hold for it."""
    return {**event, **ADS.get(event["ad"], NO_AD), **PLACES.get(event["place"], NO_PLACE)}


def passes(event: Mapping[str, Any]) -> bool:
    elsewhere = event["region"] is not None and event["region"] != "né"
    return event["paid"] > Decimal("0.5") and bool(
        elsewhere or (event["budget"] is not None and event["budget"] > 20)
    )


def total(values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


@pytest.mark.parametrize(
    "group_by", [["campaign"], ["since"], ["live", "region"], ["ad", "campaign"], ["budget"]]
)
def test_rows_are_those_of_plain_python(tmp_path: Path, group_by: list[str]) -> None:
    folder = tmp_path / "takings"
    folder.mkdir()
    write_looked_up(folder, LOOKED_UP.replace('["campaign"]', json.dumps(group_by)))
    workload = load_workload(folder)
    trace = compile_trace(workload, duration_ms=2_000, seed=5, cache=tmp_path)
    groups: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    lacking = 0
    for _, event_ms, key, value in logged_records(trace):
        sent = json.loads(value, parse_float=Decimal)
        assert list(sent) == ["ad", "place", "paid"]
        event = joined(sent)
        group = [event[name] for name in group_by]
        if None in group:
            lacking += 1
        elif passes(event):
            groups.setdefault((key.decode(), event_ms // 500 * 500), []).append(event)
            text = json.loads(key, parse_float=Decimal) if group_by != ["campaign"] else None
            assert (text if len(group) > 1 else [text]) == group or key.decode() == group[0]
    assert trace.meta.without_key == lacking > 50
    by_hand = {place: events for place, events in groups.items() if len(events) > 3}
    assert len(by_hand) > 10

    decoded = decode(RawRows.of(results(workload, trace, tmp_path)), workload.query)
    assert decoded.malformed_count == 0
    expected = expect(trace, workload.query, EventClock.PER_PARTITION)
    must = expected.table.filter(expected.table.column("must")).to_pylist()
    assert {(row["key"], row["window_start_ms"]) for row in must} == set(by_hand)
    for row in must:
        events = by_hand[row["key"], row["window_start_ms"]]
        due = [None if e["tax"] is None else e["paid"] * e["tax"] for e in events]
        budgets = [e["budget"] for e in events if e["budget"] is not None]
        regions = [e["region"] for e in events if e["region"] is not None]
        assert row["full:n"] == len(events)
        assert (row["full:known"], row["full:regions"]) == (len(regions), len(set(regions)))
        assert row["full:most"] == max(budgets, default=None)
        assert row["full:total"] == total(due)
        assert row["full:old"] == sum(e["since"] is not None and e["since"] < 5 for e in events)
        assert row["full:lives"] == sum(e["live"] is True for e in events)
        assert row["full:none"] == sum(e["region"] is None for e in events)
        assert row["full:odd"] == sum(e["region"] == "north|" for e in events)
        heavy = total([e["weight"] for e in events])
        assert row["full:heavy"] == heavy or math.isclose(row["full:heavy"], heavy)
    verdict = judge(
        decoded.table,
        expected,
        guarantee=Guarantee.EXACTLY_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    ).verdict
    assert verdict.damage == Damage(), verdict.examples
    assert verdict.expected_rows == len(by_hand)
