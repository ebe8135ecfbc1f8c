"""What cannot be there before a job is."""

from __future__ import annotations

from streambench.model.errors import UsageError
from streambench.model.workload import Workload


def refuse_moves(workload: Workload) -> None:
    """Raise UsageError where records are moved by their group, as the flush records would overtake them."""
    if workload.rekeyed:
        raise UsageError(
            f"a drain does not fit {workload.name}: its records are moved by their group, and the last ones"
            " of the topic would overtake others on their way",
            hint=f"streambench find-rate {workload.name}",
        )
