"""Which grace sessions need, so that no engine can take a record for late.

A record may extend a session whose last event lies a whole gap before it. That session closes its grace after
the record's own time. So a record is in time just while the clock is less than its grace ahead of it.
"""

from __future__ import annotations

from typing import assert_never

from streambench.model.workload import Replay, Synthetic, Workload, sessions_exact_from_ms
from streambench.workload.source import ARRIVAL_MS, EVENT_MS, opened


def grace_needed_ms(workload: Workload) -> int:
    """The least grace of sessions over this load. Raises UsageError for a file that cannot be read."""
    match workload.input:
        case Synthetic(longest_delay_ms=delay_ms):
            return sessions_exact_from_ms(delay_ms, workload.quantum_ms)
        case Replay() as replay:
            return _of_file(workload, replay)
        case _:
            assert_never(workload.input)


def _of_file(workload: Workload, replay: Replay) -> int:
    """Records of one quantum are read at once: none of them knows which comes first."""
    played_ms = workload.quantum_ms * replay.speed_up
    with opened(replay, workload.fields) as connection:
        row = connection.execute(f"""
            SELECT max(seen - oldest) FROM (
                SELECT min("{EVENT_MS}") AS oldest,
                       max(max("{EVENT_MS}")) OVER (ORDER BY quantum) AS seen
                FROM (SELECT *, floor(("{ARRIVAL_MS}" - min("{ARRIVAL_MS}") OVER ()) / {played_ms!r})
                                   AS quantum FROM source)
                GROUP BY quantum
            )
        """).fetchone()
    return 1 + int(row[0] or 0)
