"""For which partition an engine's event clock waited longest, over all trials of a variant."""

from __future__ import annotations

from streambench.analysis.variants import Standing
from streambench.model.trial import ClockWait


def longest_clock_waits(stand: Standing) -> tuple[ClockWait, ...]:
    """One for each partition that was waited for a second or more, by its number."""
    longest: dict[int, ClockWait] = {}
    for record in stand.records:
        for wait in record.clock_waits:
            known = longest.get(wait.partition)
            if known is None or wait.longest_ms > known.longest_ms:
                longest[wait.partition] = wait
    return tuple(wait for _, wait in sorted(longest.items()))
