"""What the player takes at a set rate, of this build and of another one, in turns on one broker.

    python benchmarks/player.py [--rate 20000] [--seconds 10] [--rounds 5] [--against FOLDER]
                                [--neighbours 2]

`--against` is the folder of another build, with a `.venv` of its own. Each turn is a player of its own,
which plays `clicks` into a topic of its own. Neighbours are processes of low priority that go through
memory all the time, as engines do: after each sleep the player finds its caches cold.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

# A turn runs in the other build, too: only what both have is imported here.
from streambench.kafka.broker import start_broker
from streambench.kafka.broker_versions import broker_jars
from streambench.kafka.certificate import certify
from streambench.kafka.player import Player
from streambench.kafka.topics import TopicSpec, create_topics, delete_topics, input_topic_config
from streambench.kafka.warm_up import warm_broker
from streambench.load.trace import compile_trace
from streambench.runtime.artifacts import resolve
from streambench.runtime.paths import cache_dir
from streambench.runtime.supervisor import Supervisor
from streambench.workload.locate import find, shipped_root
from streambench.workload.parse import load_workload

PARTITIONS = 4
LEAD_S, TIMEOUT_S = 1.5, 120.0
NEIGHBOUR = "import numpy\nheld = numpy.zeros(4 << 20)\nwhile True:\n    held += 1\n"


@dataclass(frozen=True)
class Turn:
    """One play: where to, and how much."""

    bootstrap: str
    topic: str
    rate_per_s: int
    seconds: int

    def play(self) -> dict[str, float]:
        """Play it with the build that runs this; return its figures by name."""
        clicks = load_workload(find("clicks", (shipped_root(),)))
        trace = compile_trace(
            clicks,
            duration_ms=self.seconds * 1_000,
            seed=1,
            cache=cache_dir() / "traces",
            rate_per_s=self.rate_per_s,
            partitions=PARTITIONS,
        )
        with tempfile.TemporaryDirectory() as scratch, Supervisor() as supervisor:
            player = Player.start(
                supervisor,
                **_reached(self.bootstrap),
                topic=self.topic,
                partitions=PARTITIONS,
                log_dir=Path(scratch),
            )
            try:
                send_log = Path(scratch) / "load.parquet"
                start_s = int(time.time() + LEAD_S)
                meta = player.play(
                    trace.ref,
                    start_realtime_ns=start_s * 1_000_000_000,
                    event_offset_ms=start_s * 1_000,
                    send_log=send_log,
                ).wait(TIMEOUT_S)
                status = Path(f"/proc/{player.children[0].pid}/status").read_text()
            finally:
                player.close()
            certificate = certify(send_log)
            table = pq.read_table(send_log, columns=["written_ns", "acked_ns"])
        waited_ms = (table["acked_ns"].to_numpy() - table["written_ns"].to_numpy()) / 1e6
        peak_kib = next(line.split()[1] for line in status.splitlines() if "VmHWM" in line)
        return {
            "cores": meta.cpu_s / self.seconds,
            "lag_p50_ms": certificate.send_lag_p50_ms,
            "lag_p999_ms": certificate.send_lag_p999_ms,
            "answer_p50_ms": float(np.percentile(waited_ms, 50)),
            "answer_p99_ms": float(np.percentile(waited_ms, 99)),
            "peak_mib": int(peak_kib) / 1024,
        }


def _reached(bootstrap: str) -> dict[str, Any]:
    """How a player is told where the broker is: builds before that of several brokers took the address."""
    try:
        from streambench.model.kafka_access import KafkaAccess
    except ImportError:
        return {"bootstrap": bootstrap}
    return {"access": KafkaAccess(bootstrap)}


def play_with(build: Path, turn: Turn) -> dict[str, float]:
    """Let the build in a folder play a turn."""
    told = json.dumps([turn.bootstrap, turn.topic, turn.rate_per_s, turn.seconds])
    finished = subprocess.run(
        [str(build / ".venv/bin/python"), str(Path(__file__).absolute()), "--turn", told],
        check=True,
        stdout=subprocess.PIPE,
        cwd=build,
        env={**os.environ, "PYTHONPATH": str(build)},
    )
    figures: dict[str, float] = json.loads(finished.stdout)
    return figures


def table(builds: dict[str, list[dict[str, float]]]) -> None:
    """Print the medians of the rounds and the least and greatest share of a core."""
    own: float | None = None
    for name, rounds in builds.items():
        median = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        cores = [each["cores"] for each in rounds]
        own = own or median["cores"]
        print(
            f"{name:<14} {median['cores']:.4f} core ({min(cores):.4f} to {max(cores):.4f}), "
            f"this build takes {own / median['cores']:.2f} of it; send lag "
            f"{median['lag_p50_ms']:.2f}, p99.9 {median['lag_p999_ms']:.2f} ms; answers after "
            f"{median['answer_p50_ms']:.2f}, p99 {median['answer_p99_ms']:.2f} ms; "
            f"{median['peak_mib']:.0f} MiB"
        )


def compare(arguments: argparse.Namespace) -> None:
    """Let the builds take turns."""
    # Here, because the other build runs this file, too, and may have it elsewhere.
    from streambench.kafka.broker_versions import artifacts_of_testbed

    builds = {"this build": Path(__file__).absolute().parent.parent}
    if arguments.against is not None:
        builds["the other one"] = arguments.against.absolute()
    resolved = resolve(artifacts_of_testbed())
    clicks = load_workload(find("clicks", (shipped_root(),)))
    warm_up = compile_trace(
        clicks,
        duration_ms=5_000,
        seed=1,
        cache=cache_dir() / "traces",
        rate_per_s=20_000,
        partitions=PARTITIONS,
    )
    found: dict[str, list[dict[str, float]]] = {name: [] for name in builds}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        supervisor = stack.enter_context(Supervisor())
        broker = start_broker(
            supervisor,
            folder=folder / "broker",
            log_dir=folder,
            java=resolved.java,
            jars=broker_jars(resolved.jars),
        )
        warm_broker(supervisor, broker, ref=warm_up.ref, partitions=PARTITIONS, log_dir=folder)
        for _ in range(arguments.neighbours):
            neighbour = subprocess.Popen(
                [sys.executable, "-c", NEIGHBOUR], preexec_fn=lambda: os.nice(10)
            )
            stack.callback(neighbour.wait)
            stack.callback(neighbour.kill)
        for number in range(arguments.rounds):
            for name, build in builds.items():
                topic = f"round-{number}-{name.replace(' ', '-')}"
                create_topics(broker.access, (TopicSpec(topic, PARTITIONS, input_topic_config()),))
                turn = Turn(broker.bootstrap, topic, arguments.rate, arguments.seconds)
                found[name].append(play_with(build, turn))
                delete_topics(broker.access, (topic,))
    table(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path, metavar="FOLDER")
    parser.add_argument("--neighbours", type=int, default=0)
    parser.add_argument("--turn", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.turn is None:
        compare(arguments)
        return
    turn: list[Any] = json.loads(arguments.turn)
    print(json.dumps(Turn(*turn).play()))


if __name__ == "__main__":
    main()
