"""A topic of the user's own is made and filled with events."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from typing import Final

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, TopicAlreadyExistsError

from streambench.kafka.topics import input_topic_config
from streambench.load.events import Event
from streambench.model.errors import EnvironmentLacks, UsageError

_TIMEOUT_MS: Final = 30_000
_ANSWER_S: Final = 3.0  # a broker that is there answers at once
_LINGER_MS: Final = 50
_BATCH_BYTES: Final = 1 << 18
_TOPIC: Final = re.compile(r"[a-zA-Z0-9._-]{1,249}")


def topic_name(text: str) -> str:
    """The name of a topic. Raises UsageError where Kafka takes none such."""
    if not _TOPIC.fullmatch(text) or text in (".", ".."):
        raise UsageError(
            f"Kafka takes no topic named '{text}': letters, digits, '.', '_' and '-', 249 at most",
            hint="streambench generate --topic events --bootstrap-servers localhost:9092",
        )
    return text


def make_topic(bootstrap: str, topic: str, partitions: int) -> None:
    """Make a topic that keeps events whatever their time; the broker says how often they are copied.

    Raises UsageError where there is such a topic, EnvironmentLacks where no broker answers.
    """
    if not any(map(_answers, bootstrap.split(","))):
        raise _no_answer(bootstrap)
    wanted = {topic: {"num_partitions": partitions, "configs": input_topic_config()}}
    try:
        with KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_TIMEOUT_MS) as admin:
            admin.create_topics(wanted, timeout_ms=_TIMEOUT_MS, wait_for_metadata=True)
    except TopicAlreadyExistsError as error:
        raise UsageError(
            f"topic {topic} exists already, and its records are left as they are",
            hint=f"streambench generate --topic {topic}-2 --bootstrap-servers {bootstrap}",
        ) from error
    except (KafkaTimeoutError, ValueError, OSError) as error:
        raise _no_answer(bootstrap) from error
    except KafkaError as error:
        raise EnvironmentLacks(
            f"the broker at {bootstrap} did not make topic {topic}: {error}",
            hint="look into the broker's log; creating topics may need a permission",
        ) from error


def fill_topic(bootstrap: str, topic: str, events: Iterable[Event]) -> int:
    """Write events in their order, each into its partition with its event time; return how many.

    They come as fast as the broker takes them. Raises EnvironmentLacks when it does not take them all.
    """
    refused: list[BaseException] = []
    sent = 0
    producer: KafkaProducer | None = None
    try:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap, linger_ms=_LINGER_MS, batch_size=_BATCH_BYTES, acks="all"
        )
        for event in events:
            producer.send(
                topic,
                key=event.key,
                value=event.value,
                partition=event.partition,
                timestamp_ms=event.event_ms,
            ).add_errback(refused.append)
            sent += 1
            if refused:
                break
        producer.flush()
    except KafkaError as error:
        refused.append(error)
    finally:
        if producer is not None:
            producer.close(timeout=_TIMEOUT_MS / 1000)
    if refused:
        raise EnvironmentLacks(
            f"the broker at {bootstrap} did not take all events for topic {topic}: {refused[0]}",
            hint="delete the topic and begin again: a part of the events is in it",
        )
    return sent


def _answers(address: str) -> bool:
    """Whether anybody listens there: kafka-python asks for half a minute, and leaves a socket open."""
    host, _, port = address.strip().rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 1 << 16:
        return False
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_S):
            return True
    except (OSError, UnicodeError):  # a name that is too long for any host
        return False


def _no_answer(bootstrap: str) -> EnvironmentLacks:
    return EnvironmentLacks(
        f"no broker answers at {bootstrap}",
        hint="--bootstrap-servers takes HOST:PORT of a running broker, such as localhost:9092",
    )
