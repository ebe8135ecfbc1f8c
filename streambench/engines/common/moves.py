"""Whether an engine that keeps its state by input partition has to move records, in words."""

from __future__ import annotations

from streambench.model.workload import Workload


def moves_words(engine: str, workload: Workload) -> str:
    """What it is spared where records are keyed by their group, or else has to do."""
    if workload.rekeyed:
        return (
            f"{engine}: it moves records to the partition of their group through a topic of its own, which the "
            "broker keeps; Flink and Spark move them between their workers"
        )
    return (
        f"{engine}: records are keyed by their group, so it moves none of them, as Flink and Spark always "
        "do; few topics are so, and `streambench run rekeyed` has one that is not"
    )
