"""`streambench play`: one of the hosts that play a load together."""

from __future__ import annotations

import secrets
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streambench.cli.console import err
from streambench.cli.foreign_kafka import (
    USUAL_PREFIX,
    BootstrapOption,
    KafkaConfigOption,
    TopicPrefixOption,
    elsewhere,
)
from streambench.cli.joining import JOIN_S, admitted, host_name, run_id, share
from streambench.cli.options import examples
from streambench.cli.parameters import duration_s
from streambench.cli.sharded import data_files
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.shards import Share

if TYPE_CHECKING:
    from streambench.model.kafka_access import KafkaAccess

_POLL_S = 0.5
EXAMPLES = examples(
    "streambench play --shard 3/16 --join monday --bootstrap-servers kafka-1:9092",
    "streambench play --shard 0/4 --join monday --kafka-config client.properties",
)


def play(
    shard: Annotated[
        Share,
        typer.Option(
            parser=share,
            metavar="I/N",
            help="Which shard this is: its number, from 0, of how many.",
        ),
    ],
    join: Annotated[str, typer.Option(metavar="NAME", help="The run, as its --run-id says.")],
    bootstrap_servers: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    topic_prefix: TopicPrefixOption = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A file that the workload replays (repeat)."),
    ] = None,
    within: Annotated[
        float | None,
        typer.Option(
            parser=duration_s,
            metavar="TIME",
            help="How long the run may take to begin.  [default: 10m]",
        ),
    ] = None,
) -> None:
    """Play a share of the load of a run that is coordinated on another host.

    The run is started by `streambench run --shards N --run-id NAME --bootstrap-servers HOST:PORT`, or by
    curve, sweep, find-rate or drain. A shard compiles the same loads, plays the partitions p with
    p mod N = I, and ends with the run.
    """
    from streambench import __version__
    from streambench.kafka.meeting.guest import Guest
    from streambench.kafka.meeting.log import TopicLog
    from streambench.kafka.meeting.messages import COORDINATOR, Announce
    from streambench.kafka.meeting.parcels import Parcels
    from streambench.kafka.meeting.party import Speaker
    from streambench.kafka.shards.names import ROLE, control_topic, logs_topic
    from streambench.kafka.shards.shard import Shard, ShardPlace
    from streambench.runtime.paths import cache_dir
    from streambench.runtime.scratch import make_scratch, memory_folder
    from streambench.runtime.signals import interrupts_unwind
    from streambench.runtime.supervisor import Supervisor

    own, within_s = shard, JOIN_S if within is None else within
    there = elsewhere(bootstrap_servers, kafka_config, None, topic_prefix)
    if there is None:
        raise UsageError(
            "a shard meets the others in a Kafka of yours, and none is named",
            hint=f"streambench play --shard {own} --join {join} --bootstrap-servers HOST:PORT",
        )
    begins = USUAL_PREFIX if topic_prefix is None else topic_prefix
    prefix = f"{begins}{run_id(join)}-"
    files = data_files(data or ())
    with ExitStack() as stack:
        # A container is ended by SIGTERM: the coordinator hears then that this host leaves.
        stack.enter_context(interrupts_unwind())
        supervisor = stack.enter_context(Supervisor())
        scratch = make_scratch(memory_folder(1 << 28))
        supervisor.discard_at_end(scratch)
        (scratch / "parcels").mkdir()
        await_run(there.access, control_topic(prefix), join, within_s)
        place = ShardPlace(
            there.access, supervisor, scratch, cache_dir() / "traces", host_name(), files
        )
        parcels = Parcels(scratch / "parcels")
        name = f"{ROLE}-{own.index}-{secrets.token_hex(4)}"
        logs = TopicLog(there.access, logs_topic(prefix))
        stack.callback(logs.close)
        works = Shard(own, place, parcels, Speaker(logs, name), _told)
        guest = stack.enter_context(
            Guest(
                TopicLog(there.access, control_topic(prefix)),
                name,
                chunk=lambda chunk: parcels.hear(COORDINATOR, chunk),
                state=works.state,
            )
        )
        admitted(guest, Announce(ROLE, own.index, own.of, __version__, place.host), join, within_s)
        _told(f"shard {own} of run {join}: admitted")
        works.serve(guest)
    _told("the run is over")


def await_run(access: KafkaAccess, topic: str, run: str, within_s: float) -> None:
    """Wait until the run's coordinator has made its topic. Raises EnvironmentLacks."""
    from streambench.kafka.connection import ConnectionLost
    from streambench.kafka.inspection import inspect_brokers
    from streambench.kafka.meeting.log import TopicLog

    inspect_brokers(access)
    log = TopicLog(access, topic)
    until_s = time.monotonic() + within_s
    said = False
    try:
        while True:
            try:
                if log.exists():
                    return
            except ConnectionLost as lost:
                _told(str(lost))
            if time.monotonic() > until_s:
                raise EnvironmentLacks(
                    f"no run called {run} has begun at {access.bootstrap} within {within_s:.0f} s",
                    hint=f"streambench run --run-id {run} --bootstrap-servers {access.bootstrap}, with "
                    "--shards or --workers-elsewhere",
                )
            if not said:
                said = True
                _told(f"waiting for run {run}")
            time.sleep(_POLL_S)
    finally:
        log.close()


def _told(what: str) -> None:
    err.print(what, markup=False, soft_wrap=True)
