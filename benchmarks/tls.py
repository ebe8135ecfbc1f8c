"""What TLS costs the player: CPU-seconds per M records, plain and by TLS, beside kafka-producer-perf-test.

    python benchmarks/tls.py [--records 2000000] [--rounds 3] [--rate 1000000]

One broker with two listeners, in one run, senders taking turns, acks=all, the same number and size of
records. The player writes `clicks` at `--rate`, and once more as fast as it goes. By TLS it also logs in,
by SCRAM-SHA-512. kafka-producer-perf-test counts its start.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.perf_test import TIMEOUT_S, children_cpu_s, fetch_tools, send_as_many
from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.broker_versions import artifacts_of_testbed
from streambench.kafka.player import Player
from streambench.kafka.topics import TopicSpec, create_topics, delete_topics, input_topic_config
from streambench.load.trace import Trace, compile_trace
from streambench.model.kafka_access import KafkaAccess
from streambench.runtime.artifacts import Resolved, resolve
from streambench.runtime.paths import cache_dir
from streambench.runtime.supervisor import Supervisor
from streambench.workload.locate import find, shipped_root
from streambench.workload.parse import load_workload
from tests.kafka.kafka_lab import kafka_lab

TOPIC = "streambench-tls"
LEAD_S = 1.5


@dataclass(frozen=True)
class Way:
    """How a sender reaches the broker; `properties` is the file for Java's clients."""

    name: str
    access: KafkaAccess
    properties: Path | None


@dataclass(frozen=True)
class Bench:
    """What all senders share."""

    supervisor: Supervisor
    resolved: Resolved
    trace: Trace
    folder: Path


def player(bench: Bench, way: Way, *, unthrottled: bool) -> float:
    """CPU-seconds of the player's process for the whole trace."""
    sender = Player.start(
        bench.supervisor,
        access=way.access,
        topic=TOPIC,
        partitions=bench.trace.meta.partitions,
        log_dir=bench.folder,
    )
    start_s = int(time.time() + LEAD_S)
    try:
        meta = sender.play(
            bench.trace.ref,
            start_realtime_ns=start_s * 1_000_000_000,
            event_offset_ms=start_s * 1_000,
            send_log=bench.folder / "load.parquet",
            unthrottled=unthrottled,
        ).wait(TIMEOUT_S)
    finally:
        sender.close()
    return meta.cpu_s


def perf_test(bench: Bench, way: Way) -> float:
    """CPU-seconds of kafka-producer-perf-test for as many records of that size."""
    before = children_cpu_s()
    send_as_many(
        bench.trace,
        bench.resolved,
        bench.folder,
        topic=TOPIC,
        to=way.access.bootstrap,
        config=way.properties,
    )
    return children_cpu_s() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=int, default=1_000_000)
    arguments = parser.parse_args()
    resolved = resolve(artifacts_of_testbed())
    fetch_tools()
    trace = compile_trace(
        load_workload(find("clicks", (shipped_root(),))),
        duration_ms=arguments.records * 1_000 // arguments.rate,
        seed=1,
        cache=cache_dir() / "traces",
        rate_per_s=arguments.rate,
    )
    senders: dict[str, Callable[[Bench, Way], float]] = {
        f"player at {arguments.rate:,}/s": partial(player, unthrottled=False),
        "player, unthrottled": partial(player, unthrottled=True),
        "kafka-producer-perf-test": perf_test,
    }
    found: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch, Supervisor() as supervisor:
        folder = Path(scratch)
        with kafka_lab(folder, 1) as lab:
            bench = Bench(supervisor, resolved, trace, folder)
            tls = lab.client_properties()
            ways = (
                Way("plain", KafkaAccess(f"127.0.0.1:{lab.inner_ports[0]}"), None),
                Way("TLS", read_client_properties(tls, None).access, tls),
            )
            for _ in range(arguments.rounds):
                for name, send in senders.items():
                    for way in ways:
                        topic = TopicSpec(TOPIC, trace.meta.partitions, input_topic_config())
                        create_topics(way.access, (topic,))
                        found.setdefault((name, way.name), []).append(send(bench, way))
                        delete_topics(way.access, (TOPIC,))
    millions = trace.meta.records / 1e6
    print(f"{trace.meta.records:,} records a round; CPU-seconds per million, medians")
    for name in senders:
        plain, by_tls = (statistics.median(found[name, way.name]) / millions for way in ways)
        print(f"{name:<28} plain {plain:.3f}, TLS {by_tls:.3f}: {by_tls / plain:.1f} times")


if __name__ == "__main__":
    main()
