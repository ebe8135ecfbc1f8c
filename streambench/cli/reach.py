"""Whether a workload stands the rates that a command chooses by itself."""

from __future__ import annotations

from streambench.model.errors import UsageError
from streambench.model.workload import Replay, Workload
from streambench.workload.validate import findings


def check_reach(workload: Workload, *, most_per_s: int, who: str) -> None:
    """Raise UsageError, before anything starts, for what would only fail at a rate chosen later.

    `who` is what chooses rates up to `most_per_s`. A replay has its own rate.
    """
    if isinstance(workload.input, Replay):
        return
    for finding in findings(workload, rate_per_s=most_per_s):
        if finding.fatal:
            raise UsageError(
                f"workload '{workload.name}' does not bear what {who} may try, up to"
                f" {most_per_s:,} events/s: {finding.message}",
                hint=f"streambench run {workload.name} --rate 1k, or smaller numbers in workload.toml",
            )
