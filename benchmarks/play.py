"""How fast the player writes, beside other producers: M records/s, and CPU-seconds per M records.

    python benchmarks/play.py [--records 2000000] [--rounds 3] [--rate 4000000] [--processes 2]

One broker, one run, the same number and size of records, acks=all, senders taking turns; ratios are
within the run. The player writes `clicks`, compiled for `--rate`, as fast as it goes: a request holds
what is due in 5 ms at that rate. Encoding is not in its figure, as it is done before a trial's clock
starts (benchmarks/encode.py measures it). It plays alone and shared by `--processes`.
kafka-producer-perf-test counts its start. confluent-kafka takes part where it is installed. What the
broker's threads did meanwhile is told as well: a connection's requests are taken up one by one, so one
thread of it at a time works for each process of the player.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.perf_test import (
    BATCH_BYTES,
    LINGER_MS,
    TIMEOUT_S,
    children_cpu_s,
    fetch_tools,
    record_bytes,
    send_as_many,
)
from streambench.kafka.broker import Broker, start_broker
from streambench.kafka.broker_versions import artifacts_of_testbed, broker_jars
from streambench.kafka.player import Player
from streambench.kafka.topics import TopicSpec, create_topics, delete_topics, input_topic_config
from streambench.kafka.warm_up import warm_broker
from streambench.load.trace import Trace, compile_trace
from streambench.runtime.artifacts import Resolved, resolve
from streambench.runtime.paths import cache_dir
from streambench.runtime.supervisor import Supervisor
from streambench.workload.locate import find, shipped_root
from streambench.workload.parse import load_workload

TOPIC = "play"
WARM_UP_PER_S, WARM_UP_MS = 200_000, 2_000


@dataclass(frozen=True)
class Figure:
    """What one sender took in one round."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class BrokerThreads:
    """The names of the broker's threads, by their system ids; what has no name came later."""

    pid: int
    names: dict[int, str]

    @classmethod
    def of(cls, bench: Bench) -> BrokerThreads:
        """Ask the broker's JVM, by the tool that stands beside it where it is a whole JDK."""
        pid, jcmd = bench.broker.child.pid, bench.resolved.java.with_name("jcmd")
        if not jcmd.exists():
            return cls(pid, {})
        asked = subprocess.run([jcmd, str(pid), "Thread.print"], capture_output=True, text=True)
        found = re.findall(r'^"(.+?)[-#]?\d*".* nid=(\w+)', asked.stdout, re.MULTILINE)
        return cls(pid, {int(number, 0): name for name, number in found})

    def cpu_s(self) -> Counter[str]:
        """Processor seconds so far, by name."""
        used: Counter[str] = Counter()
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
                ticks = (task / "stat").read_text().rpartition(")")[2].split()[11:13]
                name = self.names.get(int(task.name), "others")
                used[name] += sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        return used


@dataclass(frozen=True)
class Bench:
    """What all senders share."""

    supervisor: Supervisor
    broker: Broker
    resolved: Resolved
    trace: Trace
    folder: Path

    @property
    def records(self) -> int:
        return self.trace.meta.records


def player(bench: Bench, processes: int = 1) -> Figure:
    sender = Player.start(
        bench.supervisor,
        access=bench.broker.access,
        topic=TOPIC,
        partitions=bench.trace.meta.partitions,
        log_dir=bench.folder,
        processes=processes,
    )
    try:
        meta = sender.play(
            bench.trace.ref,
            start_realtime_ns=time.time_ns(),
            event_offset_ms=time.time_ns() // 1_000_000,
            send_log=bench.folder / "load.parquet",
            unthrottled=True,
        ).wait(TIMEOUT_S)
    finally:
        sender.close()
    return Figure(meta.wall_s, meta.cpu_s)


def perf_test(bench: Bench) -> Figure:
    before, begin_s = children_cpu_s(), time.monotonic()
    send_as_many(
        bench.trace,
        bench.resolved,
        bench.folder,
        topic=TOPIC,
        to=bench.broker.bootstrap,
        config=None,
    )
    return Figure(time.monotonic() - begin_s, children_cpu_s() - before)


def confluent(bench: Bench) -> Figure:
    confluent_kafka = importlib.import_module("confluent_kafka")

    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": bench.broker.bootstrap,
            "acks": "all",
            "linger.ms": LINGER_MS,
            "batch.size": BATCH_BYTES,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    value = b"x" * record_bytes(bench.trace)
    cpu_s, begin_s = time.process_time(), time.monotonic()
    for number in range(bench.records):
        while True:
            try:
                producer.produce(TOPIC, value)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 10_000 == 0:
            producer.poll(0)
    producer.flush()
    return Figure(time.monotonic() - begin_s, time.process_time() - cpu_s)


def senders(processes: int) -> dict[str, Callable[[Bench], Figure]]:
    found: dict[str, Callable[[Bench], Figure]] = {
        "player, unthrottled": player,
        f"player, {processes} processes": partial(player, processes=processes),
        "kafka-producer-perf-test": perf_test,
    }
    if importlib.util.find_spec("confluent_kafka") is None:
        print("confluent-kafka is not installed: left out (pip install confluent-kafka)")
    else:
        found["confluent-kafka produce()"] = confluent
    return found


def table(figures: dict[str, list[Figure]], records: int) -> None:
    print(f"{'sender':<28} {'M records/s':>12} {'CPU-s per M':>12} {'rate':>8} {'CPU':>8}")
    own: tuple[float, float] | None = None
    for name, rounds in figures.items():
        rate = records / statistics.median(figure.wall_s for figure in rounds) / 1e6
        cost = statistics.median(figure.cpu_s for figure in rounds) / records * 1e6
        own = own or (rate, cost)
        print(
            f"{name:<28} {rate:>12.2f} {cost:>12.3f} {own[0] / rate:>7.1f}x {cost / own[1]:>7.1f}x"
        )
    print("medians of the rounds; rate: the player's over this one's, CPU: this one's over its")


def broker_table(meanwhile: dict[str, Counter[str]], figures: dict[str, list[Figure]]) -> None:
    for name, used_s in meanwhile.items():
        wall_s = sum(figure.wall_s for figure in figures[name])
        busiest = ", ".join(f"{own} {used / wall_s:.2f}" for own, used in used_s.most_common(4))
        print(f"broker's cores, {name}: {used_s.total() / wall_s:.2f} ({busiest})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=int, default=4_000_000, help="that the load is compiled for")
    parser.add_argument("--processes", type=int, default=2, help="that share the player's load")
    arguments = parser.parse_args()
    resolved = resolve(artifacts_of_testbed())
    fetch_tools()
    clicks = load_workload(find("clicks", (shipped_root(),)))

    def compiled(rate_per_s: int, duration_ms: int) -> Trace:
        cache = cache_dir() / "traces"
        return compile_trace(
            clicks, duration_ms=duration_ms, seed=1, cache=cache, rate_per_s=rate_per_s
        )

    trace = compiled(arguments.rate, max(arguments.records * 1_000 // arguments.rate, 1))
    warm_up = compiled(WARM_UP_PER_S, WARM_UP_MS)
    partitions = trace.meta.partitions
    taking_part = senders(arguments.processes)
    figures: dict[str, list[Figure]] = {name: [] for name in taking_part}
    meanwhile: dict[str, Counter[str]] = {name: Counter() for name in taking_part}
    with tempfile.TemporaryDirectory() as scratch, Supervisor() as supervisor:
        folder = Path(scratch)
        broker = start_broker(
            supervisor,
            folder=folder / "broker",
            log_dir=folder,
            java=resolved.java,
            jars=broker_jars(resolved.jars),
        )
        bench = Bench(supervisor, broker, resolved, trace, folder)
        warm_broker(supervisor, broker, ref=warm_up.ref, partitions=partitions, log_dir=folder)
        print(f"{bench.records:,} records of about {record_bytes(bench.trace)} bytes a round")
        threads = BrokerThreads.of(bench)
        for _ in range(arguments.rounds):
            for name, send in taking_part.items():
                create_topics(broker.access, (TopicSpec(TOPIC, partitions, input_topic_config()),))
                before = threads.cpu_s()
                figures[name].append(send(bench))
                meanwhile[name] += threads.cpu_s() - before
                delete_topics(broker.access, (TOPIC,))
    table(figures, bench.records)
    broker_table(meanwhile, figures)


if __name__ == "__main__":
    main()
