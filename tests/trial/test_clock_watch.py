"""The clocks before a load and after it: what holds all the while stands beside the send log."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from streambench.kafka.send_times import SendLogMeta, read_meta, write_meta
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound, ClocksSeen, UnknownClock
from streambench.model.errors import InstrumentFailed
from streambench.trial.clock_watch import ClockWatch

SHARD = ClockBound("shard 0/1", "a", -1.0, 1.0, 0)


def of(broker: int, low_ms: float, high_ms: float) -> ClockBound:
    return ClockBound(RUN_HOST_CLOCK, "here", low_ms, high_ms, broker)


class Scripted:
    """What is seen, look by look; `also` are those that were asked for by number."""

    def __init__(self, *seen: ClocksSeen) -> None:
        self._seen = list(seen)
        self.also: list[Collection[int]] = []

    def look(self, also: Collection[int] = ()) -> ClocksSeen:
        self.also.append(also)
        return self._seen.pop(0)


@pytest.fixture
def send_log(tmp_path: Path) -> Path:
    path = tmp_path / "load.parquet"
    write_meta(path, SendLogMeta(0, 0, 0, 0, 0, {}, None, 1, 1, 1.0, 0.1, 1, clocks=(SHARD,)))
    return path


def test_both_looks_count_and_what_shards_said_stays(send_log: Path) -> None:
    gone = UnknownClock(1, "lost")
    scripted = Scripted(
        ClocksSeen((of(0, -0.5, 0.2), of(1, 3.0, 4.0))),
        ClocksSeen((of(0, 0.1, 0.9),), (gone,)),
    )
    watch = ClockWatch(scripted)
    watch.begin(paced=True)
    watch.end(send_log)
    meta = read_meta(send_log)
    assert meta.clocks == (SHARD, of(0, -0.5, 0.9), of(1, 3.0, 4.0))
    assert meta.unknown_clocks == (UnknownClock(1, "not after the load: lost"),)
    # A broker that led before is asked again, whoever leads now.
    assert scripted.also == [(), {0, 1}]


@pytest.mark.parametrize("bound", [(39.6, 40.2), (-3_600_000.4, -3_599_999.9)])
def test_a_load_that_is_due_does_not_begin_by_a_clock_that_is_surely_elsewhere(
    bound: tuple[float, float],
) -> None:
    seen = ClocksSeen((of(0, -0.1, 0.3), of(2, *bound)))
    with pytest.raises(InstrumentFailed, match=r"the clock of here \(.*\) is not broker 2's"):
        ClockWatch(Scripted(seen)).begin(paced=True)
    ClockWatch(Scripted(seen)).begin(paced=False)
    # It may be right: the way to the broker is long.
    ClockWatch(Scripted(ClocksSeen((of(0, -30.0, 30.0),)))).begin(paced=True)


def test_with_one_clock_nothing_is_looked_at(send_log: Path) -> None:
    watch = ClockWatch()
    watch.begin(paced=True)
    watch.end(send_log)
    assert read_meta(send_log).clocks == (SHARD,)
