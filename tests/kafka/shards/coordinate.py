"""A coordinator as a process, to be killed: `python -m tests.kafka.shards.coordinate BOOTSTRAP PREFIX SHARDS`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from streambench.kafka.shards.coordinator import MeetingPlace, gather, shards_meeting
from streambench.kafka.shards.player import ShardedPlayer
from streambench.kafka.topics import TopicSpec, create_topics, input_topic_config
from streambench.load.trace import compile_trace
from streambench.model.kafka_access import KafkaAccess
from streambench.workload.locate import find
from streambench.workload.parse import load_workload

PARTITIONS = 8


def main(bootstrap: str, prefix: str, count: int) -> None:
    access = KafkaAccess(bootstrap)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trace = compile_trace(
            load_workload(find("clicks")),
            duration_ms=60_000,
            seed=1,
            cache=folder / "traces",
            rate_per_s=2_000,
            partitions=PARTITIONS,
        )
        create_topics(access, (TopicSpec(f"{prefix}input", PARTITIONS, input_topic_config()),))
        with shards_meeting(MeetingPlace(access, prefix), count, folder) as shards:
            gather(shards, 60, lambda what: print(what, flush=True), str)
            player = ShardedPlayer(shards, f"{prefix}input", PARTITIONS, 2_000)
            player.connected()
            player.prepare(trace.ref)
            playing = player.play(
                trace.ref,
                start_realtime_ns=time.time_ns() + 500_000_000,
                event_offset_ms=0,
                send_log=folder / "load.parquet",
            )
            while not playing.progress().records_written:
                time.sleep(0.1)
            print("playing", flush=True)
            playing.wait(120)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
