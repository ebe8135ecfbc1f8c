"""After the load: wait until everything that must come has come, and then nothing more."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from streambench.kafka.raw_rows import NO_ROWS
from streambench.kafka.reader import Reader
from streambench.kafka.rows import MalformedRow, decode
from streambench.model.conditions import Conditions, Guarantee
from streambench.model.workload import Query
from streambench.runtime.supervisor import Death, Supervisor
from streambench.runtime.waiting import wait_until
from streambench.trial.deaths import fail_on_death

DRAIN_TIMEOUT_S = 60.0
# Below the least patience: the last commit falls into it, and a sample of usage is taken in it.
_SETTLING_S = 1.0
_SHOWN_MALFORMED = 3


@dataclass(frozen=True)
class Drained:
    """All rows read so far; `timed_out` when some expected row never came.

    `quiet_ns` is the time after the last row, as far as the engine surely had nothing to do (of the
    monotonic clock); empty after a short silence.
    """

    rows: pa.Table
    malformed_count: int
    malformed: tuple[MalformedRow, ...]  # the first of them
    timed_out: bool
    quiet_ns: tuple[int, int]


def quiet_s(conditions: Conditions) -> float:
    """How long nothing must come before the output is believed to be over."""
    waits_ms = [2 * conditions.commit_interval_ms, 2_000]
    if conditions.guarantee is Guarantee.EXACTLY_ONCE:
        waits_ms.append(conditions.transaction_timeout_ms)
    return max(waits_ms) / 1000


def drain(
    *,
    supervisor: Supervisor,
    reader: Reader,
    query: Query,
    conditions: Conditions,
    must_come: set[tuple[str, int]],
    excused: Callable[[Death], bool] | None = None,
    timeout_s: float = DRAIN_TIMEOUT_S,
    silence_s: float | None = None,
) -> Drained:
    """Read until every (key, window start) of `must_come` was seen and the output fell silent.

    After `timeout_s` what is missing is given up. `silence_s` stands in for `quiet_s`.
    """
    missing = set(must_come)
    tables: list[pa.Table] = []
    malformed: list[MalformedRow] = []
    malformed_count = 0
    begun = time.monotonic()
    last_row = begun
    patience_s = quiet_s(conditions) if silence_s is None else silence_s

    def silent() -> bool:
        nonlocal malformed_count, last_row
        fail_on_death(supervisor, stage="last rows", excused=excused)
        raw = reader.poll()
        now = time.monotonic()
        if len(raw):
            decoded = decode(raw, query)
            malformed.extend(decoded.malformed)
            malformed_count += decoded.malformed_count
            tables.append(decoded.table)
            last_row = now
            if missing:
                missing.difference_update(
                    zip(
                        decoded.table.column("key").to_pylist(),
                        decoded.table.column("window_start_ms").to_pylist(),
                        strict=True,
                    )
                )
        over = now - last_row > patience_s
        return over and (not missing or now - begun > timeout_s)

    wait_until(
        silent,
        what="the output to fall silent",
        timeout_s=timeout_s * 4,
        stage="last rows",
        poll_s=0.1,
    )
    table = pa.concat_tables(tables) if tables else decode(NO_ROWS, query).table
    return Drained(
        rows=table,
        malformed_count=malformed_count,
        malformed=tuple(malformed[:_SHOWN_MALFORMED]),
        timed_out=bool(missing),
        quiet_ns=_quiet_ns(last_row),
    )


def _quiet_ns(last_row: float) -> tuple[int, int]:
    now_ns = time.monotonic_ns()
    return min(int((last_row + _SETTLING_S) * 1e9), now_ns), now_ns
