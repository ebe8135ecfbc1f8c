"""Lower priority for a child and everything that it starts, so that others are served first."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def lower_priority(pid: int, nice: int) -> None:
    """Give the process group led by `pid` this nice value (1 to 19); it may have ended already.

    On Linux a session is a scheduling group of its own (autogroup) in many set-ups, and nice values
    then only count within it, so the group is made nice as well where there is one
    (sched(7), the autogroup feature).
    """
    with contextlib.suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PGRP, pid, nice)
    autogroup = Path(f"/proc/{pid}/autogroup")
    # Absent on other systems and kernels; refused in some containers: then the nice value must do.
    with contextlib.suppress(OSError):
        autogroup.write_text(str(nice))
