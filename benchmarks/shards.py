"""A load that several shards play: the coordinator's memory, and each shard's rate beside one process's.

    python benchmarks/shards.py memory [--shards 1 4 16] [--seconds 10 40] [--rate 50000]
    python benchmarks/shards.py rate [--shards 4] [--seconds 10] [--rate 2000000]

Shards are processes of `streambench play` on this machine, at one broker of its own. The coordinator is a
process of its own, too, and tells its peak memory before and after the play (Linux). The rate of a shard is
that of its partitions, from the first due instant to the last acknowledgement; one process plays the same
load before, and its partitions are taken apart alike.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from streambench.kafka.broker import start_broker
from streambench.kafka.broker_versions import artifacts_of_testbed, broker_jars
from streambench.kafka.certificate import certify
from streambench.kafka.player import Player
from streambench.kafka.shards.coordinator import MeetingPlace, gather, shards_meeting
from streambench.kafka.shards.player import ShardedPlayer
from streambench.kafka.topics import TopicSpec, create_topics, delete_topics, input_topic_config
from streambench.kafka.warm_up import warm_broker
from streambench.load.trace import Trace, compile_trace
from streambench.model.kafka_access import KafkaAccess
from streambench.runtime.artifacts import resolve
from streambench.runtime.paths import cache_dir
from streambench.runtime.supervisor import Supervisor
from streambench.workload.locate import find, shipped_root
from streambench.workload.parse import load_workload

PARTITIONS = 16
LEAD_NS = 2_000_000_000
WAIT_S = 300.0


def compiled(rate_per_s: int, seconds: int) -> Trace:
    """The load; shards find it in the cache that they share with this process."""
    return compile_trace(
        load_workload(find("clicks", (shipped_root(),))),
        duration_ms=seconds * 1_000,
        seed=1,
        cache=cache_dir() / "traces",
        rate_per_s=rate_per_s,
        partitions=PARTITIONS,
    )


def peak_mib() -> float:
    """This process's peak memory so far."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if "VmHWM" in line)) / 1024


def coordinate(bootstrap: str, run: str, shards: int, rate_per_s: int, seconds: int) -> None:
    """Have shards play once, as a process of its own; prints what was found as JSON."""
    access, prefix = KafkaAccess(bootstrap), f"streambench-{run}-"
    trace = compiled(rate_per_s, seconds)
    topic = f"{prefix}input"
    create_topics(access, (TopicSpec(topic, PARTITIONS, input_topic_config()),))
    with tempfile.TemporaryDirectory() as name:
        place = MeetingPlace(access, prefix)
        with shards_meeting(place, shards, Path(name)) as meeting:
            gather(meeting, WAIT_S, lambda _: None, str)
            player = ShardedPlayer(meeting, topic, PARTITIONS, rate_per_s)
            player.connected()
            player.prepare(trace.ref)
            before_mib = peak_mib()
            send_log = Path(name) / "load.parquet"
            playing = player.play(
                trace.ref,
                start_realtime_ns=time.time_ns() + LEAD_NS,
                event_offset_ms=0,
                send_log=send_log,
            )
            while not playing.progress().finished:
                time.sleep(0.2)
            meta = playing.wait(WAIT_S)
            after_mib = peak_mib()
            player.close()
            found = {"before_mib": before_mib, "after_mib": after_mib, **figures(send_log, shards)}
            found["records"] = meta.records_acknowledged
            found["clocks"] = [[clock.low_ms, clock.high_ms] for clock in meta.clocks]
    delete_topics(access, (topic, *place.topics))
    print(json.dumps(found))


def figures(send_log: Path, shards: int) -> dict[str, Any]:
    """Rates and send lags of each share of the partitions, and the certificate of all."""
    certificate = certify(send_log)
    table = pq.read_table(send_log)
    column: dict[str, npt.NDArray[Any]] = {
        name: table[name].to_numpy()
        for name in ("partition", "records", "due_ns", "possible_ns", "acked_ns")
    }
    rates, lags = [], []
    for shard in range(shards):
        own = column["partition"] % shards == shard
        span_ns = column["acked_ns"][own].max() - column["due_ns"][own].min()
        rates.append(float(column["records"][own].sum() / span_ns * 1e9))
        lag_ms = (column["possible_ns"][own] - column["due_ns"][own]) / 1e6
        lags.append(float(np.percentile(lag_ms, 99.9)))
    return {
        "held": certificate.held,
        "reason": certificate.reason,
        "lag_p999_ms": certificate.send_lag_p999_ms,
        "rates": rates,
        "lags": lags,
        "batches": table.num_rows,
    }


@contextmanager
def warmed() -> Iterator[tuple[Supervisor, KafkaAccess, Path]]:
    """A broker of its own, warmed."""
    resolved = resolve(artifacts_of_testbed())
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name, Supervisor() as supervisor:
        folder = Path(name)
        broker = start_broker(
            supervisor,
            folder=folder / "broker",
            log_dir=folder,
            java=resolved.java,
            jars=broker_jars(resolved.jars),
        )
        warm_up = compiled(20_000, 5)
        warm_broker(supervisor, broker, ref=warm_up.ref, partitions=PARTITIONS, log_dir=folder)
        yield supervisor, broker.access, folder


def by_shards(access: KafkaAccess, shards: int, rate_per_s: int, seconds: int) -> dict[str, Any]:
    """Let so many processes of the command line play, and a coordinator of its own."""
    run = f"b{shards}.{seconds}"  # no dash: it ends a run's name
    told = [access.bootstrap, run, str(shards), str(rate_per_s), str(seconds)]
    coordinator = subprocess.Popen(
        [sys.executable, __file__, "coordinate", *told], stdout=subprocess.PIPE
    )
    playing = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "streambench", "play", "--shard", f"{index}/{shards}"),
                *("--join", run, "--bootstrap-servers", access.bootstrap),
            ],
            stderr=subprocess.DEVNULL,
        )
        for index in range(shards)
    ]
    said, _ = coordinator.communicate()
    assert [process.wait() for process in playing] == [0] * shards
    found: dict[str, Any] = json.loads(said)
    return found


def by_one(
    supervisor: Supervisor, access: KafkaAccess, folder: Path, trace: Trace, shards: int
) -> dict[str, Any]:
    """Let one process play the same."""
    create_topics(access, (TopicSpec("one", PARTITIONS, input_topic_config()),))
    player = Player.start(
        supervisor, access=access, topic="one", partitions=PARTITIONS, log_dir=folder
    )
    send_log = folder / "one.parquet"
    player.play(
        trace.ref,
        start_realtime_ns=time.time_ns() + LEAD_NS,
        event_offset_ms=0,
        send_log=send_log,
    ).wait(WAIT_S)
    player.close()
    delete_topics(access, ("one",))
    return figures(send_log, shards)


def memory(arguments: argparse.Namespace) -> None:
    """Print the coordinator's peak memory for each number of shards and length."""
    with warmed() as (_, access, _folder):
        for seconds in arguments.seconds or [10, 40]:
            compiled(arguments.rate or 50_000, seconds)
            for shards in arguments.shards or [1, 4, 16]:
                found = by_shards(access, shards, arguments.rate or 50_000, seconds)
                print(
                    f"{shards:>3} shards, {seconds:>3} s, {found['batches']:>7,} batches: peak "
                    f"{found['before_mib']:.0f} MiB before the play, {found['after_mib']:.0f} after",
                    flush=True,
                )


def rate(arguments: argparse.Namespace) -> None:
    """Print each shard's rate by that of one process in the same partitions."""
    rate_per_s, seconds = arguments.rate or 2_000_000, (arguments.seconds or [10])[0]
    shards = (arguments.shards or [4])[0]
    with warmed() as (supervisor, access, folder):
        trace = compiled(rate_per_s, seconds)
        alone = by_one(supervisor, access, folder, trace, shards)
        together = by_shards(access, shards, rate_per_s, seconds)
        for name, found in (("one process", alone), (f"{shards} shards", together)):
            held = "held" if found["held"] else f"did not hold: {found['reason']}"
            print(f"{name}: certificate {held}; send lag p99.9 {found['lag_p999_ms']:.2f} ms")
        for shard in range(shards):
            here, before = together["rates"][shard], alone["rates"][shard]
            print(
                f"shard {shard}: {here:,.0f} records/s, {here / before:.3f} of one process's in its "
                f"share; send lag p99.9 {together['lags'][shard]:.2f} ms; clock between "
                f"{together['clocks'][shard][0]:+.2f} and {together['clocks'][shard][1]:+.2f} ms"
            )


def main() -> None:
    if sys.argv[1:2] == ["coordinate"]:
        bootstrap, run, *numbers = sys.argv[2:]
        coordinate(bootstrap, run, *map(int, numbers))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=["memory", "rate"])
    parser.add_argument("--shards", type=int, nargs="+")
    parser.add_argument("--seconds", type=int, nargs="+")
    parser.add_argument("--rate", type=int)
    arguments = parser.parse_args()
    (memory if arguments.what == "memory" else rate)(arguments)


if __name__ == "__main__":
    main()
