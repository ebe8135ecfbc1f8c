"""A trial without an engine: how much player and broker carry alone on this machine.

Made anew for each run: what the machine carried on another day says nothing of this one.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from streambench.experiment.environment import describe_machine, describe_versions
from streambench.kafka.broker import Broker
from streambench.kafka.broker_versions import broker_set_among
from streambench.kafka.certificate import certify
from streambench.kafka.player import Player, processes_for
from streambench.kafka.reader import Reader
from streambench.kafka.topics import TopicSpec, create_topics, input_topic_config
from streambench.load.trace import Trace, compile_trace
from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.capacity import CarriedRate, MachineCapacity
from streambench.model.workload import Workload
from streambench.runtime.artifacts import Resolved
from streambench.runtime.memory import available_memory_bytes
from streambench.runtime.supervisor import Child
from streambench.trial.testbed import BROKER_HEAP_MIB, INPUT_TOPIC, warmed_broker
from streambench.trial.workspace import Room, Workspace, workspace

RATES_PER_S: Final = (250_000, 500_000, 1_000_000, 2_000_000)
# Tried where the machine has cores for a second player.
_MORE_PER_S: Final = 4_000_000
LOAD_MS: Final = 5_000
# So often the lowest is played before it counts: a broker that compiles what it runs takes up to four
# times the cores.
_WARM_UPS: Final = 2
_WARM_UP_PER_S: Final = 20_000
_WARM_UP_MS: Final = 10_000
_LEAD_S: Final = 1.5
_WAIT_S: Final = 120.0
_BYTES_PER_RECORD: Final = 250
_NS_PER_S: Final = 1_000_000_000
# A process makes one run: what chooses the rates of a sweep and what is told of them are one thing.
_of_this_run: dict[str, MachineCapacity] = {}


def machine_capacity(
    workload: Workload, resolved: Resolved, *, told: Callable[[str], None]
) -> MachineCapacity:
    """What this machine carries of this workload's records: tried now (a minute), once a run.

    `told` hears what is tried. Raises InstrumentFailed when not even the broker works.
    """
    workload = counting(workload)
    rates: tuple[int, ...] = RATES_PER_S
    if processes_for(_MORE_PER_S, workload.partitions) > 1:
        rates += (_MORE_PER_S,)
    machine = _machine(workload, rates, broker_set_among(resolved.jars))
    if (known := _of_this_run.get(machine)) is not None:
        return known
    steps: list[CarriedRate] = []
    records = sum(rates) * LOAD_MS // 1_000
    load_bytes = records * _BYTES_PER_RECORD
    with (
        workspace(Room(BROKER_HEAP_MIB, records, load_bytes)) as place,
        no_engine(workload, resolved, place) as alone,
    ):
        for _ in range(_WARM_UPS):
            alone.carry(rates[0], LOAD_MS)
        for rate in filter(_affordable, rates):
            told(f"what this machine carries without an engine: {rate:,} events/s")
            steps.append(alone.carry(rate, LOAD_MS))
            if not steps[-1].held:
                break
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    found = MachineCapacity(machine, made_at, tuple(steps), of_this_run=True)
    _of_this_run[machine] = found
    return found


def counting(workload: Workload) -> Workload:
    """The same records with nothing to be summed: no engine would do it, at rates that no trial has."""
    count = Aggregate("records", AggregateFunction.COUNT, None)
    return replace(workload, query=replace(workload.query, where=None, aggregates=(count,)))


@dataclass(frozen=True)
class NoEngine:
    """A broker and a reader that takes everything."""

    workload: Workload
    place: Workspace
    broker: Broker
    folder: Path

    def carry(self, rate_per_s: int, load_ms: int, *, players: int | None = None) -> CarriedRate:
        """What a rate took. `players` processes share the load; None is as many as a trial would have."""
        load = compile_trace(
            self.workload,
            duration_ms=load_ms,
            seed=1,
            cache=self.folder / "loads",
            rate_per_s=rate_per_s,
        )
        partitions = self.workload.partitions
        player = Player.start(
            self.place.supervisor,
            access=self.broker.access,
            topic=INPUT_TOPIC,
            partitions=partitions,
            log_dir=self.folder,
            processes=players or processes_for(rate_per_s, partitions),
        )
        with closing(player):
            found = _played(self.broker, player, load, self.folder)
        shutil.rmtree(load.folder)
        return found


@contextmanager
def no_engine(workload: Workload, resolved: Resolved, place: Workspace) -> Iterator[NoEngine]:
    """A testbed without an engine. Its broker compiles what it runs while it first carries a rate."""
    folder = place.scratch / "null"
    warm_up = compile_trace(
        workload,
        duration_ms=_WARM_UP_MS,
        seed=1,
        cache=folder / "loads",
        rate_per_s=_WARM_UP_PER_S,
    )
    supervisor, partitions = place.supervisor, workload.partitions
    with ExitStack() as stack:
        stack.callback(supervisor.discard, folder)
        broker = stack.enter_context(warmed_broker(place, resolved, partitions, warm_up.ref))
        create_topics(broker.access, (TopicSpec(INPUT_TOPIC, partitions, input_topic_config()),))
        reader = Reader.start(
            supervisor,
            access=broker.access,
            topic=INPUT_TOPIC,
            partitions=partitions,
            out=Path(os.devnull),
            log_dir=folder,
        )
        stack.callback(reader.close)
        yield NoEngine(workload, place, broker, folder)


def _played(broker: Broker, player: Player, load: Trace, folder: Path) -> CarriedRate:
    start_ns = math.ceil(time.time_ns() / _NS_PER_S + _LEAD_S) * _NS_PER_S
    send_log = folder / "load.parquet"
    before_s = _cpu_s(broker.child)
    playing = player.play(
        load.ref,
        start_realtime_ns=start_ns,
        event_offset_ms=start_ns // 1_000_000,
        send_log=send_log,
    )
    meta = playing.wait(_WAIT_S)
    broker_s = _cpu_s(broker.child) - before_s
    load_s = load.meta.duration_ms / 1_000
    certificate = certify(send_log)
    return CarriedRate(
        rate_per_s=load.meta.rate_per_s or 0,
        held=certificate.held,
        reason=certificate.reason,
        send_lag_p999_ms=certificate.send_lag_p999_ms,
        player_cores=meta.cpu_s / load_s,
        broker_cores=broker_s / load_s,
    )


def _cpu_s(child: Child) -> float:
    """Of the process itself: the shell that the broker was started by has become it."""
    times = psutil.Process(child.pid).cpu_times()
    return float(times.user + times.system)


def _affordable(rate: int) -> bool:
    """Whether the load, the player's copy and the broker's log of it have room in memory."""
    needed_bytes = rate * LOAD_MS // 1_000 * _BYTES_PER_RECORD
    return needed_bytes < available_memory_bytes() // 2


def _machine(workload: Workload, rates: tuple[int, ...], broker: str) -> str:
    """Everything that the figures depend on."""
    return json.dumps(
        {
            **describe_machine(None),
            **describe_versions({}),
            "broker": broker,
            "fields": [field.name for field in workload.fields],
            "partitions": workload.partitions,
            "quantum_ms": workload.quantum_ms,
            "rates": rates,
            "load_ms": LOAD_MS,
        },
        sort_keys=True,
    )
