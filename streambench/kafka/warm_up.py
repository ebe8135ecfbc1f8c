"""Playing into a scratch topic, so that no trial is the one that finds the broker cold."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from streambench.kafka.broker import Broker
from streambench.kafka.player import Player
from streambench.kafka.topics import TopicSpec, create_topics, delete_topics, input_topic_config
from streambench.model.trial import TraceRef
from streambench.runtime.supervisor import Supervisor

WARM_UP_TOPIC: Final = "streambench-warm-up"
_TIMEOUT_S: Final = 120.0


def warm_broker(
    supervisor: Supervisor, broker: Broker, *, ref: TraceRef, partitions: int, log_dir: Path
) -> None:
    """Play `ref` as fast as it goes into a topic that is deleted afterwards.

    A broker that was just started stalls for up to some 100 ms until its write path is compiled: more
    than five requests in flight can bridge, so the first trial's send lag would be invalid. A trace
    of a few seconds of the workload is enough. Raises InstrumentFailed.
    """
    create_topics(broker.bootstrap, (TopicSpec(WARM_UP_TOPIC, partitions, input_topic_config()),))
    player = Player.start(
        supervisor,
        bootstrap=broker.bootstrap,
        topic=WARM_UP_TOPIC,
        partitions=partitions,
        log_dir=log_dir,
    )
    send_log = broker.folder / "warm-up.parquet"
    try:
        player.play(
            ref,
            start_realtime_ns=time.time_ns(),
            event_offset_ms=0,
            send_log=send_log,
            unthrottled=True,
        ).wait(_TIMEOUT_S)
    finally:
        player.close()
        delete_topics(broker.bootstrap, (WARM_UP_TOPIC,))
