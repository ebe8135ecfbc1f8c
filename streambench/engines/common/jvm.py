"""JVM flags that all engines share, and what their garbage collectors logged."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from streambench.model.errors import UsageError
from streambench.model.plan import Setting

_PAUSE = re.compile(r"^\[([^\]]+)\].*\bPause\b.* (\d+(?:[.,]\d+)?)ms\s*$")
# Classes get room from the start, else loading them costs several full collections.
_SHARED = ("-XX:MetaspaceSize=128m", "-XX:+UseSerialGC")


def heap_flags(heap_mib: int) -> tuple[str, ...]:
    """A worker's heap, all of it from the start, with the collector that suits one core.

    As Flink's own scripts have it. A heap that has to grow keeps a small young generation until a full
    collection: the JVMs of a fresh Flink at 994,000 events/s, together, then paused for 14 s in 50, and
    an engine that had met a backlog before bore that rate.
    """
    return (initial_heap_flag(heap_mib), f"-Xmx{heap_mib}m", *_SHARED)


def initial_heap_flag(heap_mib: int) -> str:
    """The part that an engine which sets the largest heap by itself leaves to us."""
    return f"-Xms{heap_mib}m"


def coordinator_flags(heap_mib: int) -> tuple[str, ...]:
    """Flags of a process that does no work on records: only the quick compiler, less to start."""
    return (
        f"-Xms{max(32, heap_mib // 4)}m",
        f"-Xmx{heap_mib}m",
        *_SHARED,
        "-XX:TieredStopAtLevel=1",
    )


def options_asked(settings: Iterable[Setting], *names: str) -> tuple[str, ...]:
    """The JVM options that are asked for under these names, as arguments.

    Raises UsageError where a quotation does not end.
    """
    found: list[str] = []
    for setting in settings:
        if setting.name in names:
            try:
                found += shlex.split(setting.value)
            except ValueError:
                raise UsageError(
                    f"a quotation in '{setting.name}' does not end: {setting.value}",
                    hint="streambench run --set kafka-streams:jvm.options=-Xmx1g",
                ) from None
    return tuple(found)


def gc_log_flag(folder: str) -> str:
    """Let the JVM log its pauses into `folder` (may be a symbol); one file a process."""
    return f"-Xlog:gc:file={folder}/gc-%p.log:time,uptime:filecount=0"


def gc_pauses(folder: Path) -> tuple[tuple[float, float], ...] | None:
    """(end in ms since the epoch, length in ms) of each pause in the files of `gc_log_flag`.

    In the order of time, over all JVMs; None when there is no such file.
    """
    logs = sorted(folder.glob("gc-*.log"))
    if not logs:
        return None
    return tuple(sorted(pause for log in logs for pause in _pauses(log)))


def _pauses(log: Path) -> list[tuple[float, float]]:
    text = log.read_text(encoding="utf-8", errors="replace")
    found = (_PAUSE.search(line) for line in text.splitlines())
    return [
        (
            datetime.fromisoformat(match.group(1)).timestamp() * 1000,
            float(match.group(2).replace(",", ".")),
        )
        for match in found
        if match
    ]
