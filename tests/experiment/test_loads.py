"""Where the loads of a run lie: small ones are kept, large ones only as long as their point is tried."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from streambench.experiment import loads as module
from streambench.experiment.build import Options, sweep
from streambench.experiment.loads import Loads, LoadsPolicy, records_of
from streambench.experiment.request import Request
from streambench.load.trace import PARTIAL
from streambench.model.errors import EnvironmentLacks
from streambench.model.sweep import Axis, AxisName
from streambench.model.windows import Tumbling
from streambench.runtime import memory

RATES = (2_000.0, 4_000.0)


SMALL = LoadsPolicy(at_once_per_s=5_000, at_once_ms=2_000, rising_ms=1_000)
CROWDED = dataclasses.replace(SMALL, kept_bytes=1_000)


@pytest.fixture
def requests() -> tuple[Request, ...]:
    return sweep(
        Options(engines=("reference",), measured_s=2.0, warm_up_s=1.0),
        (Axis(AxisName.RATE, RATES),),
    )


def passing(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PARTIAL}*"))


def test_what_crowds_nothing_is_kept(tmp_path: Path, requests: tuple[Request, ...]) -> None:
    with Loads(tmp_path, SMALL) as loads:
        traces = [loads.measured(request) for request in requests]
        assert not passing(tmp_path)
    assert [trace.folder.parent for trace in traces] == [tmp_path, tmp_path]
    assert all(trace.records_path.exists() for trace in traces)
    assert [trace.meta.rate_per_s for trace in traces] == list(RATES)


def test_what_would_crowd_the_cache_is_there_while_its_point_is_tried(
    tmp_path: Path, requests: tuple[Request, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "memory_folder", lambda needed_bytes: None)
    slow, fast = requests
    with Loads(tmp_path, CROWDED) as loads:
        first = loads.measured(slow)
        rising = loads.rising(slow)
        assert rising is not None
        assert [first.folder.parent, rising.folder.parent] == [*passing(tmp_path)] * 2
        # Another engine's trial at that point plays the same files.
        assert loads.measured(dataclasses.replace(slow)).folder == first.folder
        second = loads.measured(fast)
        assert not first.folder.exists()
        assert [second.folder.parent] == passing(tmp_path)
        at_once = loads.at_once(fast)
        assert at_once is not None
        assert at_once.folder.parent == tmp_path
    assert not passing(tmp_path)


def test_a_large_load_lies_in_memory_where_there_is_room(
    tmp_path: Path, requests: tuple[Request, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory, asked = tmp_path / "memory", list[int]()
    in_memory.mkdir()

    def room(needed_bytes: int) -> Path:
        asked.append(needed_bytes)
        return in_memory

    monkeypatch.setattr(module, "memory_folder", room)
    with Loads(tmp_path / "cache", CROWDED) as loads:
        load = loads.measured(requests[0])
        assert load.folder.parent.parent == in_memory
        # For itself and for the log that the broker writes of it.
        assert asked[0] > 2 * load.records_bytes
    assert not any(in_memory.iterdir())


def test_a_job_is_warmed_by_records_of_its_point_that_then_rise_to_the_rate(
    tmp_path: Path, requests: tuple[Request, ...]
) -> None:
    with Loads(tmp_path, SMALL) as loads:
        at_once, rising = loads.at_once(requests[1]), loads.rising(requests[1])
        assert at_once is not None
        assert rising is not None
        assert at_once.ref.records == 10_000
        # From three tenths of 4,000 events/s to all of them, within the second.
        assert rising.ref.records == pytest.approx(0.65 * 4_000, rel=0.01)
        plain = dataclasses.replace(requests[1], warmed=False)
        assert loads.at_once(plain) is None
        assert loads.rising(plain) is None


def test_what_warms_need_not_hold_a_whole_window(
    tmp_path: Path, requests: tuple[Request, ...]
) -> None:
    """A minute's window: the warm-up of the broker has ten seconds, the rise to the rate one."""
    query = dataclasses.replace(requests[0].workload.query, window=Tumbling(60_000))
    workload = dataclasses.replace(requests[0].workload, query=query)
    long = dataclasses.replace(requests[0], workload=workload)
    with Loads(tmp_path, SMALL) as loads:
        assert loads.broker_warm_up(long).meta.duration_ms < 60_000
        assert all(load is not None for load in (loads.at_once(long), loads.rising(long)))


def test_the_broker_is_warmed_at_the_workloads_own_rate(
    tmp_path: Path, requests: tuple[Request, ...]
) -> None:
    own = dataclasses.replace(requests[0], rate_per_s=None).load_rate_per_s
    with Loads(tmp_path, SMALL) as loads:
        found = {loads.broker_warm_up(request).meta.rate_per_s for request in requests}
    assert found == {own}


def test_a_load_without_room_is_refused_before_anything_is_compiled(
    tmp_path: Path, requests: tuple[Request, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "memory_folder", lambda needed_bytes: None)
    asked: list[int] = []
    monkeypatch.setattr(
        module, "check_disk", lambda folder, needed_bytes: asked.append(needed_bytes)
    )
    with Loads(tmp_path, SMALL) as loads:
        loads.check_room(requests)
        kept, bundle, _ = asked
        assert bundle < kept
        assert kept > 50 * sum(records_of(request) for request in requests)
    with Loads(tmp_path, CROWDED) as loads:
        loads.check_room(requests)
        # Of what passes, one point is there at a time.
        assert 50 * records_of(requests[1]) < asked[3] < kept
        monkeypatch.setattr(module, "check_disk", memory.check_disk)
        monkeypatch.setattr("shutil.disk_usage", lambda folder: _Usage(free=1_000))
        with pytest.raises(EnvironmentLacks, match="MiB of disk are needed"):
            loads.check_room(requests)


@dataclasses.dataclass(frozen=True)
class _Usage:
    free: int
