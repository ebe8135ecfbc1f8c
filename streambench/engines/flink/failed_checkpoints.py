"""Why checkpoints failed: Flink counts those that it never began among them."""

from __future__ import annotations

import re
from pathlib import Path

# One in every checkpoint interval while tasks start, at the first start and at each restart.
_NOT_BEGUN = re.compile(
    r" CheckpointFailureManager Failed to trigger checkpoint .* "
    r"Failure reason: Not all required tasks are currently running\."
)


def failed_words(failed: int, log: Path) -> str:
    """The count of failed checkpoints, with how many were not begun by the JobManager's `log`."""
    not_begun = min(failed, _not_begun(log))
    if not_begun == 0:
        return str(failed)
    why = f"{not_begun} were due while tasks were not running yet, and were not begun"
    rest = failed - not_begun
    return f"{failed}: {why}" if not rest else f"{failed}: {why}; {rest} failed on their way"


def _not_begun(log: Path) -> int:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return 0
    return sum(1 for line in text.splitlines() if _NOT_BEGUN.search(line))
