"""Who goes first when cores are short: the load before the broker, the broker before the engines."""

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


def go_first() -> bool:
    """Let the calling process run whenever it is ready; False where the system does not allow it.

    Real-time scheduling needs a privilege on Linux and does not exist everywhere; only a process that
    sleeps most of the time may ask for it.
    """
    if not hasattr(os, "sched_setscheduler"):
        return False
    try:
        os.sched_setscheduler(
            0, os.SCHED_RR, os.sched_param(os.sched_get_priority_min(os.SCHED_RR))
        )
    except OSError:
        return False
    return True
