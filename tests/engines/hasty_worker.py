"""The Python consumer's worker with the classic mistake: it commits what it has read, not what it needs.

Its open windows are in memory only. Whoever takes over begins after their first records, and counts too
few.
"""

from __future__ import annotations

import sys
from pathlib import Path

from streambench.engines.kafka_python import worker
from streambench.engines.kafka_python.windows import CommitMark, OpenWindows


class Hasty(OpenWindows):
    """Windows whose commit mark is the position of reading."""

    def mark(self) -> CommitMark:
        return CommitMark(self._position, self._closed_ms)


if __name__ == "__main__":
    worker.OpenWindows = Hasty  # type: ignore[attr-defined]
    worker.main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
