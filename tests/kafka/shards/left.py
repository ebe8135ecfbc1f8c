"""What a shard has while it plays, and that nothing of it is left."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from streambench.runtime.waiting import wait_until

_WAIT_S: Final = 60.0


@dataclass(frozen=True)
class Left:
    """What a shard has while it plays: processes of its own, and a folder."""

    processes: tuple[psutil.Process, ...]
    scratch: Path


def left_by(process: subprocess.Popen[bytes]) -> Left:
    own = psutil.Process(process.pid)
    children = own.children(recursive=True)
    players = [each for each in children if "streambench.kafka.player_process" in each.cmdline()]
    assert players, [each.cmdline() for each in children]
    log = Path(os.readlink(f"/proc/{players[0].pid}/fd/2"))
    assert log.name == "player.log"
    return Left((own, *children), log.parents[1])


def assert_gone(left: Left) -> None:
    wait_until(
        lambda: (
            not any(
                each.is_running() and each.status() != psutil.STATUS_ZOMBIE
                for each in left.processes
            )
            and not left.scratch.exists()
        ),
        what="the end of a shard",
        timeout_s=_WAIT_S,
    )
