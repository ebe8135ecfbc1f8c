"""Probe, closer and flush never meet the load, and windows cut the load alike in every trial."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from streambench.load.trace import Trace, compile_trace
from streambench.model.trial import Purpose
from streambench.model.workload import Workload
from streambench.trial.schedule import (
    cool_down_ms,
    duration_ms,
    earliest_start_ms,
    event_offset_ms,
    event_times,
    segment_of,
    spans,
)
from streambench.workload.locate import find
from streambench.workload.parse import load_workload

SECOND_MS = 1_000
T0_MS = 1_790_000_000_000


@pytest.fixture(scope="module", params=["clicks", "flights"])
def compiled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workload, Trace]:
    workload = load_workload(find(request.param))
    length_ms = 3 * SECOND_MS if request.param == "clicks" else None
    cache: Path = tmp_path_factory.mktemp("traces")
    return workload, compile_trace(workload, duration_ms=length_ms, seed=1, cache=cache)


def test_probe_and_closer_lie_before_the_first_window(compiled: tuple[Workload, Trace]) -> None:
    workload, trace = compiled
    query = workload.query
    times = event_times(trace, query)
    size_ms = query.window.shortest_ms
    for event_ms in (times.probe_ms, times.closer_ms):
        window_end_ms = event_ms // size_ms * size_ms + size_ms
        assert window_end_ms + size_ms <= times.first_window_ms
    assert times.probe_ms <= times.first_window_ms - 2 * size_ms - query.grace_ms


def test_a_load_begins_behind_the_windows_of_the_one_before_it(
    compiled: tuple[Workload, Trace],
) -> None:
    workload, trace = compiled
    if not trace.meta.event_time_follows_due:
        pytest.skip("a replay is played alone")
    query = workload.query
    first_ms = event_times(trace, query).first_window_ms
    for free_ms in range(T0_MS, T0_MS + 2 * query.window.advance_ms, 7):
        start_ms = earliest_start_ms(trace, query, free_ms)
        offset_ms = event_offset_ms(trace, query, start_realtime_ms=start_ms)
        assert free_ms <= offset_ms + first_ms < free_ms + 2 * query.window.advance_ms


def test_the_closer_closes_the_probes_window(compiled: tuple[Workload, Trace]) -> None:
    workload, trace = compiled
    query = workload.query
    times = event_times(trace, query)
    probe_end_ms = times.probe_ms + query.window.shortest_ms
    assert times.probe_ms % query.window.shortest_ms == 0
    assert times.closer_ms >= probe_end_ms + query.grace_ms


def test_the_flush_closes_the_last_window_and_starts_another(
    compiled: tuple[Workload, Trace],
) -> None:
    workload, trace = compiled
    times = event_times(trace, workload.query)
    assert times.flush_ms >= times.last_window_end_ms + workload.query.grace_ms
    assert trace.meta.max_event_ms < times.last_window_end_ms <= times.flush_ms


@pytest.mark.parametrize("start_ms", [T0_MS, T0_MS + 7 * SECOND_MS, T0_MS + 3_601 * SECOND_MS])
def test_event_times_are_shifted_by_whole_windows(
    compiled: tuple[Workload, Trace], start_ms: int
) -> None:
    workload, trace = compiled
    offset_ms = event_offset_ms(trace, workload.query, start_realtime_ms=start_ms)
    assert offset_ms % workload.query.window.advance_ms == 0


def test_a_replay_ends_before_now_with_its_flush(compiled: tuple[Workload, Trace]) -> None:
    workload, trace = compiled
    if trace.meta.event_time_follows_due:
        pytest.skip("generated load follows the clock")
    offset_ms = event_offset_ms(trace, workload.query, start_realtime_ms=T0_MS)
    assert event_times(trace, workload.query).flush_ms + offset_ms <= T0_MS


def test_a_load_after_a_replay_goes_on_behind_it(compiled: tuple[Workload, Trace]) -> None:
    workload, trace = compiled
    query = workload.query
    free_ms, asked = 0, 3
    for number in range(asked):
        start_ms = max(T0_MS, earliest_start_ms(trace, query, free_ms))
        offset_ms = event_offset_ms(trace, query, start_realtime_ms=start_ms, not_before_ms=free_ms)
        times = event_times(trace, query)
        assert offset_ms % query.window.advance_ms == 0
        assert times.first_window_ms + offset_ms >= free_ms
        if number and not trace.meta.event_time_follows_due:
            assert start_ms == T0_MS
            assert times.first_window_ms + offset_ms <= free_ms + 2 * query.window.advance_ms
        free_ms = times.free_from_ms + offset_ms


def test_spans_follow_one_another_and_fill_the_load() -> None:
    workload = load_workload(find("clicks"))
    parts = spans(workload, warm_up_ms=5_000, measured_ms=10_000)
    assert [part.purpose for part in parts] == [
        Purpose.WARM_UP,
        Purpose.MEASURED,
        Purpose.COOL_DOWN,
    ]
    for before, after in itertools.pairwise(parts):
        assert before.end_ms == after.start_ms
    assert duration_ms(parts) == 15_000 + cool_down_ms(workload)


def test_the_last_measured_window_closes_while_the_load_goes_on(
    compiled: tuple[Workload, Trace],
) -> None:
    workload, trace = compiled
    segment = segment_of(trace, workload, warm_up_ms=500, measured_ms=500)
    cool_down = segment.span(Purpose.COOL_DOWN)
    assert cool_down.end_ms - cool_down.start_ms >= cool_down_ms(workload)
