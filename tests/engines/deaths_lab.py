"""What happens to results when a process is killed, stopped or cut off with its work half done."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streambench.engines.protocol import Engine, State, Target
from streambench.model.conditions import Conditions, Guarantee, Profile, Variant
from streambench.model.plan import Plan, Role
from streambench.runtime.waiting import wait_until
from tests.engines.cluster_lab import CLICKS, ClusterLab, running

KEYS = 400


def rows_after_a_kill(
    engine: Engine, guarantee: Guarantee, folder: Path, variant: Variant | None = None
) -> ClusterLab:
    """Kill a worker (SIGKILL) while its rows are on their way; the load goes on and is finished.

    Under exactly-once the moment is one at which rows are written that are not committed.
    """
    return _rows_after(engine, guarantee, folder, asleep=False, variant=variant)


def rows_after_a_sleep(
    engine: Engine, guarantee: Guarantee, folder: Path, *, others_take_over: bool = True
) -> ClusterLab:
    """Stop a worker (SIGSTOP) instead, and let it go on once others have done its work.

    Where nobody can do that without it, it goes on once it has been given up.
    """
    return _rows_after(engine, guarantee, folder, asleep=True, others_take_over=others_take_over)


def _rows_after(
    engine: Engine,
    guarantee: Guarantee,
    folder: Path,
    *,
    asleep: bool,
    others_take_over: bool = True,
    variant: Variant | None = None,
) -> ClusterLab:
    with half_done(engine, guarantee, folder, variant=variant) as lab:
        victim = lab.job.targets(Role.WORKER)[0]
        hit_ms = hit(lab, victim, signal.SIGSTOP if asleep else signal.SIGKILL)
        lab.windows(16, 6, keys=KEYS)
        lab.close_windows(22)
        if others_take_over:
            wait_until(lab.complete, what="every row", timeout_s=120)
        else:
            wait_until(
                lambda: bool(lab.job.readings().failures_noticed_ms),
                what="a word of the failure",
                timeout_s=120,
            )
        if asleep:
            lab.supervisor.hit(victim.name, signal.SIGCONT)
            lab.windows(23, 6, keys=KEYS)
            lab.close_windows(29)
            wait_until(lab.complete, what="every row after the sleep", timeout_s=90)
        wait_healthy(lab)
        lab.read()
        died = [death.name for death in lab.supervisor.deaths()]
        assert died == ([] if asleep else [victim.name])
        readings = lab.job.readings()
        # A worker that only slept is another restart to some engines and none to others.
        assert asleep or readings.restarts
        assert readings.failures_noticed_ms
        assert readings.failures_noticed_ms[0] >= hit_ms
        return lab


def rows_after_a_coordinators_death(
    engine: Engine, guarantee: Guarantee, folder: Path
) -> ClusterLab:
    """Kill the coordinator while rows are on their way, and do what a user's script does then."""
    with half_done(engine, guarantee, folder) as lab:
        (victim,) = lab.job.targets(Role.COORDINATOR)
        hit_ms = hit(lab, victim, signal.SIGKILL)
        assert lab.job.healthy().state is not State.FAILED
        lab.windows(16, 6, keys=KEYS)
        lab.close_windows(22)
        wait_until(
            lambda: lab.supervisor.current(victim.name), what="the new process", timeout_s=10
        )
        lab.job.resume()
        wait_until(lab.complete, what="every row", timeout_s=180)
        wait_healthy(lab)
        lab.read()
        assert [death.name for death in lab.supervisor.deaths()] == [victim.name]
        (successor,) = lab.job.targets(Role.COORDINATOR)
        assert (successor.name, successor.pid != victim.pid) == (victim.name, True)
        readings = lab.job.readings()
        assert readings.restarts
        assert readings.failures_noticed_ms
        assert readings.failures_noticed_ms[0] >= hit_ms
        return lab


def rows_after_a_rescaling(
    engine: Engine, guarantee: Guarantee, folder: Path, profile: Profile
) -> ClusterLab:
    """Restart in an orderly way with a worker more while rows are on their way; nobody dies."""
    conditions = Conditions(guarantee=guarantee, workers=3, profile=profile)
    wider = engine.plan(CLICKS, conditions, Variant(engine.name, engine.version))
    assert isinstance(wider, Plan)
    with half_done(engine, guarantee, folder, profile) as lab:
        lab.job.rescale(wider)
        lab.windows(16, 6, keys=KEYS)
        lab.close_windows(22)
        wait_until(lab.complete, what="every row", timeout_s=120)
        wait_healthy(lab)
        lab.read()
        assert len(lab.job.targets(Role.WORKER)) == 3
        assert lab.no_death()
        lab.effective = lab.job.readings().effective
        lab.job.stop()
        assert [child.role for child in lab.supervisor.children()] == [Role.BROKER]
        return lab


@contextmanager
def half_done(
    engine: Engine,
    guarantee: Guarantee,
    folder: Path,
    profile: Profile = Profile.TUNED,
    variant: Variant | None = None,
) -> Iterator[ClusterLab]:
    """A job that runs well, nothing noticed, and has just written rows that nobody has seen yet."""
    with (
        running(engine, Conditions(guarantee=guarantee, profile=profile), folder, variant) as lab,
        closing(_reader(lab, "read_uncommitted")) as uncommitted,
    ):
        seen = 0
        lab.windows(0, 2, keys=KEYS)
        lab.close_windows(2)
        lab.windows(3, 6, keys=KEYS)
        wait_healthy(lab)

        def any_row() -> bool:
            lab.read()
            return bool(lab.rows)

        wait_until(any_row, what="the first row", timeout_s=60)
        assert lab.job.readings().failures_noticed_ms == ()
        lab.windows(9, 6, keys=KEYS)
        lab.close_windows(15)

        def on_their_way() -> bool:
            nonlocal seen
            seen += sum(map(len, uncommitted.poll(timeout_ms=5).values()))
            if guarantee is Guarantee.AT_LEAST_ONCE:
                return seen > len(lab.rows)
            lab.read()
            return seen > sum(lab.rows.values())

        wait_until(on_their_way, what="rows on their way", timeout_s=60, poll_s=0.001)
        yield lab


def hit(lab: ClusterLab, victim: Target, signum: signal.Signals) -> float:
    """Send a signal to a process and all that it started; when, in ms since the epoch."""
    hit_ms = time.time_ns() // 1_000_000
    assert victim.pid in lab.supervisor.hit(victim.name, signum)
    if signum is signal.SIGKILL:
        wait_until(lambda: bool(lab.supervisor.deaths()), what="its death", timeout_s=10)
    return hit_ms


def wait_healthy(lab: ClusterLab) -> None:
    """Wait until all workers say that they have what is theirs."""
    wait_until(
        lambda: lab.job.healthy().state is State.RUNNING, what="the job's health", timeout_s=60
    )


def wrong_rows(lab: ClusterLab) -> Counter[Any]:
    """Rows with a value that never was right, and rows that never came."""
    right = lab.right_rows()
    return Counter({row: count for row, count in lab.rows.items() if row not in right}) + Counter(
        {row: 1 for row in right if row not in lab.rows}
    )


def duplicates(lab: ClusterLab) -> int:
    """How many rows came more than once, counted each time after the first."""
    return sum(count - 1 for count in lab.rows.values())


def _reader(lab: ClusterLab, isolation: str) -> Any:
    reader = KafkaConsumer(
        bootstrap_servers=lab.bootstrap,
        isolation_level=isolation,
        auto_offset_reset="earliest",
        group_id=None,
        enable_auto_commit=False,
    )
    reader.assign([TopicPartition("output", number) for number in range(lab.partitions)])
    return reader
