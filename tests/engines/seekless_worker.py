"""The Python consumer's worker with its one necessary line left out: the move to the committed offset.

Its group rebalances eagerly: everyone is told that all was revoked and then gets most of it again.
kafka-python keeps the position of such a partition, beyond what the windows that are begun anew need.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kafka import TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor

from streambench.engines.kafka_python import worker
from streambench.engines.kafka_python.windows import CommitMark, OpenWindows


class Seekless(worker.Worker):
    """Begins a partition's windows anew and goes on reading where the client happens to be."""

    known: set[TopicPartition] = set()  # noqa: RUF012  # one worker a process

    def _place(self, partition: TopicPartition) -> bool:
        if partition not in self.known:
            self.known.add(partition)
            return super()._place(partition)
        found = self._consumer.committed(partition, metadata=True, timeout_ms=30_000)
        mark = (
            CommitMark(0, 0)
            if found is None
            else CommitMark(found.offset, int(found.metadata or 0))
        )
        self._windows[partition] = OpenWindows(self._query, mark)
        return True


if __name__ == "__main__":
    worker.Worker = Seekless  # type: ignore[misc]
    worker.CooperativeStickyAssignor = RangePartitionAssignor  # type: ignore[attr-defined]
    worker.main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
