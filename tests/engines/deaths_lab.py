"""What happens to results when a worker is killed with its work half done."""

from __future__ import annotations

import os
import signal
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streambench.engines.protocol import Engine, State
from streambench.model.conditions import Conditions, Guarantee
from streambench.model.plan import Role
from streambench.runtime.waiting import wait_until
from tests.engines.cluster_lab import ClusterLab, running

KEYS = 400


def rows_after_a_kill(engine: Engine, guarantee: Guarantee, folder: Path) -> ClusterLab:
    """Kill a worker (SIGKILL) while its rows are on their way; the load goes on and is finished.

    Under exactly-once the moment is one at which rows are written that are not committed.
    """
    return _rows_after(engine, guarantee, folder, asleep=False)


def rows_after_a_sleep(engine: Engine, guarantee: Guarantee, folder: Path) -> ClusterLab:
    """Stop a worker (SIGSTOP) instead, and let it go on once others have done its work."""
    return _rows_after(engine, guarantee, folder, asleep=True)


def _rows_after(engine: Engine, guarantee: Guarantee, folder: Path, *, asleep: bool) -> ClusterLab:
    with (
        running(engine, Conditions(guarantee=guarantee), folder) as lab,
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
        lab.windows(9, 6, keys=KEYS)
        lab.close_windows(15)

        def half_done() -> bool:
            nonlocal seen
            seen += sum(map(len, uncommitted.poll(timeout_ms=5).values()))
            if guarantee is Guarantee.AT_LEAST_ONCE:
                return seen > len(lab.rows)
            lab.read()
            return seen > sum(lab.rows.values())

        wait_until(half_done, what="rows on their way", timeout_s=60, poll_s=0.001)
        victim = lab.job.targets(Role.WORKER)[0]
        os.kill(victim.pid, signal.SIGSTOP if asleep else signal.SIGKILL)
        lab.windows(16, 6, keys=KEYS)
        lab.close_windows(22)

        def complete() -> bool:
            lab.read()
            return {(row[0], row[1]) for row in lab.rows} >= set(lab.expected)

        wait_until(complete, what="every row", timeout_s=90)
        if asleep:
            os.kill(victim.pid, signal.SIGCONT)
            lab.windows(23, 6, keys=KEYS)
            lab.close_windows(29)
            wait_until(complete, what="every row after the sleep", timeout_s=90)
        wait_healthy(lab)
        lab.read()
        died = [death.name for death in lab.supervisor.deaths()]
        assert died == ([] if asleep else [victim.name])
        assert lab.job.readings().restarts == len(died)
        return lab


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


def over_counted_only(lab: ClusterLab) -> bool:
    """Whether every window has a row, and no row has less in it than it should."""
    right = {row[:2]: row[2:] for row in lab.right_rows()}
    return {row[:2] for row in lab.rows} == set(right) and all(
        row[2] >= right[row[:2]][0] and row[3] >= right[row[:2]][1] for row in lab.rows
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
