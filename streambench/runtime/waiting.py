"""The one way to wait for something: it says what, how long, and whether it is still alive."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from streambench.model.errors import EngineFailed, EngineSlow

T = TypeVar("T")

_TAIL_BYTES = 64 * 1024


def wait_until(
    ready: Callable[[], T | Literal[False] | None],
    *,
    what: str,
    timeout_s: float,
    alive: Callable[[], bool] | None = None,
    log: Path | None = None,
    stage: str = "start",
    poll_s: float = 0.05,
) -> T:
    """Ask `ready` every `poll_s` seconds and return its first answer that is not None or False.

    `what` names the thing waited for, as the subject of a sentence; `alive` is asked between two
    polls, so that a dead process ends the wait at once. Raises EngineFailed at `stage` with the end
    of `log`, and EngineSlow where the time was over. Exceptions of `ready` and `alive` pass through.
    """
    start_s = time.monotonic()
    while True:
        answer = ready()
        if answer is not None and answer is not False:
            return answer
        waited_s = time.monotonic() - start_s
        if alive is not None and not alive():
            # It may have become ready just before it ended.
            answer = ready()
            if answer is not None and answer is not False:
                return answer
            raise _failed(f"{what} ended after {waited_s:.1f} s, before it was ready", stage, log)
        if waited_s >= timeout_s:
            still = "" if alive is None else " although it still runs"
            slow = f"{what} was not ready after {waited_s:.1f} s{still}"
            raise _failed(slow, stage, log, EngineSlow)
        time.sleep(min(poll_s, timeout_s - waited_s))


def tail(path: Path, lines: int = 15) -> str:
    """The last `lines` lines of a text file; "" when there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _failed(
    message: str, stage: str, log: Path | None, kind: type[EngineFailed] = EngineFailed
) -> EngineFailed:
    if log is None:
        return kind(message, stage=stage)
    return kind(message, stage=stage, hint=f"less {log}", log_tail=tail(log))
