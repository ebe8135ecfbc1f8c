"""Whether an engine's work in a measured part was that of the load that was due in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streambench.model.pace import Pace
from streambench.results.sustained import judge_pace

# The same windows came out as were due, but for one at an edge where there are fifty or more.
SAME_SHARE: Final = 0.02


def did_what_came(measures: Mapping[str, float | None], windows: int) -> bool:
    """Whether what it used can be divided by what was due: it was shown to have done that, and no more.

    One that left work undone would look the cheaper the more it left; one that works off a backlog of
    before does more. Where its pace is not decided, what came out must be what was due.
    """
    judged = judge_pace(measures, windows)
    match judged.pace:
        case Pace.KEPT_UP:
            return not judged.catching_up
        case Pace.FELL_BEHIND:
            return False
        case Pace.UNDECIDED:
            offered, processed = (measures.get(f"{of}_per_s") for of in ("offered", "processed"))
            if not offered or processed is None:
                return False
            return abs(processed / offered - 1) <= SAME_SHARE
