"""An engine that did not work off its load in the time it was given is slow, and not wrong."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streambench.model.trial import Failed
from streambench.model.verdict import Verdict


def unfinished(verdict: Verdict, windows: pa.Table) -> Failed | None:
    """The failure of an engine whose newest rows alone are missing; None when anything else is amiss.

    Asked when the wait for missing rows was given up and nothing had struck the engine. `windows` as in the
    bundle. A row that is missing before one that came is lost.
    """
    damage = verdict.damage
    if not damage.lost or damage.wrong or damage.early:
        return None
    due = windows.filter(pc.greater(windows.column("expected_rows"), 0)).sort_by("window_start_ms")
    expected, right = (due.column(f"{which}_rows").to_numpy() for which in ("expected", "right"))
    complete = right >= expected
    if not complete.any() or complete[np.argmin(complete) :].any():
        return None
    return Failed(
        stage="last rows",
        reason=f"the newest {damage.lost:,} of {verdict.expected_rows:,} rows had not come when the wait "
        "for them ended, and all before them was right: it did not work off its load",
        hint="find the rate that it bears: streambench find-rate WORKLOAD",
    )
