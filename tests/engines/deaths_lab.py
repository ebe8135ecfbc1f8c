"""What happens to results when a process is killed, stopped or cut off with its work half done."""

from __future__ import annotations

import dataclasses
import signal
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer

from streambench.engines.protocol import Engine, State, Target
from streambench.model.conditions import Conditions, Guarantee, Profile, Variant
from streambench.model.plan import Plan, Role
from streambench.runtime.waiting import wait_until
from tests.engines.cluster_lab import CLICKS, ClusterLab, running

KEYS = 400
# What may lie behind the visible rows without one of a key's: flush records' rows, and transactions' marks.
MARKERS_AT_MOST = 50
_MOMENTS = 5


def kill_a_worker(lab: ClusterLab) -> None:
    """Kill a worker (SIGKILL) while its rows are on their way; the load goes on and is finished.

    Under exactly-once the moment is one at which rows are written that are not committed.
    """
    _hit_a_worker(lab, asleep=False)


def stop_a_worker(lab: ClusterLab, *, others_take_over: bool = True) -> None:
    """Stop a worker (SIGSTOP) instead, and let it go on once others have done its work.

    Where nobody can do that without it, it goes on once it has been given up.
    """
    _hit_a_worker(lab, asleep=True, others_take_over=others_take_over)


def _hit_a_worker(lab: ClusterLab, *, asleep: bool, others_take_over: bool = True) -> None:
    have_work_half_done(lab)
    victim = lab.job.targets(Role.WORKER)[0]
    hit_ms = hit(lab, victim, signal.SIGSTOP if asleep else signal.SIGKILL)
    lab.windows(16, 6, keys=KEYS)
    lab.close_windows(22)
    if others_take_over:
        wait_until(lab.complete, what="every row", timeout_s=180)
    else:
        wait_until(lambda: bool(lab.noticed_ms()), what="a word of the failure", timeout_s=120)
    if asleep:
        lab.supervisor.hit(victim.name, signal.SIGCONT)
        lab.windows(23, 6, keys=KEYS)
        lab.close_windows(29)
        wait_until(lab.complete, what="every row after the sleep", timeout_s=90)
    lab.wait_healthy()
    lab.read()
    assert lab.died() == ([] if asleep else [victim.name])
    # A worker that only slept is another restart to some engines and none to others.
    if not asleep:
        wait_until(lab.restarts, what="the count of restarts", timeout_s=30)
    noticed_ms = lab.noticed_ms()
    assert noticed_ms
    assert noticed_ms[0] >= hit_ms


def kill_the_coordinator(lab: ClusterLab) -> None:
    """Kill the coordinator while rows are on their way, and do what a user's script does then."""
    have_work_half_done(lab)
    (victim,) = lab.job.targets(Role.COORDINATOR)
    hit_ms = hit(lab, victim, signal.SIGKILL)
    assert lab.job.healthy().state is not State.FAILED
    lab.windows(16, 6, keys=KEYS)
    lab.close_windows(22)
    wait_until(lambda: lab.supervisor.current(victim.name), what="the new process", timeout_s=10)
    lab.job.resume()
    wait_until(lab.complete, what="every row", timeout_s=180)
    lab.wait_healthy()
    lab.read()
    assert lab.died() == [victim.name]
    (successor,) = lab.job.targets(Role.COORDINATOR)
    assert (successor.name, successor.pid != victim.pid) == (victim.name, True)
    assert lab.restarts()
    noticed_ms = lab.noticed_ms()
    assert noticed_ms
    assert noticed_ms[0] >= hit_ms


def rows_after_a_rescaling(
    engine: Engine, guarantee: Guarantee, folder: Path, profile: Profile
) -> ClusterLab:
    """Restart in an orderly way with a worker more while rows are on their way; nobody dies."""
    conditions = Conditions(guarantee=guarantee, profile=profile)
    wider = engine.plan(
        CLICKS, dataclasses.replace(conditions, workers=3), Variant(engine.name, engine.version)
    )
    assert isinstance(wider, Plan)
    with running(engine, conditions, folder) as lab:
        have_work_half_done(lab)
        lab.job.rescale(wider)
        lab.windows(16, 6, keys=KEYS)
        lab.close_windows(22)
        wait_until(lab.complete, what="every row", timeout_s=120)
        lab.wait_healthy()
        lab.read()
        assert len(lab.job.targets(Role.WORKER)) == 3
        assert lab.no_death()
        lab.effective = lab.job.readings().effective
        lab.job.stop()
        assert lab.supervisor.children() == ()
        return lab


def have_work_half_done(lab: ClusterLab) -> None:
    """Until the job runs well, nothing noticed, and has just written rows that nobody has seen yet.

    Such a moment may pass unseen, on a busy machine: then the next one is waited for.
    """
    lab.windows(0, 2, keys=KEYS)
    lab.close_windows(2)
    lab.windows(3, 6, keys=KEYS)
    lab.wait_healthy()

    def any_row() -> bool:
        lab.read()
        return bool(lab.rows)

    wait_until(any_row, what="the first row", timeout_s=120)
    assert lab.noticed_ms() == ()
    with closing(_uncommitted(lab)) as uncommitted:
        for _ in range(_MOMENTS):
            lab.windows(9, 6, keys=KEYS)
            lab.close_windows(15)
            if _are_on_their_way(lab, uncommitted):
                return
            lab.begin_again()
    raise AssertionError("no rows were seen on their way")


def _are_on_their_way(lab: ClusterLab, uncommitted: Any) -> bool:
    """Wait until there are rows that a reader cannot have yet; False when it has all before that."""
    partitions = lab.consumer.assignment()
    exactly_once = lab.conditions.guarantee is Guarantee.EXACTLY_ONCE

    def found() -> str | None:
        written = sum(uncommitted.end_offsets(partitions).values())
        if exactly_once:
            # To one that reads what is committed, the end is where the first open transaction begins.
            visible = sum(lab.consumer.end_offsets(partitions).values())
        else:
            visible = sum(map(lab.consumer.position, partitions))
        if written - visible > MARKERS_AT_MOST:
            return "on their way"
        return "all there" if exactly_once and lab.complete() else None

    what = "rows on their way"
    return wait_until(found, what=what, timeout_s=60, poll_s=0.001) == "on their way"


def hit(lab: ClusterLab, victim: Target, signum: signal.Signals) -> float:
    """Send a signal to a process and all that it started; when, in ms since the epoch."""
    hit_ms = time.time_ns() // 1_000_000
    assert victim.pid in lab.supervisor.hit(victim.name, signum)
    if signum is signal.SIGKILL:
        wait_until(lambda: bool(lab.supervisor.deaths()), what="its death", timeout_s=10)
    return hit_ms


def wrong_rows(lab: ClusterLab) -> Counter[Any]:
    """Rows with a value that never was right, and rows that never came."""
    right = lab.right_rows()
    return Counter({row: count for row, count in lab.rows.items() if row not in right}) + Counter(
        {row: 1 for row in right if row not in lab.rows}
    )


def duplicates(lab: ClusterLab) -> int:
    """How many rows came more than once, counted each time after the first."""
    return sum(count - 1 for count in lab.rows.values())


def _uncommitted(lab: ClusterLab) -> Any:
    """To a consumer like this the end of a partition is what is written, whether committed or not."""
    return KafkaConsumer(
        bootstrap_servers=lab.bootstrap,
        isolation_level="read_uncommitted",
        group_id=None,
        enable_auto_commit=False,
    )
