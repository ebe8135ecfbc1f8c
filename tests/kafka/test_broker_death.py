"""A broker that is killed and comes back keeps what it has promised about transactions."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kafka import KafkaProducer

from streambench.kafka.broker import BROKER, give_up_broker, restart_broker, start_broker
from streambench.kafka.broker_config import NODE_ID
from streambench.kafka.broker_versions import broker_jars
from streambench.kafka.metadata_log import broker_fenced
from streambench.kafka.topics import TopicSpec, create_topics, output_topic_config
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until
from tests.kafka.readback import read_back

TRANSACTION = {"transactional_id": "shared", "transaction_timeout_ms": 1_000}
# A process of its own, so that no client of ours looks for the broker while it is away.
ABANDON = f"""
import os, sys
from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers=sys.argv[1], **{TRANSACTION!r})
producer.init_transactions()
producer.begin_transaction()
producer.send("output", b"abandoned", partition=0)
producer.flush()
os._exit(0)
"""


@pytest.mark.broker
def test_a_transaction_that_timed_out_meanwhile_stays_aborted(
    supervisor: Supervisor, resolved: Resolved, tmp_path: Path
) -> None:
    broker = start_broker(
        supervisor,
        folder=tmp_path / "kafka",
        log_dir=tmp_path / "logs",
        java=resolved.java,
        jars=broker_jars(resolved.jars),
    )
    create_topics(broker.access, (TopicSpec("output", 1, output_topic_config()),))
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ABANDON, broker.bootstrap], check=True, timeout=60
    )
    assert supervisor.hit(BROKER, signal.SIGKILL)
    wait_until(lambda: supervisor.current(BROKER) is None, what="its death", timeout_s=10)
    assert not broker_fenced(broker.log_data_dir, NODE_ID)
    give_up_broker(supervisor, broker)
    assert broker_fenced(broker.log_data_dir, NODE_ID)
    again = restart_broker(supervisor, broker)
    assert again.bootstrap == broker.bootstrap
    assert not broker_fenced(broker.log_data_dir, NODE_ID)
    assert [child.name for child in supervisor.children()] == [BROKER]

    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, **TRANSACTION)
    try:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send("output", b"committed", partition=0)
        producer.commit_transaction()
    finally:
        producer.close()
    assert [record.value for record in read_back(broker.bootstrap, "output", 1)[0]] == [
        b"committed"
    ]
