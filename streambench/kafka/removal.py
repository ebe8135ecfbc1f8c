"""What a run leaves in a Kafka that streambench did not start, found by its prefix, and taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove
from kafka.errors import KafkaError

from streambench.kafka.topics import admin_client
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess

# As the client names the brokers' answers.
_DONE: Final = "OK"
_GONE: Final = "GroupIdNotFoundError"
_OCCUPIED: Final = "NonEmptyGroupError"


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
        if found.topics:
            admin.delete_topics(list(found.topics))
        refused = _refused(admin, found.groups)
        occupied = [group for group, why in refused.items() if why == _OCCUPIED]
        for group in occupied:
            _empty(admin, group)
        refused |= _refused(admin, occupied)
    still = {group: why for group, why in refused.items() if why not in (_DONE, _GONE)}
    if still:
        raise KafkaError(", ".join(f"group {group}: {why}" for group, why in still.items()))


def _refused(admin: KafkaAdminClient, groups: Sequence[str]) -> dict[str, str]:
    """What the brokers say to the deletion of each group; the client raises nothing."""
    return dict(admin.delete_groups(list(groups))) if groups else {}


def _empty(admin: KafkaAdminClient, group: str) -> None:
    """Take the members out of a group: instances of Kafka Streams do not leave theirs when they end."""
    members = admin.describe_groups([group])[group]["members"]
    admin.remove_group_members(group, [MemberToRemove(each["member_id"]) for each in members])


def remove(access: KafkaAccess, found: Leftovers) -> None:
    """Delete them. Raises InstrumentFailed."""
    try:
        delete(access, found)
    except KafkaError as error:
        raise InstrumentFailed(
            f"{', '.join((*found.topics, *found.groups))} could not be deleted: {error}",
            hint="streambench clean --bootstrap-servers HOST:PORT",
        ) from error


def take_away(access: KafkaAccess, topics: Sequence[str]) -> None:
    """Delete topics that nobody else has made. What cannot be deleted stays: `leftovers` tells."""
    with suppress(InstrumentFailed):
        remove(access, Leftovers(tuple(topics), ()))


@contextmanager
def removed_at_end(access: KafkaAccess, prefix: str, but: Sequence[str] = ()) -> Iterator[None]:
    """Delete all of this prefix when the block ends, `but` topics that others still need.

    What cannot be deleted stays, for what was measured is not lost over it: `leftovers` tells.
    """
    try:
        yield
    finally:
        with suppress(InstrumentFailed):
            found = leftovers(access, prefix)
            topics = tuple(topic for topic in found.topics if topic not in but)
            if ours := Leftovers(topics, found.groups):
                remove(access, ours)
