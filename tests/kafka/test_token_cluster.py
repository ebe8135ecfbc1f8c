"""A broker that takes tokens of an endpoint: streambench's own client and kafka-python log in by them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.inspection import WantedOfKafka, inspect_kafka
from streambench.kafka.player import Player
from streambench.kafka.reader import Reader, read_uncommitted_count
from streambench.kafka.removal import leftovers, remove
from streambench.kafka.secured import NotLetIn
from streambench.kafka.topics import TopicSpec, create_topics, input_topic_config
from streambench.kafka.wire import metadata_request
from streambench.load.trace import Trace
from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import KafkaAccess
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until
from tests.kafka.kafka_lab import KafkaLab, kafka_lab
from tests.kafka.token_endpoint import (
    SECRET,
    TokenEndpoint,
    new_key,
    token_endpoint,
    token_login,
)

pytestmark = [pytest.mark.broker]

PREFIX = "bench-"
PARTITIONS = 4
RATE_PER_S = 1_000
SESSION_MS = 3_000
SECONDS = 8
Traces = Callable[[int, int], Trace]


@dataclass(frozen=True)
class TokenLab:
    """A broker, and the endpoint whose tokens it takes."""

    kafka: KafkaLab
    endpoint: TokenEndpoint

    def access(
        self, secret: str = SECRET, more: Mapping[str, str] = MappingProxyType({})
    ) -> KafkaAccess:
        """Log-ins by tokens of the endpoint."""
        changed = {**token_login(self.endpoint, secret), **more}
        return read_client_properties(self.kafka.client_properties(changed), None).access


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenLab]:
    with (
        token_endpoint() as endpoint,
        kafka_lab(tmp_path_factory.mktemp("tokens"), 1, endpoint.keys_url) as kafka,
    ):
        yield TokenLab(kafka, endpoint)


def test_own_client_and_kafka_python_share_one_token(lab: TokenLab) -> None:
    inspect_kafka(lab.access(), WantedOfKafka(PREFIX, transactions=True))
    assert not leftovers(lab.access(), PREFIX)
    assert len(lab.endpoint.given) == 1
    assert lab.endpoint.asked[0]["scope"] == ["kafka read"]


def test_a_token_of_another_signer_is_refused_and_not_shown(lab: TokenLab, tmp_path: Path) -> None:
    with token_endpoint(key=new_key()) as other:
        access = TokenLab(lab.kafka, other).access()
        with pytest.raises(NotLetIn, match="refuses the log-in") as refused:
            Cluster(access).anyone()
        assert "jwks" in (refused.value.hint or "")
        (token,) = other.given
        assert token not in str(refused.value)


def test_a_wrong_secret_is_told_before_anything_is_made(lab: TokenLab) -> None:
    with pytest.raises(EnvironmentLacks, match="401 Unauthorized, invalid_client") as refused:
        inspect_kafka(lab.access("guess"), WantedOfKafka(PREFIX))
    assert "guess" not in str(refused.value)


@pytest.fixture(scope="module", params=[1, 3], ids=["one-broker", "three-brokers"])
def short_sessions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TokenLab]:
    with (
        token_endpoint() as endpoint,
        kafka_lab(
            tmp_path_factory.mktemp("sessions"),
            request.param,
            endpoint.keys_url,
            connections_max_reauth_ms=str(SESSION_MS),
        ) as kafka,
    ):
        yield TokenLab(kafka, endpoint)


def test_player_and_reader_log_in_anew_before_their_session_ends(
    short_sessions: TokenLab, supervisor: Supervisor, clicks: Traces, tmp_path: Path
) -> None:
    access, topic = short_sessions.access(), f"{PREFIX}input"
    spec = TopicSpec(
        topic, PARTITIONS, input_topic_config(), replication=len(short_sessions.kafka.ports)
    )
    create_topics(access, (spec,))
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
    try:
        trace = clicks(RATE_PER_S, SECONDS * 1_000)
        meta = player.play(
            trace.ref,
            start_realtime_ns=time.time_ns() + 500_000_000,
            event_offset_ms=0,
            send_log=tmp_path / "load.parquet",
        ).wait(60)
        assert (meta.retried, meta.records_acknowledged) == (0, trace.ref.records)
        assert not meta.errors
        wait_until(lambda: reader.rows_read() == trace.ref.records, what="the reader", timeout_s=30)
    finally:
        reader.close()
        player.close()
    assert "lost" not in "".join(log.read_text() for log in tmp_path.glob("*.log"))
    assert read_uncommitted_count(access, topic, PARTITIONS) == trace.ref.records
    remove(access, leftovers(access, PREFIX))


def test_a_session_can_be_renewed_and_ends_where_it_is_not(short_sessions: TokenLab) -> None:
    with closing(Cluster(short_sessions.access()).anyone()) as connection:
        session = connection.session
        assert session is not None
        assert 0 < session.due_s - time.monotonic() <= SESSION_MS / 1e3
        for late_s in (0.0, SESSION_MS / 1e3):
            until(session.due_s + late_s)
            connection.renew_if_due()
            assert not connection.renewal_is_due()
            connection.call(metadata_request(0))
        with pytest.raises(ConnectionLost):
            keep_asking(connection, 2 * SESSION_MS / 1e3)


def until(instant_s: float) -> None:
    wait_until(lambda: time.monotonic() > instant_s, what="the session", timeout_s=10)


def keep_asking(connection: Connection, for_s: float) -> None:
    ends_s = time.monotonic() + for_s
    while time.monotonic() < ends_s:
        connection.call(metadata_request(0))
