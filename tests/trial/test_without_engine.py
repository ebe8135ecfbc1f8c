"""A part of a load again, on a real broker and with no engine: what it is, and that it leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.kafka.broker_versions import artifacts_of_testbed
from streambench.load.trace import compile_trace
from streambench.model.trial import Purpose, Segment, Span
from streambench.runtime.artifacts import resolve
from streambench.trial.testbed import TestbedShape, embedded_testbed
from streambench.trial.without_engine import Again
from streambench.trial.workspace import Room
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.one_broker import one_broker

RATE_PER_S = 20_000
OFFSET_MS = 1_764_000_000_000


@pytest.mark.broker
def test_the_beginning_of_the_measured_part_is_played_again_and_nothing_is_left(
    tmp_path: Path,
) -> None:
    workload = load_workload(find("clicks"))
    load = compile_trace(
        workload, duration_ms=2_000, seed=1, cache=tmp_path / "loads", rate_per_s=RATE_PER_S
    )
    segment = Segment(
        load.ref,
        (Span(Purpose.WARM_UP, 0, 1_000), Span(Purpose.MEASURED, 1_000, 2_000)),
    )
    with (
        one_broker.workspace(Room(0, load.ref.records, load.records_bytes)) as place,
        embedded_testbed(
            place,
            resolve(artifacts_of_testbed()),
            shape=TestbedShape(workload.partitions),
            broker_warm_up=load.ref,
        ) as testbed,
    ):
        before = {child.name for child in place.supervisor.children()}
        found = Again(testbed, segment, OFFSET_MS, part_ms=500).play()
        again = Again(testbed, segment, OFFSET_MS, part_ms=500).play()
        assert {child.name for child in place.supervisor.children()} == before
    assert found is not None
    assert again is not None
    assert found.records == again.records == RATE_PER_S * 500 // 1_000
    for each in (found, again):
        assert each.request_us is not None
        assert each.request_us > 0
        assert each.broker_cpu_s >= 0
