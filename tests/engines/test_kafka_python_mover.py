"""The Python consumer's first stage: which records go on, where to, and what is committed of it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from streambench.engines.common.query_module import MovingProgram, load_program
from streambench.engines.common.query_source import query_source
from streambench.engines.kafka_python import mover as moving
from streambench.engines.kafka_python.mover import Mover
from streambench.engines.kafka_python.windows import CommitMark
from streambench.model.record_key import NoKey
from streambench.workload.partition import partition_of
from tests.engines.cluster_lab import CLICKS, VIEW

PARTITIONS = 4


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes


@pytest.fixture
def mover(tmp_path: Path) -> Mover:
    path = tmp_path / "query.py"
    path.write_text(query_source(dataclasses.replace(CLICKS, key=NoKey())))
    return Mover(cast(MovingProgram, load_program(path)), CommitMark(7, 0), PARTITIONS)


def given(*events: dict[str, Any], offset: int = 7) -> tuple[list[Record], list[dict[str, Any]]]:
    values = [json.dumps(event).encode() for event in events]
    records = [Record(offset + at, 1_000 + at, value) for at, value in enumerate(values)]
    return records, list(events)


def event(campaign: str, action: str = VIEW) -> dict[str, Any]:
    return {"campaign": campaign, "action": action, "price": 1}


def test_what_passes_goes_to_the_partition_of_its_group_as_it_came(mover: Mover) -> None:
    records, events = given(event("c1"), event("c2", "click"), event("c3"), event("c1"))
    moved = mover.feed(records, events)
    assert [(each.key, each.value, each.event_ms) for each in moved] == [
        (b"c1", records[0].value, 1_000),
        (b"c3", records[2].value, 1_002),
        (b"c1", records[3].value, 1_003),
    ]
    assert [each.partition for each in moved] == [
        partition_of(key, PARTITIONS) for key in (b"c1", b"c3", b"c1")
    ]


def test_the_place_behind_the_last_record_is_committed_whatever_passed(mover: Mover) -> None:
    assert mover.mark() == mover.committed == CommitMark(7, 0)
    mover.feed(*given(event("c1"), event("c2", "click")))
    assert mover.mark() == CommitMark(9, 0)
    mover.feed([], [])
    assert mover.mark() == CommitMark(9, 0)


def test_many_groups_do_not_take_memory_for_ever(
    mover: Mover, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_KNOWN", 3)
    for number in range(10):
        (moved,) = mover.feed(*given(event(f"c{number}")))
        assert moved.key == f"c{number}".encode()
    assert len(mover._places) <= 3
