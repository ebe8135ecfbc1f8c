"""Four hosts play one load into a real broker: the bytes, the log, and what becomes of it when one dies."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import streambench.kafka.broker as broker_module
from streambench.kafka.broker import Broker, start_broker
from streambench.kafka.broker_config import server_properties
from streambench.kafka.broker_versions import broker_jars
from streambench.kafka.certificate import certify
from streambench.kafka.frames import ControlRecord
from streambench.kafka.meeting.party import MeetingPolicy
from streambench.kafka.removal import leftovers
from streambench.kafka.send_times import read_meta
from streambench.kafka.shards.coordinator import (
    MeetingPlace,
    Shards,
    gather,
    shards_meeting,
)
from streambench.kafka.shards.player import ShardedPlayer
from streambench.kafka.topics import TopicSpec, create_topics, delete_topics, input_topic_config
from streambench.load.trace import Trace, compile_trace
from streambench.model.errors import ExitCode, InstrumentFailed
from streambench.model.kafka_access import KafkaAccess
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.kafka.readback import read_back

from .from_log import batches_of, sha256_of
from .left import assert_gone, left_by
from .namespaces import Hosts, hosts

pytestmark = pytest.mark.broker

SHARDS = 4
PARTITIONS = 8
RATE = 2_000_000
SECONDS = 1
OFFSET_MS = 1_764_000_000_000
WAIT_S = 60.0
# A shard of one beat a second is missed after four seconds.
POLICY = MeetingPolicy(beat_s=0.25, silent_beats=16)


@pytest.fixture(scope="module")
def four_hosts() -> Iterator[Hosts]:
    with hosts(SHARDS) as found:
        yield found


@pytest.fixture(scope="module")
def access(
    four_hosts: Hosts, resolved: Resolved, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaAccess]:
    """A broker in the hub, where every host reaches it."""

    def reachable(*, data: Path, port: int, controller_port: int) -> str:
        text = server_properties(data=data, port=port, controller_port=controller_port)
        text = text.replace(
            f"listeners=PLAINTEXT://127.0.0.1:{port}", f"listeners=PLAINTEXT://0.0.0.0:{port}", 1
        )
        there = f"advertised.listeners=PLAINTEXT://{four_hosts.address}:{port}"
        return re.sub(r"advertised\.listeners=.*", there, text)

    folder = tmp_path_factory.mktemp("broker")
    with pytest.MonkeyPatch.context() as patch, Supervisor() as supervisor:
        patch.setattr(broker_module, "server_properties", reachable)
        broker: Broker = start_broker(
            supervisor,
            folder=folder / "kafka",
            log_dir=folder,
            java=resolved.java,
            jars=broker_jars(resolved.jars),
        )
        port = broker.bootstrap.rpartition(":")[2]
        yield KafkaAccess(f"{four_hosts.address}:{port}")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return _compiled(tmp_path_factory.mktemp("traces"), RATE, SECONDS * 1_000)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return _compiled(tmp_path_factory.mktemp("small-traces"), 1_000, 60_000)


def _compiled(cache: Path, rate_per_s: int, duration_ms: int) -> Trace:
    return compile_trace(
        load_workload(find("clicks")),
        duration_ms=duration_ms,
        seed=3,
        cache=cache,
        rate_per_s=rate_per_s,
        partitions=PARTITIONS,
    )


@dataclass
class Scene:
    """A run of a test: its shards are processes of the command line, each on its host."""

    four: Hosts
    access: KafkaAccess
    folder: Path
    run: str = field(default_factory=lambda: f"test{secrets.token_hex(3)}")
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        return f"streambench-{self.run}-"

    def play(
        self, shard: str, on: int, *more: str, cache: str | None = None
    ) -> subprocess.Popen[bytes]:
        name = f"{shard.replace('/', '-of-')}-on-{on}"
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *self.four.prefixes[on],
                    *(sys.executable, "-m", "streambench", "play", "--shard", shard),
                    *("--join", self.run, "--bootstrap-servers", self.access.bootstrap, *more),
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "STREAMBENCH_CACHE": str(self.folder / (cache or name))},
            )
        self.processes[name] = process
        return process

    def all_play(self, cache: str | None = None) -> list[subprocess.Popen[bytes]]:
        return [self.play(f"{index}/{SHARDS}", index, cache=cache) for index in range(SHARDS)]

    def log(self, shard: int, of: int = SHARDS) -> str:
        return (self.folder / f"{shard}-of-{of}-on-{shard}.log").read_text()

    @contextmanager
    def meeting(self) -> Iterator[Shards]:
        place = MeetingPlace(self.access, self.prefix)
        arrived = self.folder / "arrived"
        arrived.mkdir()
        with shards_meeting(place, SHARDS, arrived, POLICY) as shards:
            yield shards

    def player(self, shards: Shards, topic: str | None = None) -> ShardedPlayer:
        topic = self.topic if topic is None else topic
        create_topics(self.access, (TopicSpec(topic, PARTITIONS, input_topic_config()),))
        gather(shards, WAIT_S, print, lambda seat: f"play {seat}")
        player = ShardedPlayer(shards, topic, PARTITIONS, RATE)
        player.connected()
        return player

    @property
    def topic(self) -> str:
        return f"{self.prefix}input"

    def end(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()
        found = leftovers(self.access, self.prefix)
        if found.topics:
            delete_topics(self.access, found.topics)


@pytest.fixture
def scene(four_hosts: Hosts, access: KafkaAccess, tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(four_hosts, access, tmp_path)
    yield scene
    scene.end()


def _soon_ns() -> int:
    return time.time_ns() + 1_000_000_000


@pytest.fixture(scope="module")
def run(
    four_hosts: Hosts, access: KafkaAccess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Scene, Shards]]:
    """Four shards for several jobs, one after another; they end with the run."""
    scene = Scene(four_hosts, access, tmp_path_factory.mktemp("run"))
    processes = scene.all_play()
    try:
        with scene.meeting() as shards:
            yield scene, shards
        assert [process.wait(WAIT_S) for process in processes] == [0] * SHARDS, scene.log(0)
    finally:
        scene.end()


def test_four_shards_write_what_one_player_would_and_make_one_send_log(
    run: tuple[Scene, Shards], large: Trace
) -> None:
    scene, shards = run
    send_log = scene.folder / "load.parquet"
    player = scene.player(shards)
    player.prepare(large.ref)
    playing = player.play(
        large.ref, start_realtime_ns=_soon_ns(), event_offset_ms=OFFSET_MS, send_log=send_log
    )
    wait_until(lambda: playing.progress().finished, what="the load", timeout_s=WAIT_S, poll_s=0.1)
    meta = playing.wait(10)
    assert playing.progress().records_written == large.meta.records
    player.close()
    assert meta.records_acknowledged == large.meta.records == RATE * SECONDS
    assert meta.failure is None
    # What lies in the log: every byte, each once, in order.
    found = batches_of(scene.access, scene.topic, PARTITIONS)
    assert sha256_of(found, large, OFFSET_MS) == large.meta.sha256
    assert [batches[-1].next_offset for batches in found] == list(large.meta.records_by_partition)
    # The send log, as one player writes it.
    log = pq.read_table(send_log)
    for name, wanted in (("quantum", "quantum"), ("partition", "partition"), ("records", "count")):
        assert log[name].to_pylist() == large.batches[wanted].tolist()
    rows = log.to_pylist()
    assert all(row["due_ns"] == (row["quantum"] + 1) * 5_000_000 for row in rows)
    assert all(row["due_ns"] <= row["possible_ns"] <= row["written_ns"] for row in rows)
    for partition in range(PARTITIONS):
        own = [row for row in rows if row["partition"] == partition]
        ends = [row["base_offset"] + row["records"] for row in own]
        assert [row["base_offset"] for row in own] == [0, *ends[:-1]]
    # Each clock beside the broker's, and this one's; all are one clock here.
    assert [clock.who for clock in meta.clocks] == [
        *(f"shard {index}/{SHARDS}" for index in range(SHARDS)),
        "the coordinator",
    ]
    for clock in meta.clocks:
        assert clock.low_ms <= 0.01
        assert clock.high_ms >= -0.01
        assert clock.high_ms - clock.low_ms < 20
    certificate = certify(send_log)
    assert certificate.clocks == read_meta(send_log).clocks == meta.clocks
    assert certificate.batches == len(large.batches)


def test_several_loads_and_control_records_keep_one_order(
    run: tuple[Scene, Shards], small: Trace
) -> None:
    scene, shards = run
    topic = f"{scene.prefix}next"
    control = [ControlRecord(p, OFFSET_MS, b"probe", b"{}") for p in range(PARTITIONS)]
    quanta = (100, 160)
    in_part = (small.batches["quantum"] >= quanta[0]) & (small.batches["quantum"] < quanta[1])
    wanted = int(small.batches["count"][in_part].sum())
    player = scene.player(shards, topic)
    player.send([*control, *control])
    for number in range(2):
        meta = player.play(
            small.ref,
            start_realtime_ns=time.time_ns(),
            event_offset_ms=OFFSET_MS,
            send_log=scene.folder / "logs" / f"{number}.parquet",
            unthrottled=True,
        ).wait(WAIT_S)
        assert meta.records_acknowledged == small.meta.records
        assert meta.retried == 0
        player.send(control)
    part = player.play(
        small.ref,
        start_realtime_ns=_soon_ns() - quanta[0] * small.meta.quantum_ms * 1_000_000,
        event_offset_ms=OFFSET_MS,
        send_log=scene.folder / "logs" / "part.parquet",
        quanta=quanta,
        holds=((500, 700),),
    ).wait(WAIT_S)
    assert part.records_acknowledged == wanted
    assert player.gauge_us(small.ref, quanta) is None
    player.close()
    # A second shard of one number comes too late, and one that counts otherwise.
    second = scene.play(f"1/{SHARDS}", 0)
    other = scene.play("1/2", 1)
    assert [second.wait(WAIT_S), other.wait(WAIT_S)] == [2, 2]
    assert f"shard 1/{SHARDS} on " in scene.folder.joinpath("1-of-4-on-0.log").read_text()
    assert "is there already" in scene.folder.joinpath("1-of-4-on-0.log").read_text()
    assert "this run has 4 shards" in scene.log(1, 2)
    got = read_back(scene.access.bootstrap, topic, PARTITIONS)
    records = small.meta.records_by_partition
    assert sum(map(len, got)) == 2 * sum(records) + wanted + 4 * PARTITIONS
    for partition, found in enumerate(got):
        probes = [record.offset for record in found if record.key == b"probe"]
        first, second_at = 2 + records[partition], 3 + 2 * records[partition]
        assert probes == [0, 1, first, second_at]
    assert sorted(path.name for path in (scene.folder / "logs").iterdir()) == [
        "0.json", "0.parquet", "1.json", "1.parquet", "part.json", "part.parquet",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("signum", "said", "exit_code"),
    [
        (signal.SIGKILL, "nothing is", -signal.SIGKILL),
        (signal.SIGTERM, "it says: it was interrupted", ExitCode.INTERRUPTED),
    ],
    ids=["killed", "terminated"],
)
def test_a_shard_that_ends_fails_the_load_by_name_and_the_others_stop(
    scene: Scene, small: Trace, signum: signal.Signals, said: str, exit_code: int
) -> None:
    processes = scene.all_play(cache="shared")
    with scene.meeting() as shards:
        player = scene.player(shards)
        player.prepare(small.ref)
        playing = player.play(
            small.ref,
            start_realtime_ns=_soon_ns(),
            event_offset_ms=OFFSET_MS,
            send_log=scene.folder / "load.parquet",
        )
        wait_until(
            lambda: playing.progress().records_written > 0, what="the load", timeout_s=WAIT_S
        )
        left = left_by(processes[2])
        processes[2].send_signal(signum)
        with pytest.raises(InstrumentFailed, match=rf"shard 2/{SHARDS} on .* is gone: {said}"):
            wait_until(lambda: playing.progress().finished, what="the load", timeout_s=WAIT_S)
        with pytest.raises(InstrumentFailed, match=f"shard 2/{SHARDS}"):
            player.send([ControlRecord(2, 0, b"k", b"v")])
        player.close()
        held = sum(map(len, read_back(scene.access.bootstrap, scene.topic, PARTITIONS)))
        assert held < small.meta.records
        # All have stopped: nothing more comes.
        again = sum(map(len, read_back(scene.access.bootstrap, scene.topic, PARTITIONS)))
        assert again == held
        with pytest.raises(InstrumentFailed, match=f"shard 2/{SHARDS}"):
            ShardedPlayer(shards, scene.topic, PARTITIONS, RATE)
        assert not (scene.folder / "load.parquet").exists()
    assert [process.wait(WAIT_S) for process in processes] == [0, 0, exit_code, 0]
    assert_gone(left)


def test_shards_stop_by_themselves_when_the_coordinator_is_killed(scene: Scene) -> None:
    coordinator = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.kafka.shards.coordinate"),
            *(scene.access.bootstrap, scene.prefix, str(SHARDS)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    scene.processes["coordinator"] = coordinator  # type: ignore[assignment]
    processes = scene.all_play(cache="shared")
    assert coordinator.stdout is not None
    with coordinator.stdout as said:
        assert "playing\n" in iter(said.readline, "")
    left = [left_by(process) for process in processes]
    coordinator.kill()
    begin_s = time.monotonic()
    assert [process.wait(WAIT_S) for process in processes] == [4] * SHARDS, scene.log(0)
    assert time.monotonic() - begin_s < 30
    assert "nothing is heard of the coordinator any more" in scene.log(0)
    for each in left:
        assert_gone(each)
    written = sum(map(len, read_back(scene.access.bootstrap, scene.topic, PARTITIONS)))
    assert 0 < written < 120_000


def test_a_shard_waits_for_the_run_and_says_which_command_begins_it(scene: Scene) -> None:
    process = scene.play("0/1", 0, "--within", "1s")
    assert process.wait(WAIT_S) == 3
    assert f"no run called {scene.run} has begun" in scene.log(0, 1)
    assert f"--run-id {scene.run}" in scene.log(0, 1)


def test_missing_shards_are_named(scene: Scene) -> None:
    with ExitStack() as stack:
        shards = stack.enter_context(scene.meeting())
        scene.play(f"1/{SHARDS}", 1)
        wait_until(lambda: shards.count == 1, what="a shard", timeout_s=WAIT_S)
        with pytest.raises(
            InstrumentFailed, match=f"shard 0/{SHARDS}, shard 2/{SHARDS}, shard 3/{SHARDS} have not"
        ):
            gather(shards, 0.5, print, str)
