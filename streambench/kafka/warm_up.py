"""Playing into a scratch topic, so that no trial is the one that finds the broker cold."""

from __future__ import annotations

import math
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from streambench.kafka.broker import Broker
from streambench.kafka.player import Player
from streambench.kafka.reader import Reader
from streambench.kafka.topics import TopicSpec, create_topics, delete_topics, input_topic_config
from streambench.load.trace import Trace
from streambench.model.trial import TraceRef
from streambench.runtime.supervisor import Supervisor

WARM_UP_TOPIC: Final = "streambench-warm-up"
_TIMEOUT_S: Final = 120.0
# So many requests until the JVM has compiled the way of one and has moved what lives for good out of
# the young generation.
_REQUESTS: Final = 8_000
_MOST_ROUNDS: Final = 20


def warm_broker(
    supervisor: Supervisor, broker: Broker, *, ref: TraceRef, partitions: int, log_dir: Path
) -> None:
    """Play `ref` again and again, as fast as it goes, into a topic that is read and then deleted.

    A broker that was just started stalls for up to some 100 ms until its ways of writing and handing
    out are compiled, and its first collections copy all that lives: more than five requests in flight
    can bridge, so the first trial's send lag would be invalid. Raises InstrumentFailed.
    """
    create_topics(broker.access, (TopicSpec(WARM_UP_TOPIC, partitions, _topic_config()),))
    rounds = min(_MOST_ROUNDS, math.ceil(_REQUESTS / Trace.open(ref).meta.quanta))
    with ExitStack() as stack:
        stack.callback(delete_topics, broker.access, (WARM_UP_TOPIC,))
        reader = Reader.start(
            supervisor,
            access=broker.access,
            topic=WARM_UP_TOPIC,
            partitions=partitions,
            out=Path(os.devnull),
            log_dir=log_dir,
            name="warm-up-reader",
            wait=False,  # so that both start at once
        )
        stack.callback(reader.close)
        player = Player.start(
            supervisor,
            access=broker.access,
            topic=WARM_UP_TOPIC,
            partitions=partitions,
            log_dir=log_dir,
            wait=False,
            name="warm-up-player",
        )
        stack.callback(player.close)
        player.connected()
        reader.assigned()
        for _ in range(rounds):
            player.play(
                ref,
                start_realtime_ns=time.time_ns(),
                event_offset_ms=0,
                send_log=broker.folder / "warm-up.parquet",
                unthrottled=True,
            ).wait(_TIMEOUT_S)


def _topic_config() -> dict[str, str]:
    """Its files go at once, not in the middle of the trial (a minute later by default)."""
    return {**input_topic_config(), "file.delete.delay.ms": "0"}
