"""How fast an engine works off what is there at once."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_NS_PER_MS = 1_000_000


def drain_rate_per_s(rows: pa.Table, records: int, start_realtime_ns: int) -> float | None:
    """Records per second from the first byte written until the last row was appended.

    None without rows. Result rows leave in bursts, so this is a mean over the whole drain.
    """
    if not rows.num_rows:
        return None
    last_ms = pc.max(rows.column("appended_ms")).as_py()
    took_ms = last_ms - start_realtime_ns / _NS_PER_MS
    return None if took_ms <= 0 else records * 1000 / took_ms
