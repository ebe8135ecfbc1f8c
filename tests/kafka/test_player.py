from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from streambench.kafka.broker import Broker, start_broker
from streambench.kafka.broker_versions import broker_jars
from streambench.kafka.certificate import certify
from streambench.kafka.player import ControlRecord, Player, processes_for
from streambench.kafka.send_times import read_meta
from streambench.kafka.topics import TopicSpec, create_topics, input_topic_config, topic_bytes
from streambench.load.trace import Trace
from streambench.model.errors import InstrumentFailed
from streambench.model.plan import Role
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until

from .conftest import PARTITIONS
from .readback import read_back

pytestmark = pytest.mark.broker

RATE = 20_000
SECONDS = 2
OFFSET_MS = 1_764_000_000_000
Traces = Callable[[int, int], Trace]


@pytest.fixture
def player(
    supervisor: Supervisor, broker: Broker, input_topic: str, tmp_path: Path
) -> Iterator[Player]:
    player = Player.start(
        supervisor,
        access=broker.access,
        topic=input_topic,
        partitions=PARTITIONS,
        log_dir=tmp_path,
    )
    yield player
    player.close()


def _soon_ns() -> int:
    return time.time_ns() + 100_000_000


def test_every_record_arrives_once_in_order_with_its_event_time(
    player: Player, broker: Broker, input_topic: str, clicks: Traces, tmp_path: Path
) -> None:
    trace = clicks(RATE, SECONDS * 1_000)
    send_log = tmp_path / "load.parquet"
    playing = player.play(
        trace.ref, start_realtime_ns=_soon_ns(), event_offset_ms=OFFSET_MS, send_log=send_log
    )
    meta = playing.wait(60)
    assert meta.records_acknowledged == trace.meta.records == RATE * SECONDS
    assert playing.progress().records_written == RATE * SECONDS
    assert playing.progress().finished
    got = read_back(broker.bootstrap, input_topic, PARTITIONS)
    for partition, records in enumerate(got):
        with duckdb.connect() as connection:
            wanted = connection.execute(
                f"SELECT event_ms, campaign, action, price FROM '{trace.columns_glob}' "
                f"WHERE partition = {partition} ORDER BY position"
            ).fetchall()
        assert [record.offset for record in records] == list(range(len(wanted)))
        assert [(record.timestamp, record.key, record.value) for record in records] == [
            (
                event_ms + OFFSET_MS,
                campaign.encode(),
                f'{{"campaign":"{campaign}","action":"{action}","price":{price}}}'.encode(),
            )
            for event_ms, campaign, action, price in wanted
        ]


def test_two_processes_write_what_one_writes(
    supervisor: Supervisor, broker: Broker, clicks: Traces, tmp_path: Path
) -> None:
    trace = clicks(RATE, SECONDS * 1_000)
    written, logs = [], []
    for processes in (1, 2):
        topic = f"shared-by-{processes}"
        create_topics(broker.access, (TopicSpec(topic, PARTITIONS, input_topic_config()),))
        player = Player.start(
            supervisor,
            access=broker.access,
            topic=topic,
            partitions=PARTITIONS,
            log_dir=tmp_path,
            processes=processes,
        )
        assert len(player.children) == processes
        player.send([ControlRecord(p, OFFSET_MS, b"first", b"{}") for p in range(PARTITIONS)])
        send_log = tmp_path / f"{processes}" / "load.parquet"
        playing = player.play(
            trace.ref, start_realtime_ns=_soon_ns(), event_offset_ms=OFFSET_MS, send_log=send_log
        )
        meta = playing.wait(60)
        player.close()
        assert meta.records_acknowledged == trace.meta.records
        assert playing.progress().records_written == trace.meta.records
        assert playing.progress().finished
        written.append(
            [
                [(record.offset, record.timestamp, record.key, record.value) for record in records]
                for records in read_back(broker.bootstrap, topic, PARTITIONS)
            ]
        )
        logs.append(pq.read_table(send_log))
        assert sorted(path.name for path in send_log.parent.iterdir()) == [
            "load.json", "load.parquet",
        ]  # fmt: skip
    one, two = written
    assert one == two
    for name in ("quantum", "partition", "records", "due_ns", "base_offset"):
        assert logs[0].column(name).equals(logs[1].column(name))


def test_a_machine_with_few_cores_has_one_player() -> None:
    assert processes_for(20_000, 4, cores=64) == 1
    assert processes_for(2_000_000, 4, cores=64) == 1
    assert processes_for(2_000_001, 4, cores=64) == 2
    assert processes_for(4_000_000, 4, cores=2) == 1
    assert processes_for(5_000_000, 2, cores=64) == 2


def test_the_send_log_has_every_batch_with_its_instants_and_offset(
    player: Player, clicks: Traces, tmp_path: Path
) -> None:
    trace = clicks(RATE, SECONDS * 1_000)
    send_log = tmp_path / "load.parquet"
    start_ns = _soon_ns()
    player.play(
        trace.ref, start_realtime_ns=start_ns, event_offset_ms=OFFSET_MS, send_log=send_log
    ).wait(60)
    log = pq.read_table(send_log)
    assert log.num_rows == len(trace.batches)
    assert log["records"].to_pylist() == trace.batches["count"].tolist()
    rows = log.to_pylist()
    assert all(row["due_ns"] == (row["quantum"] + 1) * 5_000_000 for row in rows)
    assert all(row["due_ns"] <= row["possible_ns"] <= row["written_ns"] for row in rows)
    assert all(row["written_ns"] < row["acked_ns"] for row in rows)
    for partition in range(PARTITIONS):
        own = [row for row in rows if row["partition"] == partition]
        ends = [row["base_offset"] + row["records"] for row in own]
        assert [row["base_offset"] for row in own] == [0, *ends[:-1]]
    meta = read_meta(send_log)
    assert abs(meta.start_realtime_ns - start_ns) < 1_000
    assert meta.retried == 0
    certificate = certify(send_log)
    assert certificate.batches == len(trace.batches)
    assert abs(certificate.clock_drift_ms) < 1


def test_nothing_is_written_before_it_is_due(
    player: Player, clicks: Traces, tmp_path: Path
) -> None:
    trace = clicks(RATE, SECONDS * 1_000)
    begin_s = time.monotonic()
    playing = player.play(
        trace.ref,
        start_realtime_ns=time.time_ns() + 400_000_000,
        event_offset_ms=OFFSET_MS,
        send_log=tmp_path / "load.parquet",
    )
    seen = []

    def half_way() -> bool:
        seen.append((time.monotonic() - begin_s, playing.progress()))
        return seen[-1][1].records_written > RATE * SECONDS // 2

    wait_until(half_way, what="half of the load", timeout_s=30)
    assert seen[-1][0] >= 0.4 + SECONDS / 2
    assert seen[0][1].quantum is None
    playing.wait(60)
    assert time.monotonic() - begin_s >= 0.4 + SECONDS


def test_sequences_continue_over_control_records_and_plays(
    player: Player, broker: Broker, input_topic: str, clicks: Traces, tmp_path: Path
) -> None:
    trace = clicks(RATE, SECONDS * 1_000)
    control = [ControlRecord(p, OFFSET_MS, b"probe", b"{}") for p in range(PARTITIONS)]
    player.send(control)
    for name in ("first", "second"):
        player.play(
            trace.ref,
            start_realtime_ns=time.time_ns(),
            event_offset_ms=OFFSET_MS,
            send_log=tmp_path / f"{name}.parquet",
            unthrottled=True,
        ).wait(60)
        player.send([*control, *control])
    got = read_back(broker.bootstrap, input_topic, PARTITIONS)
    assert sum(map(len, got)) == 2 * trace.meta.records + 5 * PARTITIONS
    for records in got:
        probes = [record.offset for record in records if record.key == b"probe"]
        assert len(probes) == 5
        assert probes[0] == 0
        assert probes[-1] == len(records) - 1
    # A fresh broker refuses sequences that do not continue: none was refused, none was repeated.
    assert read_meta(tmp_path / "second.parquet").retried == 0
    assert topic_bytes(broker, input_topic) > 0


def test_control_records_are_in_the_log_when_send_returns(
    player: Player, broker: Broker, input_topic: str
) -> None:
    player.send([ControlRecord(2, 5, b"key", b"value"), ControlRecord(2, 6, b"k2", b"v2")])
    got = read_back(broker.bootstrap, input_topic, PARTITIONS)[2]
    assert [(record.timestamp, record.key, record.value) for record in got] == [
        (5, b"key", b"value"),
        (6, b"k2", b"v2"),
    ]


@pytest.mark.parametrize("year", [2013, 2040])
def test_records_stamped_years_ago_or_ahead_are_accepted_and_kept(
    player: Player, broker: Broker, input_topic: str, year: int
) -> None:
    event_ms = (year - 1970) * 365 * 86_400_000
    player.send([ControlRecord(0, event_ms, b"key", b"value")])
    got = read_back(broker.bootstrap, input_topic, PARTITIONS)[0]
    assert [record.timestamp for record in got] == [event_ms]


def test_a_refused_batch_ends_the_play_with_the_brokers_reason(
    supervisor: Supervisor, broker: Broker, tmp_path: Path
) -> None:
    narrow = TopicSpec("narrow", PARTITIONS, {"max.message.bytes": "1000"})
    create_topics(broker.access, (narrow,))
    player = Player.start(
        supervisor,
        access=broker.access,
        topic="narrow",
        partitions=PARTITIONS,
        log_dir=tmp_path,
    )
    with pytest.raises(InstrumentFailed, match="MESSAGE_TOO_LARGE"):
        player.send([ControlRecord(0, 0, b"key", b"x" * 2_000)])
    player.close()


def test_closing_in_the_middle_of_a_play_ends_it_and_keeps_its_log(
    player: Player, supervisor: Supervisor, clicks: Traces, tmp_path: Path
) -> None:
    send_log = tmp_path / "load.parquet"
    playing = player.play(
        clicks(RATE, 20_000).ref,
        start_realtime_ns=_soon_ns(),
        event_offset_ms=OFFSET_MS,
        send_log=send_log,
    )
    wait_until(lambda: playing.progress().records_written > 0, what="the load", timeout_s=30)
    player.close()
    certificate = certify(send_log)
    assert not certificate.held
    assert certificate.reason == "the player failed: stopped before its end"
    assert supervisor.deaths() == ()


def test_a_player_that_dies_is_an_instruments_failure(
    player: Player, clicks: Traces, tmp_path: Path
) -> None:
    playing = player.play(
        clicks(RATE, 20_000).ref,
        start_realtime_ns=_soon_ns(),
        event_offset_ms=OFFSET_MS,
        send_log=tmp_path / "load.parquet",
    )
    player.children[0].process.kill()
    with pytest.raises(InstrumentFailed, match="has ended"):
        playing.wait(30)


def test_a_broker_that_is_killed_and_comes_back_holds_every_record_once(
    supervisor: Supervisor, resolved: Resolved, clicks: Traces, tmp_path: Path
) -> None:
    own = start_broker(
        supervisor,
        folder=tmp_path / "kafka",
        log_dir=tmp_path,
        java=resolved.java,
        jars=broker_jars(resolved.jars),
    )
    create_topics(own.access, (TopicSpec("input", PARTITIONS, input_topic_config()),))
    player = Player.start(
        supervisor,
        access=own.access,
        topic="input",
        partitions=PARTITIONS,
        log_dir=tmp_path,
    )
    trace = clicks(RATE, SECONDS * 1_000)
    send_log = tmp_path / "load.parquet"
    playing = player.play(
        trace.ref,
        start_realtime_ns=_soon_ns(),
        event_offset_ms=OFFSET_MS,
        send_log=send_log,
    )
    wait_until(lambda: playing.progress().records_written > RATE, what="the load", timeout_s=30)
    os.killpg(own.child.pid, signal.SIGKILL)
    own.child.process.wait()
    argv = own.child.process.args
    assert isinstance(argv, tuple)
    supervisor.start("broker", Role.BROKER, argv, log=own.child.log)
    meta = playing.wait(120)
    assert meta.retried > 0
    assert meta.errors
    got = read_back(own.bootstrap, "input", PARTITIONS)
    assert [len(records) for records in got] == list(trace.meta.records_by_partition)
    certificate = certify(send_log)
    assert certificate.retried == meta.retried
    assert not certificate.held
    player.close()


def test_a_part_of_a_trace_is_played_when_it_is_due_and_nothing_else(
    player: Player, broker: Broker, input_topic: str, clicks: Traces, tmp_path: Path
) -> None:
    trace = clicks(RATE, SECONDS * 1_000)
    send_log = tmp_path / "part.parquet"
    first, end = 100, 160
    quanta = trace.batches["quantum"]
    wanted = int(trace.batches["count"][(quanta >= first) & (quanta < end)].sum())
    start_ns = _soon_ns()
    meta = player.play(
        trace.ref,
        start_realtime_ns=start_ns - first * trace.meta.quantum_ms * 1_000_000,
        event_offset_ms=OFFSET_MS,
        send_log=send_log,
        quanta=(first, end),
    ).wait(60)
    assert 0 < wanted < trace.meta.records
    assert meta.records_acknowledged == wanted
    assert meta.requests == end - first
    played = pq.read_table(send_log)
    assert set(played["quantum"].to_pylist()) == set(range(first, end))
    assert sum(map(len, read_back(broker.bootstrap, input_topic, PARTITIONS))) == wanted
    # A whole trace can follow: the producer's numbers go on.
    again = player.play(
        trace.ref, start_realtime_ns=_soon_ns(), event_offset_ms=OFFSET_MS, send_log=send_log
    ).wait(60)
    assert again.records_acknowledged == trace.meta.records
