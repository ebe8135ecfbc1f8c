"""What a run leaves in a Kafka that streambench did not start, found by its prefix, and taken away."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import kafka.errors as errors
from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove

from streambench.kafka.topics import admin_client
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess

# As the client names the brokers' answers.
_NOT_THERE: Final = ("OK", "GroupIdNotFoundError", "UnknownTopicOrPartitionError")
_OCCUPIED: Final = "NonEmptyGroupError"
_FORGETTING_S: Final = 3.0
_AGAIN_S: Final = 0.1


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
    except errors.KafkaError as error:
        raise InstrumentFailed(f"what is left there cannot be listed: {error}") from error
    groups = [group for group in listed if group.startswith(prefix)]
    return Leftovers(tuple(sorted(topics)), tuple(sorted(groups)))


def still_left(access: KafkaAccess, prefix: str) -> Leftovers:
    """The same a moment later, for a broker lists a topic until it has heard of its end. Raises InstrumentFailed."""
    found = leftovers(access, prefix)
    until = time.monotonic() + _FORGETTING_S
    while found and time.monotonic() < until:
        time.sleep(_AGAIN_S)
        found = leftovers(access, prefix)
    return found


def delete(access: KafkaAccess, found: Leftovers) -> None:
    """Delete them; what is gone already is none the worse. Raises KafkaError, once all have been tried.

    It is of the kind of the first refusal, and names what was not deleted.
    """
    if refused := refusals(access, found):
        kind = _kind_of(next(iter(refused.values())))
        raise kind(", ".join(f"{what}: {why}" for what, why in refused.items()))


def refusals(access: KafkaAccess, found: Leftovers) -> Mapping[str, str]:
    """Delete them; `topic NAME` or `group NAME` to why it was not. Raises KafkaError without an answer."""
    with admin_client(access) as admin:
        topics = _refused_topics(admin, found.topics)
        groups = _refused(admin, found.groups)
        occupied = [group for group, why in groups.items() if why == _OCCUPIED]
        for group in occupied:
            _empty(admin, group)
        groups |= _refused(admin, occupied)
    told = [(topic_words(name), why) for name, why in topics.items()]
    told += [(group_words(name), why) for name, why in groups.items()]
    return {what: why for what, why in told if why not in _NOT_THERE}


def topic_words(name: str) -> str:
    """A topic among leftovers of both kinds."""
    return f"topic {name}"


def group_words(name: str) -> str:
    """A group among leftovers of both kinds."""
    return f"group {name}"


def _refused_topics(admin: KafkaAdminClient, topics: Sequence[str]) -> dict[str, str]:
    """What the brokers say to the deletion of each topic; the client would raise for the first one."""
    if not topics:
        return {}
    answer = admin.delete_topics(list(topics), raise_errors=False)
    told = {each["name"]: errors.for_code(each["error_code"]) for each in answer["topics"]}
    return {name: why.__name__ for name, why in told.items() if why is not errors.NoError}


def _refused(admin: KafkaAdminClient, groups: Sequence[str]) -> dict[str, str]:
    """What the brokers say to the deletion of each group; the client raises nothing."""
    return dict(admin.delete_groups(list(groups))) if groups else {}


def _kind_of(name: str) -> Any:
    """The client's class of this name, as it names a broker's answer; KafkaError of one that it lacks."""
    found: object = getattr(errors, name, None)
    if isinstance(found, type) and issubclass(found, errors.KafkaError):
        return found
    return errors.KafkaError


def _empty(admin: KafkaAdminClient, group: str) -> None:
    """Take the members out of a group: instances of Kafka Streams do not leave theirs when they end."""
    members = admin.describe_groups([group])[group]["members"]
    admin.remove_group_members(group, [MemberToRemove(each["member_id"]) for each in members])


def remove(access: KafkaAccess, found: Leftovers) -> None:
    """Delete them. Raises InstrumentFailed."""
    try:
        delete(access, found)
    except errors.KafkaError as error:
        raise InstrumentFailed(
            f"not all could be deleted: {error}",
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
