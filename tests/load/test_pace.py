"""Loads whose rate is not constant: as many events as the rates add up to, each in its place."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from streambench.load.pace import Constant, LoadPace, Shaped
from streambench.load.resolve import chunks, resolve
from streambench.load.trace import compile_trace
from streambench.model.shape import (
    Bursts,
    Ramp,
    Shape,
    Sine,
    Steps,
    mean_per_s,
    peak_per_s,
    problem_with,
)
from streambench.model.workload import Synthetic, Workload
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

CLICKS = load_workload(shipped_root() / "clicks")
SECONDS = 12
SHAPES = (
    Ramp(2_000, 14_000),
    Ramp(9_000, 0),
    Steps((1_000, 5_000, 3_000)),
    Sine(6_000, 6_000, 4_000),
    Bursts(1_000, 20_000, 3_000, 500),
)


def shaped(shape: Shape) -> Workload:
    return dataclasses.replace(CLICKS, input=Synthetic(mean_per_s(shape), 50, shape))


def every_quantum(pace: LoadPace, quantum_ms: int = 5, step: int = 40) -> npt.NDArray[np.int64]:
    """The quanta of all events, taken in pieces of `step` quanta."""
    found, first = [], 0
    for start_ms in range(0, SECONDS * 1_000, step * quantum_ms):
        end = pace.before(start_ms + step * quantum_ms)
        instants_us, quanta = pace.instants(first, end - first, start_ms, quantum_ms)
        assert len(instants_us) == len(quanta) == end - first
        assert np.all(np.diff(instants_us) >= 0)
        assert np.all(instants_us // 1_000 // quantum_ms == quanta)
        found.append(quanta)
        first = end
    return np.concatenate(found)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
def test_events_add_up_and_lie_where_the_rate_says(shape: Shape) -> None:
    pace = Shaped(shape, SECONDS * 1_000)
    quanta = every_quantum(pace)
    assert len(quanta) == pace.before(SECONDS * 1_000)
    assert len(quanta) == pytest.approx(mean_per_s(shape) * SECONDS, rel=0.01)
    a_second = np.bincount(quanta * 5 // 1_000, minlength=SECONDS)
    assert a_second.max() <= peak_per_s(shape) + 1
    if isinstance(shape, Ramp):
        assert np.all(np.diff(a_second) > 0) == (shape.last_per_s > shape.first_per_s)
    if isinstance(shape, Steps):
        assert list(a_second[[0, 5, 11]]) == [1_000, 5_000, 3_000]
    if isinstance(shape, Bursts):
        assert list(a_second[[0, 1]]) == [1_000, 1_000]
        assert a_second[2] == 500 + 10_000


def test_how_it_is_cut_alters_nothing() -> None:
    paces: list[LoadPace] = [Constant(7_777)]
    paces += [Shaped(shape, SECONDS * 1_000) for shape in SHAPES]
    for pace in paces:
        assert np.array_equal(every_quantum(pace, step=40), every_quantum(pace, step=2_400))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: type(shape).__name__)
def test_the_records_of_a_shape_do_not_depend_on_the_chunks(shape: Shape) -> None:
    workload = shaped(shape)
    load = resolve(workload, duration_ms=3_000, rate_per_s=None)
    few, many = (
        [
            np.concatenate([getattr(chunk, name) for chunk in found])
            for name in ("quantum", "event_ms")
        ]
        for found in (
            tuple(chunks(workload, load, seed=1, partitions=4, chunk_records=size))
            for size in (1 << 18, 500)
        )
    )
    assert np.array_equal(few[0], many[0])
    assert np.array_equal(few[1], many[1])
    assert len(few[0]) == load.records


def test_a_shape_is_another_trace_and_a_rate_of_ones_own_ends_it(tmp_path: Path) -> None:
    workload = shaped(Steps((2_000, 4_000)))
    steps = compile_trace(workload, duration_ms=2_000, seed=1, cache=tmp_path)
    assert steps.meta.records == 6_000
    assert steps.offered_between(0, 1_000) == 2_000
    assert steps.offered_by_second == (2_000, 4_000)
    flat = compile_trace(workload, duration_ms=2_000, seed=1, cache=tmp_path, rate_per_s=3_000)
    plain = compile_trace(CLICKS, duration_ms=2_000, seed=1, cache=tmp_path, rate_per_s=3_000)
    assert flat.meta.sha256 == plain.meta.sha256 != steps.meta.sha256


@pytest.mark.parametrize(
    "shape",
    [
        Steps((1_000,)), Sine(1_000, 1_001, 1_000), Bursts(1, 2, 1_000, 1_000), Ramp(-1, 5),
        Steps((-3, 9)), Ramp(0, 0),
    ],
)  # fmt: skip
def test_what_makes_no_load_is_told(shape: Shape) -> None:
    assert problem_with(shape)
    assert not any(problem_with(good) for good in SHAPES)
