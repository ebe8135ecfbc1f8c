"""What a run leaves in a Kafka that streambench did not start, found by its prefix, and taken away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kafka.errors import KafkaError

from streambench.kafka.topics import admin_client
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess

_ATTEMPTS = 3


@dataclass(frozen=True)
class Leftovers:
    """Topics and consumer groups whose names begin with a prefix."""

    topics: tuple[str, ...]
    groups: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.topics or self.groups)


def leftovers(access: KafkaAccess, prefix: str) -> Leftovers:
    """Topics and groups of this prefix. Raises InstrumentFailed."""
    assert prefix, "all of a cluster would be found"
    try:
        with admin_client(access) as admin:
            topics = [name for name in admin.list_topics() if name.startswith(prefix)]
            listed = [group["group_id"] for group in admin.list_groups()]
    except KafkaError as error:
        raise InstrumentFailed(f"what is left there cannot be listed: {error}") from error
    groups = [group for group in listed if group.startswith(prefix)]
    return Leftovers(tuple(sorted(topics)), tuple(sorted(groups)))


def delete(access: KafkaAccess, found: Leftovers) -> None:
    """Delete them. Raises KafkaError."""
    with admin_client(access) as admin:
        if found.groups:
            admin.delete_groups(list(found.groups))
        if found.topics:
            admin.delete_topics(list(found.topics))


def remove(access: KafkaAccess, found: Leftovers) -> None:
    """Delete them. Raises InstrumentFailed."""
    try:
        delete(access, found)
    except KafkaError as error:
        raise InstrumentFailed(
            f"{', '.join((*found.topics, *found.groups))} could not be deleted: {error}",
            hint="streambench clean --bootstrap-servers HOST:PORT",
        ) from error


@contextmanager
def removed_at_end(access: KafkaAccess, prefix: str) -> Iterator[None]:
    """Delete all of this prefix when the block ends."""
    try:
        yield
    finally:
        for _ in range(_ATTEMPTS):  # a member that has just left keeps its group for a moment
            found = leftovers(access, prefix)
            if not found:
                break
            remove(access, found)
