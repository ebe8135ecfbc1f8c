"""Three brokers that streambench did not start, with TLS and log-ins: nothing is lost, and who may not is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.access.python_clients import python_client_options
from streambench.kafka.broker_clocks import BrokerClocks
from streambench.kafka.certificate import Unable, certify
from streambench.kafka.cluster import Cluster
from streambench.kafka.inspection import NotAllowed, WantedOfKafka, inspect_kafka
from streambench.kafka.player import Player
from streambench.kafka.reader import Reader, read_uncommitted_count
from streambench.kafka.removal import leftovers, remove, still_left
from streambench.kafka.secured import NotLetIn
from streambench.kafka.topics import TopicSpec, create_topics, input_topic_config
from streambench.load.trace import Trace
from streambench.model.conditions import USUAL_BROKER
from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import KafkaAccess
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until
from streambench.trial.testbed import TestbedShape, embedded_testbed
from streambench.trial.workspace import Room, foreign_workspaces
from tests.kafka.kafka_lab import GUEST, KafkaLab, jaas_line, kafka_lab
from tests.kafka.rights_lab import DOCUMENTED, LACKING, grant

pytestmark = [pytest.mark.broker]

NODES = 3
PARTITIONS = 4
RATE_PER_S = 2_000
SECONDS = 12
PREFIX = "bench-"
OAUTH = (
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
    'unsecuredLoginStringClaim_sub="oauth";'
)
Traces = Callable[[int, int], Trace]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaLab]:
    users = (DOCUMENTED, *LACKING)
    with kafka_lab(tmp_path_factory.mktemp("cluster"), NODES, users=users) as running:
        grant(access_of(running), PREFIX)
        yield running


def access_of(lab: KafkaLab, **changed: str | None) -> KafkaAccess:
    dotted = {name.replace("_", "."): value for name, value in changed.items()}
    return read_client_properties(lab.client_properties(dotted), None).access


def offsets_of(access: KafkaAccess, topic: str) -> dict[int, list[int]]:
    """The offsets of all records of a topic, by partition, as any client reads them."""
    assigned = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
    consumer = KafkaConsumer(**python_client_options(access), auto_offset_reset="earliest")
    try:
        consumer.assign(assigned)
        ends = consumer.end_offsets(assigned)
        found: dict[int, list[int]] = {partition: [] for partition in range(PARTITIONS)}
        while any(consumer.position(each) < ends[each] for each in assigned):
            for partition, records in consumer.poll(timeout_ms=500).items():
                found[partition.partition] += [record.offset for record in records]
        return found
    finally:
        consumer.close()


@pytest.mark.parametrize(
    ("mechanism", "login"),
    [
        ("SCRAM-SHA-256", jaas_line("scram.ScramLoginModule")),
        ("SCRAM-SHA-512", jaas_line("scram.ScramLoginModule")),
        ("PLAIN", jaas_line("plain.PlainLoginModule")),
        ("OAUTHBEARER", OAUTH),
    ],
    ids=["scram-256", "scram-512", "plain", "oauthbearer"],
)
def test_every_mechanism_lets_all_clients_in(lab: KafkaLab, mechanism: str, login: str) -> None:
    access = access_of(lab, sasl_mechanism=mechanism, sasl_jaas_config=login)
    wanted = WantedOfKafka(PREFIX, replication=3, min_insync=2, transactions=True, clocks_here=True)
    found = inspect_kafka(access, wanted)
    assert found.facts.brokers == NODES
    assert found.notes == ()
    assert len({each.broker for each in found.clocks.bounds}) == NODES
    assert all(each.low_ms <= 0 <= each.high_ms for each in found.clocks.bounds)
    assert found.facts.release == USUAL_BROKER.rpartition(".")[0]
    assert found.facts.metadata_version is not None
    assert found.facts.topic["min.insync.replicas"] == "2"
    assert found.facts.topic["message.timestamp.after.max.ms"] == str(2**63 - 1)
    assert None not in found.facts.broker.values()
    assert not leftovers(access, PREFIX)


def test_a_broker_dies_and_no_record_is_lost_or_doubled(
    lab: KafkaLab, supervisor: Supervisor, clicks: Traces, tmp_path: Path
) -> None:
    access = access_of(lab)
    topic = f"{PREFIX}input"
    config = {**input_topic_config(), "min.insync.replicas": "2"}
    create_topics(access, (TopicSpec(topic, PARTITIONS, config, replication=3),))
    before = Cluster(access).leaders(topic)
    player = Player.start(
        supervisor, access=access, topic=topic, partitions=PARTITIONS, log_dir=tmp_path
    )
    reader = Reader.start(
        supervisor,
        access=access,
        topic=topic,
        partitions=PARTITIONS,
        out=tmp_path / "rows",
        log_dir=tmp_path,
    )
    trace = clicks(RATE_PER_S, SECONDS * 1_000)
    send_log = tmp_path / "load.parquet"
    start_ns = time.time_ns() + 2_000_000_000
    playing = player.play(
        trace.ref, start_realtime_ns=start_ns, event_offset_ms=0, send_log=send_log
    )
    wait_until(
        lambda: playing.progress().records_written > 2 * RATE_PER_S, what="the load", timeout_s=30
    )
    victim = before[0]
    assert victim is not None
    killed_ms = (time.time_ns() - start_ns) / 1e6
    lab.kill(victim)
    try:
        meta = playing.wait(120)
        back_ms = killed_ms + 10_000
        after = Cluster(access).leaders(topic)
        assert victim not in after.values()
        assert meta.retried > 0
        assert meta.records_acknowledged == trace.ref.records
        found = offsets_of(access, topic)
        expected = list(trace.meta.records_by_partition)
        assert {p: len(offsets) for p, offsets in found.items()} == dict(enumerate(expected))
        wait_until(lambda: reader.rows_read() == trace.ref.records, what="the reader", timeout_s=60)
        assert read_uncommitted_count(access, topic, PARTITIONS) == trace.ref.records
        assert not certify(send_log).held
        certificate = certify(send_log, [Unable(killed_ms, back_ms)])
        assert certificate.reason is None or "late" in certificate.reason
        assert certificate.exempt_batches > 0
    finally:
        lab.start(victim)
        reader.close()
        player.close()
    wait_until(lambda: len(brokers_of(access)) == NODES, what="the broker", timeout_s=60)
    remove(access, leftovers(access, PREFIX))


def test_the_clock_is_compared_with_each_broker_that_leads_and_they_have_one(
    lab: KafkaLab, resolved: Resolved, clicks: Traces
) -> None:
    access, trace = access_of(lab), clicks(RATE_PER_S, 1_000)
    places = foreign_workspaces(access, PREFIX, clocks_here=True)
    shape = TestbedShape(PARTITIONS, replication=3, min_insync=2)
    with (
        places(Room(0, trace.ref.records, trace.records_bytes)) as place,
        embedded_testbed(place, resolved, shape=shape, broker_warm_up=trace.ref) as bed,
    ):
        topics = (bed.input_topic, bed.output_topic)
        leaders = {node for topic in topics for node in Cluster(access).leaders(topic).values()}
        send_log = place.scratch / "load.parquet"
        bed.clocks.begin(paced=True)
        bed.player.play(
            trace.ref, start_realtime_ns=time.time_ns(), event_offset_ms=0, send_log=send_log
        ).wait(60)
        bed.clocks.end(send_log)
        certificate = certify(send_log)
    assert certificate.unknown_clocks == ()
    assert {clock.broker for clock in certificate.clocks} == leaders
    for clock in certificate.clocks:
        # Another process has the processor for some milliseconds at times, and never for all probes.
        assert -50 < clock.low_ms <= 0 <= clock.high_ms < 50
    assert not leftovers(access, PREFIX)


def test_who_may_make_no_topic_has_clocks_that_are_not_known(lab: KafkaLab) -> None:
    access = access_of(lab, sasl_jaas_config=jaas_line("scram.ScramLoginModule", GUEST))
    clocks = BrokerClocks(access, f"{PREFIX}clocks", (f"{PREFIX}input",))
    clocks.make(replication=3)
    (unknown,) = clocks.look().unknown
    assert unknown.broker is None
    assert "uthoriz" in unknown.why


def test_a_group_whose_member_never_left_goes_as_well(lab: KafkaLab) -> None:
    access = access_of(lab)
    name = f"{PREFIX}stuck"
    create_topics(access, (TopicSpec(name, 1, replication=3),))
    consumer = KafkaConsumer(
        **python_client_options(access), group_id=name, session_timeout_ms=45_000
    )
    try:
        consumer.subscribe([name])
        wait_until(
            lambda: consumer.poll(timeout_ms=5_000) is not None and bool(consumer.assignment()),
            what="the group",
            timeout_s=30,
        )
        found = leftovers(access, PREFIX)
        assert found.topics == (name,)
        assert found.groups == (name,)
        remove(access, found)
        assert not leftovers(access, PREFIX)
    finally:
        consumer.close(autocommit=False, timeout_ms=1_000)


def brokers_of(access: KafkaAccess) -> set[int]:
    cluster = Cluster(access)
    cluster.leaders("none")
    return set(cluster.brokers)


def test_who_may_not_is_told_what_is_missing(lab: KafkaLab, tmp_path: Path) -> None:
    guest = access_of(lab, sasl_jaas_config=jaas_line("scram.ScramLoginModule", user=GUEST))
    with pytest.raises(NotAllowed, match=r"may not make topics bench-\*") as refused:
        inspect_kafka(guest, WantedOfKafka(PREFIX))
    assert "kafka-acls.sh" in (refused.value.hint or "")


def access_by(lab: KafkaLab, user: str) -> KafkaAccess:
    return access_of(lab, sasl_jaas_config=jaas_line("scram.ScramLoginModule", user))


def test_the_documented_rights_are_all_that_a_run_takes(
    lab: KafkaLab, resolved: Resolved, clicks: Traces
) -> None:
    access, trace = access_by(lab, DOCUMENTED), clicks(RATE_PER_S, 1_000)
    found = inspect_kafka(access, WantedOfKafka(PREFIX, 3, 2, transactions=True))
    assert found.notes == ()
    assert None not in found.facts.topic.values()
    assert set(found.facts.broker.values()) == {None}  # these take more rights
    places = foreign_workspaces(access, PREFIX, clocks_here=True)
    shape = TestbedShape(PARTITIONS, replication=3, min_insync=2)
    with (
        places(Room(0, trace.ref.records, trace.records_bytes)) as place,
        embedded_testbed(place, resolved, shape=shape, broker_warm_up=trace.ref) as bed,
    ):
        send_log = place.scratch / "load.parquet"
        bed.clocks.begin(paced=True)
        bed.player.play(
            trace.ref, start_realtime_ns=time.time_ns(), event_offset_ms=0, send_log=send_log
        ).wait(60)
        bed.clocks.end(send_log)
        assert certify(send_log).unknown_clocks == ()
        written = copy_in_transactions(access, bed.input_topic, bed.output_topic, trace.ref.records)
        wait_until(lambda: bed.reader.rows_read() >= written, what="the rows", timeout_s=30)
    assert not still_left(access_of(lab), PREFIX)


def copy_in_transactions(access: KafkaAccess, source: str, sink: str, records: int) -> int:
    """Read a topic as a group, and write each record on, with the group's offsets, as exactly-once does."""
    own = f"{PREFIX}copy"
    consumer = KafkaConsumer(
        source,
        **python_client_options(access),
        group_id=own,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = KafkaProducer(**python_client_options(access), transactional_id=own)
    try:
        producer.init_transactions()
        copied = 0
        while copied < records:
            polled = consumer.poll(timeout_ms=10_000)
            assert polled, f"{copied} of {records} records came"
            producer.begin_transaction()
            for found in polled.values():
                for record in found:
                    producer.send(sink, record.value, key=record.key, partition=record.partition)
            offsets = {
                each: OffsetAndMetadata(found[-1].offset + 1, "", -1)
                for each, found in polled.items()
            }
            producer.send_offsets_to_transaction(offsets, consumer.group_metadata())
            producer.commit_transaction()
            copied += sum(map(len, polled.values()))
        return copied
    finally:
        producer.close(timeout=10)
        consumer.close(autocommit=False)


@pytest.mark.parametrize(
    ("user", "said", "stays"),
    [
        ("no-create", "may not make topics", ""),
        ("no-describe", "may not see topics", "topic"),
        ("no-write", "may not write to topics", ""),
        ("no-read", "may not read topics", ""),
        ("no-group", "may not read as groups", ""),
        ("no-transactions", "may not write in transactions", ""),
        ("no-delete", "may not delete topics", "topic"),
        ("no-group-delete", "may not delete groups", "group"),
    ],
)
def test_each_right_that_is_missing_is_told_and_what_stays_is_named(
    lab: KafkaLab, user: str, said: str, stays: str
) -> None:
    assert user in LACKING
    with pytest.raises(NotAllowed) as refused:
        inspect_kafka(access_by(lab, user), WantedOfKafka(PREFIX, 3, 2, transactions=True))
    assert f"{said} {PREFIX}*" in refused.value.message
    assert "kafka-acls.sh" in (refused.value.hint or "")
    left = still_left(access_of(lab), f"{PREFIX}probe-")
    try:
        assert (bool(left.topics), bool(left.groups)) == (stays == "topic", stays == "group")
        named = "".join(f"; {stays} {name} may stay there" for name in left.topics + left.groups)
        assert refused.value.message.endswith(f"Error{named}")
    finally:
        remove(access_of(lab), left)


def test_a_wrong_password_is_refused_without_being_shown(lab: KafkaLab) -> None:
    wrong = access_of(lab, sasl_jaas_config=jaas_line("scram.ScramLoginModule", password="guess"))
    with pytest.raises(NotLetIn, match="refuses the log-in") as refused:
        inspect_kafka(wrong, WantedOfKafka(PREFIX))
    assert "guess" not in str(refused.value)
    assert "guess" not in repr(wrong)


def test_a_broker_that_nobody_vouches_for_is_not_trusted(lab: KafkaLab) -> None:
    system_only = access_of(lab, ssl_truststore_location=None, ssl_truststore_type=None)
    with pytest.raises(NotLetIn, match="is not trusted"):
        inspect_kafka(system_only, WantedOfKafka(PREFIX))


def test_more_replicas_than_brokers_are_refused(lab: KafkaLab) -> None:
    with pytest.raises(EnvironmentLacks, match="4 replicas are asked for") as refused:
        inspect_kafka(access_of(lab), WantedOfKafka(PREFIX, replication=4))
    assert refused.value.hint == "--replication 3"


def test_a_session_time_out_that_brokers_refuse_is_told(lab: KafkaLab) -> None:
    with pytest.raises(EnvironmentLacks, match="refuse a session time-out of 5 ms") as refused:
        inspect_kafka(access_of(lab), WantedOfKafka(PREFIX, session_timeout_ms=5))
    assert "--profile defaults" in (refused.value.hint or "")
    assert not leftovers(access_of(lab), PREFIX)


def test_where_nobody_listens_is_told(lab: KafkaLab) -> None:
    nowhere = read_client_properties(lab.client_properties(), "127.0.0.1:1").access
    with pytest.raises(EnvironmentLacks, match=r"no broker answers at 127\.0\.0\.1:1 ") as refused:
        inspect_kafka(nowhere, WantedOfKafka(PREFIX))
    assert refused.value.hint == "nc -vz 127.0.0.1 1"


def test_a_client_without_tls_is_told_so(lab: KafkaLab) -> None:
    plain = KafkaAccess(lab.bootstrap)
    with pytest.raises(EnvironmentLacks, match=r"no broker answers .* \(PLAINTEXT\)"):
        inspect_kafka(plain, WantedOfKafka(PREFIX))
