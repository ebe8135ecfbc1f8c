"""What of a workload is to be said before its load is played."""

from __future__ import annotations

from streambench.model.workload import Replay, Workload
from streambench.workload.file.surprises import surprises
from streambench.workload.source import survey
from streambench.workload.without_key import generated_without_key


def surprising(workload: Workload) -> tuple[str, ...]:
    """What of a file's times, and of records without a key, is to be said before a load is played."""
    if isinstance(workload.input, Replay):
        surveyed = survey(workload.input, workload.fields, workload.query.group_by)
        found = surprises(workload, workload.input, surveyed)
    else:
        found = generated_without_key(workload)
    return tuple(f"{told}; {hint} in workload.toml" for told, hint in found)
