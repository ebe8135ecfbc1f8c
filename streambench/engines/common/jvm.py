"""JVM flags that all engines share, and what their garbage collectors logged."""

from __future__ import annotations

import re
from pathlib import Path

_PAUSE = re.compile(r"\bPause\b.* (\d+(?:[.,]\d+)?)ms\s*$")


def heap_flags(heap_mib: int) -> tuple[str, ...]:
    """A heap that may grow to `heap_mib`, with the collector that suits one core.

    It starts small, so that memory reported is memory needed; but classes get room from the start,
    else loading them costs several full collections.
    """
    return (
        f"-Xms{max(32, heap_mib // 4)}m",
        f"-Xmx{heap_mib}m",
        "-XX:MetaspaceSize=128m",
        "-XX:+UseSerialGC",
    )


def coordinator_flags(heap_mib: int) -> tuple[str, ...]:
    """Flags of a process that does no work on records: only the quick compiler, less to start."""
    return (*heap_flags(heap_mib), "-XX:TieredStopAtLevel=1")


def gc_log_flag(folder: str) -> str:
    """Let the JVM log its pauses into `folder` (may be a symbol); one file a process."""
    return f"-Xlog:gc:file={folder}/gc-%p.log:time,uptime:filecount=0"


def gc_pause_ms(folder: Path) -> float | None:
    """The sum of all pauses in the files that `gc_log_flag` made, in ms; None when there are none."""
    logs = sorted(folder.glob("gc-*.log"))
    if not logs:
        return None
    return sum(_pauses_ms(log) for log in logs)


def _pauses_ms(log: Path) -> float:
    text = log.read_text(encoding="utf-8", errors="replace")
    found = (_PAUSE.search(line) for line in text.splitlines())
    return sum(float(match.group(1).replace(",", ".")) for match in found if match)
