"""Windows that overlap or lie an offset behind the epoch: what is computed here, and what is generated."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from streambench.engines.common.query_module import QueryProgram, load_query
from streambench.engines.common.query_source import query_source
from streambench.engines.flink import ENGINE as FLINK
from streambench.engines.kafka_python.windows import Closed, CommitMark, OpenWindows
from streambench.engines.kafka_streams import ENGINE as KAFKA_STREAMS
from streambench.engines.kafka_streams.versions import jars_of
from streambench.engines.protocol import Engine
from streambench.engines.reference.windows import Windows
from streambench.engines.spark import ENGINE as SPARK
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Plan, Unsupported, Whose
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import Workload
from streambench.runtime.artifacts import resolve
from streambench.runtime.compiler import compile_java
from tests.engines.cluster_lab import CLICKS, GRACE_MS, VIEW
from tests.oracle.engines_in_python import starts_ms

WINDOWS = (Tumbling(500, 130), Hopping(500, 100), Hopping(500, 200, 30), Hopping(300, 299))
FAR_MS = 1_000_000


def clicks(window: Window) -> Workload:
    return replace(CLICKS, query=replace(CLICKS.query, window=window))


class Record(NamedTuple):
    offset: int
    timestamp: int


def event(key: str) -> dict[str, Any]:
    return {"campaign": key, "action": VIEW, "price": 1}


@pytest.fixture(params=WINDOWS, ids=str)
def window(request: pytest.FixtureRequest) -> Window:
    found: Window = request.param
    return found


@pytest.fixture
def query(tmp_path: Path, window: Window) -> QueryProgram:
    path = tmp_path / "query.py"
    path.write_text(query_source(clicks(window)))
    return load_query(path)


def drawn(seed: int) -> tuple[list[Record], list[dict[str, Any]]]:
    """A log with some disorder, and a last record that closes all."""
    chance = random.Random(seed)
    times = [2_000 + n * 13 - chance.randrange(900) for n in range(400)] + [FAR_MS]
    records = [Record(offset, time) for offset, time in enumerate(times)]
    return records, [event(f"c{chance.randrange(3)}") for _ in records]


def by_hand(
    records: list[Record], events: list[dict[str, Any]], window: Window
) -> tuple[dict[tuple[str, int], int], int]:
    """Counts by key and window start of what closes, and how often a record missed a window."""
    counts: dict[tuple[str, int], int] = {}
    clock_ms, late = 0, 0
    for record, each in zip(records, events, strict=True):
        clock_ms = max(clock_ms, record.timestamp)
        for start_ms in starts_ms(record.timestamp, window):
            if start_ms + window.shortest_ms + GRACE_MS <= clock_ms:
                late += 1
            elif record.timestamp < FAR_MS:
                place = (each["campaign"], start_ms)
                counts[place] = counts.get(place, 0) + 1
    return counts, late


def counted(closed: list[Closed]) -> Mapping[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for each in closed:
        for key, totals in each.totals.items():
            assert (key, each.start_ms) not in found
            found[key, each.start_ms] = totals[0]
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_python_consumer_counts_each_record_in_each_window_in_time(
    query: QueryProgram, window: Window, seed: int
) -> None:
    records, events = drawn(seed)
    wanted, late = by_hand(records, events, window)
    windows = OpenWindows(query, CommitMark(0, 0))
    assert counted(windows.feed(records, events)) == wanted
    assert windows.late_records == late > 0


@pytest.mark.parametrize("seed", range(5))
def test_takeovers_anywhere_change_no_row(query: QueryProgram, window: Window, seed: int) -> None:
    records, events = drawn(seed)
    chance = random.Random(seed)
    windows, at, rows = OpenWindows(query, CommitMark(0, 0)), 0, []
    while at < len(records):
        size = chance.randrange(1, 40)
        rows += windows.feed(records[at : at + size], events[at : at + size])
        at += size
        if at < len(records) and chance.random() < 0.5:
            mark = windows.mark()
            windows, at = OpenWindows(query, mark), mark.offset
    assert counted(rows) == by_hand(records, events, window)[0]


@pytest.mark.parametrize("seed", range(5))
def test_the_scripted_engine_counts_the_same(
    query: QueryProgram, window: Window, seed: int
) -> None:
    records, events = drawn(seed)
    wanted, late = by_hand(records, events, window)
    windows = Windows(query, 1, one_clock=False)
    rows = [
        row
        for record, each in zip(records, events, strict=True)
        for row in windows.feed(0, record.timestamp, each)
    ]
    assert {(row.key, row.window_start_ms): row.totals[0] for row in rows} == wanted
    assert windows.late_records == late


def made(engine: Engine, window: Window) -> str:
    """The programs that are generated, one behind the other."""
    plan = engine.plan(clicks(window), Conditions(), Variant(engine.name, engine.version))
    assert isinstance(plan, Plan)
    return "\n".join(program.text for program in plan.programs)


@pytest.mark.parametrize(
    ("engine", "window", "said"),
    [
        (FLINK, Hopping(500, 100), "INTERVAL '0.100' SECOND, INTERVAL '0.500' SECOND)"),
        (FLINK, Tumbling(500, 30), "INTERVAL '0.500' SECOND, INTERVAL '0.030' SECOND)"),
        (FLINK, Sessions(500), "SESSION(TABLE `records` PARTITION BY (`campaign`), DESCRIPTOR("),
        (
            SPARK,
            Sessions(500),
            'F.session_window("event_time", "500 milliseconds").alias("window")',
        ),
        (KAFKA_STREAMS, Sessions(500), "SessionWindows.ofInactivityGapAndGrace(GAP, GRACE)"),
        (SPARK, Hopping(500, 200), '"500 milliseconds", "200 milliseconds")'),
        (SPARK, Tumbling(500, 30), '"500 milliseconds", "500 milliseconds", "30 milliseconds")'),
        (KAFKA_STREAMS, Hopping(500, 200), ".advanceBy(EVERY)"),
        (KAFKA_STREAMS, Tumbling(500, 30), "record.timestamp() - OFFSET_MS"),
    ],
    ids=lambda given: getattr(given, "name", None) or str(given),
)
def test_each_engine_gets_its_own_form(engine: Engine, window: Window, said: str) -> None:
    assert said in made(engine, window)


def test_what_flink_refuses_is_its_own_gap() -> None:
    plan = FLINK.plan(clicks(Hopping(500, 200)), Conditions(), Variant("flink", FLINK.version))
    assert isinstance(plan, Unsupported)
    assert plan.whose is Whose.UPSTREAM
    assert "no multiple of 200 ms" in plan.reason


@pytest.mark.engine
@pytest.mark.no_load
@pytest.mark.parametrize("version", KAFKA_STREAMS.versions)
@pytest.mark.parametrize("window", [Hopping(500, 200, 30), Sessions(500)], ids=str)
@pytest.mark.parametrize("name", [None, "flat-json", "suppress"])
def test_the_java_of_other_windows_compiles(
    version: str, window: Window, name: str | None, tmp_path: Path
) -> None:
    variant = Variant("kafka-streams", version, name=name)
    plan = KAFKA_STREAMS.plan(clicks(window), Conditions(), variant)
    assert isinstance(plan, Plan)
    sources = []
    for program in plan.programs:
        if program.language == "java":
            sources.append(tmp_path / program.name)
            sources[-1].write_text(program.text)
    artifacts = resolve(KAFKA_STREAMS.requires(Variant("kafka-streams", version)))
    compile_java(
        tuple(sources),
        classpath=artifacts.jars[jars_of(version)],
        out=tmp_path / "classes",
        java=artifacts.java,
        ecj=artifacts.jars["compiler"][0],
    )
