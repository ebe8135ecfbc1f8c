"""After a load: wait until everything that must come has come, and then nothing more."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from streambench.kafka.raw_rows import NO_ROWS
from streambench.kafka.rows import MalformedRow, decode
from streambench.model.conditions import Conditions, Guarantee
from streambench.model.workload import Query
from streambench.oracle.keyed_windows import KeyedWindows
from streambench.runtime.supervisor import Death
from streambench.runtime.waiting import wait_until
from streambench.trial.process_exits import fail_on_exit
from streambench.trial.testbed import Testbed

# Below the least patience: the last commit falls into it, and a sample of usage is taken in it.
_SETTLING_S = 1.0
_SHOWN_MALFORMED = 3


@dataclass(frozen=True)
class Awaited:
    """Rows that must come, their windows since the epoch, and how long is waited.

    What has not come after `missing_s` is given up. After the last row nothing must come for
    `silence_s`.
    """

    must_come: KeyedWindows
    missing_s: float
    silence_s: float


@dataclass(frozen=True)
class LastRows:
    """All rows since those read before; `timed_out` when some expected row never came.

    `malformed` are the first of `malformed_count`. `quiet_ns` is the time after the last row, as far as
    the engine surely had nothing to do (of the monotonic clock); empty after a short silence.
    """

    rows: pa.Table
    malformed_count: int
    malformed: tuple[MalformedRow, ...]
    timed_out: bool
    quiet_ns: tuple[int, int]


def quiet_s(conditions: Conditions) -> float:
    """How long nothing must come before the output is believed to be over."""
    waits_ms = [2 * conditions.commit_interval_ms, 2_000]
    if conditions.guarantee is Guarantee.EXACTLY_ONCE:
        waits_ms.append(conditions.transaction_timeout_ms)
    return max(waits_ms) / 1000


def read_last_rows(
    testbed: Testbed,
    query: Query,
    awaited: Awaited,
    excused: Callable[[Death], bool] | None = None,
) -> LastRows:
    """Read until all awaited rows were seen and the output fell silent.

    Raises EngineFailed when the engine dies, unless its death is `excused`.
    """
    came = np.zeros(len(awaited.must_come), dtype=np.bool_)
    tables: list[pa.Table] = []
    malformed: list[MalformedRow] = []
    malformed_count = 0
    begun = time.monotonic()
    last_row = begun

    def silent() -> bool:
        nonlocal malformed_count, last_row
        fail_on_exit(testbed.supervisor, stage="last rows", excused=excused)
        now = time.monotonic()
        while len(raw := testbed.reader.poll()):
            last_row = now = time.monotonic()
            decoded = decode(raw, query)
            malformed.extend(decoded.malformed)
            malformed_count += decoded.malformed_count
            tables.append(decoded.table)
            found = awaited.must_come.find(decoded.table)
            came[found[found >= 0]] = True
        over = now - last_row > awaited.silence_s
        return over and (bool(came.all()) or now - begun > awaited.missing_s)

    wait_until(
        silent,
        what="the output to fall silent",
        timeout_s=awaited.missing_s * 4,
        stage="last rows",
        poll_s=0.1,
    )
    return LastRows(
        rows=pa.concat_tables(tables) if tables else decode(NO_ROWS, query).table,
        malformed_count=malformed_count,
        malformed=tuple(malformed[:_SHOWN_MALFORMED]),
        timed_out=not came.all(),
        quiet_ns=_quiet_ns(last_row),
    )


def _quiet_ns(last_row: float) -> tuple[int, int]:
    now_ns = time.monotonic_ns()
    return min(int((last_row + _SETTLING_S) * 1e9), now_ns), now_ns
