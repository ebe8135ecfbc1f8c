"""The reader, as the tool holds it: a process of its own that has every visible row."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from streambench.kafka.block_file import BlockFile, RawRows
from streambench.kafka.channel import Channel
from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import ConnectionLost
from streambench.kafka.fetch import Isolation, data_only
from streambench.kafka.follower import FetchFailed, Follower
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Role
from streambench.runtime.supervisor import Child, Supervisor

_START_TIMEOUT_S: Final = 60.0


class Reader:
    """Follows the output topic from its beginning, read_committed."""

    def __init__(self, supervisor: Supervisor, child: Child, channel: Channel, out: Path) -> None:
        self._supervisor = supervisor
        self._child = child
        self._channel = channel
        self._out = out
        self._blocks = BlockFile(out)
        self._closed = False

    @classmethod
    def start(
        cls,
        supervisor: Supervisor,
        *,
        access: KafkaAccess,
        topic: str,
        partitions: int,
        out: Path,
        log_dir: Path,
        name: str = "reader",
        from_end: bool = False,
        wait: bool = True,
    ) -> Reader:
        """Start the process, which appends to `out` (emptied first), and wait until it is assigned.

        `from_end` leaves out what the topic holds already. Without `wait`, `assigned` has to be called
        before anything else.
        """
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(b"")
        argv = (
            *(sys.executable, "-m", "streambench.kafka.reader_process"),
            *("--topic", topic, "--partitions", str(partitions)),
            *("--out", str(out.absolute())),
            *(("--from-end",) if from_end else ()),
        )
        child = supervisor.start(name, Role.READER, argv, log=log_dir / f"{name}.log", pipes=True)
        channel = Channel(child, "the reader")
        channel.tell(**access.as_json())
        reader = cls(supervisor, child, channel, out)
        if wait:
            reader.assigned()
        return reader

    def assigned(self) -> None:
        """Wait until it is assigned; once. Raises InstrumentFailed."""
        self._channel.answer(_START_TIMEOUT_S)

    @property
    def child(self) -> Child:
        """Its process."""
        return self._child

    def rows_read(self) -> int:
        """Rows so far; decodes nothing. Raises InstrumentFailed when the reader has ended by itself."""
        self._check()
        return self._blocks.count()

    def poll(self) -> RawRows:
        """Rows that came since the last `poll`; of many only the first ones.

        Raises InstrumentFailed like `rows_read`. After `close` it still returns what had been read until then.
        """
        self._check()
        return self._blocks.take()

    def follow_anew(self) -> BlockFile:
        """The same rows once more, with a place of its own: `poll` is not disturbed by it."""
        return BlockFile(self._out)

    def close(self) -> None:
        """End the process; may be called twice."""
        self._closed = True
        self._supervisor.stop(self._child)

    def _check(self) -> None:
        if not self._closed:
            self._channel.check_alive()


def read_uncommitted_count(access: KafkaAccess, topic: str, partitions: int) -> int:
    """Count all rows of a topic, those of aborted and open transactions included.

    More of them than committed ones proves that a transaction was really aborted. Raises
    InstrumentFailed when the topic cannot be read to its end.
    """
    follower = Follower(Cluster(access), topic, partitions, Isolation.READ_UNCOMMITTED)
    rows = 0
    behind = set(range(partitions))
    try:
        while behind:
            for _arrived_ns, fetched in follower.fetch():
                rows += sum(batch.records for one in fetched for batch in data_only(one))
                for one in fetched:
                    if follower.offsets[one.partition] >= one.high_watermark:
                        behind.discard(one.partition)
    except (ConnectionLost, FetchFailed) as error:
        raise InstrumentFailed(f"topic {topic} cannot be read: {error}") from error
    finally:
        follower.close()
    return rows
