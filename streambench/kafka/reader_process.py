"""The reader's own process: has all partitions of the output topic as they become visible.

It sees committed rows only, stamps each answer's rows with the realtime clock as soon as it is there,
and appends their batches to a file as one block. Nothing is decoded here: the process runs beside the
engine that is being measured. The end of stdin, or SIGTERM, ends it.
"""

from __future__ import annotations

import argparse
import json
import select
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from streambench.kafka.blocks import encode_block
from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import ConnectionLost
from streambench.kafka.fetch import Batch, Fetched, Isolation, committed
from streambench.kafka.follower import FetchFailed, Follower
from streambench.kafka.partition_logs import PartitionLogs
from streambench.kafka.process import end_of_input_on_sigterm
from streambench.kafka.secured import NotLetIn
from streambench.model.kafka_access import KafkaAccess

_PAUSE_S: Final = 0.05


def _ended(within_s: float) -> bool:
    return bool(select.select([sys.stdin.fileno()], [], [], within_s)[0])


def _rows(fetched: list[Fetched]) -> Iterator[tuple[int, Batch]]:
    for one in fetched:
        for batch in committed(one):
            yield one.partition, batch


def follow(follower: Follower, out: Path) -> None:
    """Append what comes to `out`, one write an answer, until the end of stdin."""
    with out.open("ab", buffering=0) as file:
        while not _ended(0):
            try:
                for arrived_ns, fetched in follower.fetch():
                    if found := list(_rows(fetched)):
                        file.write(encode_block(arrived_ns, found))
            except (ConnectionLost, NotLetIn) as lost:  # a broker that starts knows no users yet
                print(f"connection lost: {lost}", file=sys.stderr, flush=True)
                if _ended(_PAUSE_S):
                    return


def main() -> None:
    """Read until the end of stdin."""
    parser = argparse.ArgumentParser(prog="streambench-reader", description=__doc__)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--partitions", required=True, type=int)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--from-end", action="store_true")
    arguments = parser.parse_args()
    end_of_input_on_sigterm()
    # Who logs in comes by the pipe: a command line can be read by everybody.
    cluster = Cluster(KafkaAccess.from_json(json.loads(sys.stdin.readline())))
    follower = Follower(cluster, arguments.topic, arguments.partitions, Isolation.READ_COMMITTED)
    try:
        if arguments.from_end:
            partitions = range(arguments.partitions)
            ends = PartitionLogs(cluster, arguments.topic, partitions)
            follower.offsets = [ends.ends[partition] for partition in partitions]
    except (ConnectionLost, NotLetIn) as error:
        print(json.dumps({"error": str(error)}), flush=True)
        sys.exit(1)
    print(json.dumps({"ok": True}), flush=True)
    try:
        follow(follower, arguments.out)
    except FetchFailed as failed:
        sys.exit(f"the topic cannot be read: {failed}")
    finally:
        follower.close()


if __name__ == "__main__":
    main()
