"""Values and keys that are not there: the oracle's rows against plain Python, and a program's rows judged."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from streambench.kafka.raw_rows import RawRows
from streambench.kafka.rows import decode
from streambench.load.trace import compile_trace
from streambench.model.conditions import Guarantee
from streambench.model.verdict import Damage
from streambench.oracle.expected import expect
from streambench.oracle.judge import judge
from streambench.workload.parse import load_workload
from tests.oracle.stand_in import CLOCKS, OFFSET_MS, T0_MS
from tests.oracle.whole_way import logged_records, results
from tests.workload.lacking import LACKING


def passes(event: Mapping[str, Any]) -> bool:
    """`where`, of records with a key."""
    if event["city"] is None or event["zone"] is None:
        return False
    if event["km"] is None:
        return True
    # What is not both known to be by card and known to be less than 3 is not known to fail.
    if event["card"] is False:
        return True
    return event["tip"] is not None and bool(event["tip"] >= 3)


def has_row(events: list[Mapping[str, Any]]) -> bool:
    """`having`."""
    tips = [event["tip"] for event in events if event["tip"] is not None]
    by_card = [e["tip"] for e in events if e["tip"] is not None and e["card"] is True]
    far = [event["km"] for event in events if event["km"] is not None]
    paid = sum(event["fare"] is not None for event in events)
    asked = (sum(tips) > 600, not by_card, bool(far) and max(far) <= 25)
    return paid > 1 and any(asked)


def by_time(events: list[Mapping[str, Any]]) -> dict[str, Any]:
    """What is first and last, of those records that have it; of records of one time the least and the greatest."""
    fares = [(event["at"], event["fare"]) for event in events if event["fare"] is not None]
    ends = [
        (event["at"], event["tip"] + event["zone"])
        for event in events
        if None not in (event["tip"], event["zone"])
    ]
    by_card = [(e["at"], e["fare"]) for e in events if e["fare"] is not None and e["card"] is True]
    return {
        "opens": min(fares)[1] if fares else None,
        "ends": max(ends)[1] if ends else None,
        "ends_by_card": max(by_card)[1] if by_card else None,
    }


@pytest.mark.parametrize(
    "group_by", ['["city", "zone"]', '["city"]', '["zone"]'], ids=["both", "city", "zone"]
)
def test_rows_are_those_of_plain_python(tmp_path: Path, group_by: str) -> None:
    folder = tmp_path / "rides"
    folder.mkdir()
    text = LACKING.replace('["city", "zone"]', group_by)
    # One field is enough for a record to have a key.
    (folder / "workload.toml").write_text(text, encoding="utf-8")
    workload = load_workload(folder)
    names = json.loads(group_by)
    trace = compile_trace(workload, duration_ms=2_000, seed=5, cache=tmp_path)
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    lacking = 0
    for _, event_ms, _, value in logged_records(trace):
        event = json.loads(value, parse_float=Decimal)
        lacking += any(event[name] is None for name in names)
        known = {**event, **{name: event[name] or 0 for name in {"city", "zone"} - set(names)}}
        if passes(known):
            place = (*(event[name] for name in names), event_ms // 500 * 500)
            groups.setdefault(place, []).append({**event, "at": event_ms})
    assert trace.meta.without_key == lacking > 100
    by_hand = {place: events for place, events in groups.items() if has_row(events)}
    assert 10 < len(by_hand) < len(groups) or group_by != '["city", "zone"]'

    decoded = decode(RawRows.of(results(workload, trace, tmp_path)), workload.query)
    assert decoded.malformed_count == 0
    for clock in CLOCKS:
        expected = expect(trace, workload.query, clock)
        must = expected.table.filter(expected.table.column("must")).to_pylist()
        assert len(must) == len(by_hand)
        few = 0
        for row in must:
            key = row["key"]
            place = (*(json.loads(key) if len(names) > 1 else [key]), row["window_start_ms"])
            if names == ["zone"]:
                place = (int(key), row["window_start_ms"])
            events = by_hand[place]
            tips = [event["tip"] for event in events if event["tip"] is not None]
            assert row["full:rides"] == len(events)
            assert row["full:paid"] == sum(event["fare"] is not None for event in events)
            assert row["full:tips"] == (sum(tips) if tips else None)
            for alias, value in by_time(events).items():
                assert row[f"full:{alias}"] == value, alias
            if len(tips) < 2:
                assert row["full:off"] is None
                few += 1
            else:
                assert math.isclose(row["full:off"], statistics.stdev(tips), abs_tol=1e-9)
            fares = [event["fare"] for event in events if event["fare"] is not None]
            assert row["full:whole"] == sum(map(int, fares))
            drivers = {
                (event["driver"], event["city"])
                for event in events
                if event["driver"] is not None and event["city"] is not None
            }
            assert row["full:drivers"] == len(drivers)
        assert few or group_by != '["city", "zone"]'
        verdict = judge(
            decoded.table,
            expected,
            guarantee=Guarantee.EXACTLY_ONCE,
            start_realtime_ms=T0_MS,
            event_offset_ms=OFFSET_MS,
        ).verdict
        assert verdict.damage == Damage(), verdict.examples
        assert verdict.expected_rows == len(by_hand)
