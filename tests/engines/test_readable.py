"""The tolerant Python consumer: what it takes for a record, and what it says of all else."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from streambench.engines.common.query_module import load_query, reader_of
from streambench.engines.common.query_source import query_source
from streambench.engines.kafka_python.readable import readable_of
from streambench.load.dirt import dirty_record
from streambench.load.probes import probes_of
from streambench.model.dirt import DirtKind
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.engines.cluster_lab import CLICKS

TYPES = """title = "All types"
[input]
rate = 100
[input.fields]
name = { choice = 4 }
paid = { bool = 0.5 }
weight = { double = [0.0, 1.0] }
price = { decimal = [0.01, 5.00] }
since = { timestamp = ["2026-01-01", "2026-01-31"] }
count = { int = [1, 9], null = 0.5 }
[query]
group_by = ["name"]
window = { tumbling = "1 s" }
select = { n = "count(*)" }
"""
GOOD: dict[str, Any] = {
    "name": "a",
    "paid": True,
    "weight": 0.5,
    "price": 1.25,
    "since": 1_767_225_600_000,
    "count": 3,
}


class Record(NamedTuple):
    offset: int
    partition: int
    value: bytes | None


def program(folder: Path, text: str, *, readable: bool = True) -> Any:
    source = folder / "query.py"
    source.write_text(text)
    found = load_query(source)
    assert (reader_of(found) is not None) is readable
    return found


def test_a_program_looks_at_records_where_it_is_asked_to(tmp_path: Path) -> None:
    program(tmp_path, query_source(CLICKS), readable=False)
    program(tmp_path, query_source(CLICKS, readable=True))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 5),
        ("name", None),
        ("paid", 1),
        ("paid", "true"),
        ("weight", "0.5"),
        ("weight", True),
        ("price", None),
        ("since", 1.5),
        ("count", "3"),
        ("count", 3.5),
    ],
)
def test_a_value_of_another_type_is_no_record(tmp_path: Path, name: str, value: object) -> None:
    (tmp_path / "workload.toml").write_text(TYPES)
    found = program(tmp_path, query_source(load_workload(tmp_path), readable=True))

    def takes(event: dict[str, Any]) -> bool:
        return bool(found.readable(json.loads(json.dumps(event), parse_float=found.PARSE_FLOAT)))

    assert takes(GOOD)
    assert takes({**GOOD, "count": None, "more": 1})  # may lack a value; what is more does no harm
    assert not takes({**GOOD, name: value})
    assert not takes({each: of for each, of in GOOD.items() if each != name})
    assert not found.readable([GOOD])


def test_each_kind_of_dirt_is_taken_or_left_out_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    generated = load_workload(find("clicks"))
    found = program(tmp_path, query_source(generated, readable=True))
    probe = probes_of(generated)[0]
    records = [
        Record(offset, 2, dirty_record(generated, probe, kind).value)
        for offset, kind in enumerate(DirtKind)
    ]
    with caplog.at_level(logging.WARNING):
        taken = readable_of(records, found.readable, found.PARSE_FLOAT)
    kinds = list(DirtKind)
    assert {kinds[record.offset] for record in taken.records} == {
        DirtKind.NULL_KEY,
        DirtKind.UNKNOWN_FIELD,
        DirtKind.HUGE_RECORD,
        DirtKind.FAR_BEHIND,
        DirtKind.FAR_AHEAD,
    }
    assert [event["action"] for event in taken.events] == ["view"] * 5
    assert len(caplog.messages) == 7
    assert caplog.messages[0].startswith("left out record 0 of partition 2: ")
