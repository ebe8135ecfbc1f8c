"""What of a run is taken away from a Kafka of the user's, by the brokers' answer for each name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import kafka.errors as errors
import pytest

from streambench.kafka import removal
from streambench.kafka.removal import Leftovers, delete, leftovers, remove, still_left
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess

ACCESS = KafkaAccess("nobody:1")


class Admin:
    """A stand-in for the client: `answers` are the brokers' to each deletion, 0 and OK else."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.listed: list[list[str]] = []  # topics, by question; the last one is for all later ones
        self.groups: list[str] = []
        self.deleted: list[str] = []

    def __enter__(self) -> Admin:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def list_topics(self) -> list[str]:
        return self.listed.pop(0) if len(self.listed) > 1 else self.listed[0]

    def list_groups(self) -> list[dict[str, str]]:
        return [{"group_id": group} for group in self.groups]

    def delete_topics(
        self, topics: Sequence[str], timeout_ms: int | None = None, raise_errors: bool = True
    ) -> dict[str, Any]:
        told = []
        for topic in topics:
            error = getattr(errors, self.answers.get(topic, ""), errors.NoError)
            if raise_errors and error is not errors.NoError:
                raise error
            told.append({"name": topic, "error_code": error.errno, "error_message": None})
            self.deleted.append(topic)
        return {"topics": told}

    def delete_groups(self, groups: Sequence[str]) -> dict[str, str]:
        self.deleted += groups
        return {group: self.answers.get(group, "OK") for group in groups}


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> Admin:
    made = Admin()
    monkeypatch.setattr(removal, "admin_client", lambda access: made)
    return made


def test_a_topic_that_is_gone_and_still_listed_keeps_nothing_from_being_deleted(
    admin: Admin,
) -> None:
    admin.answers = {"a-input": "UnknownTopicOrPartitionError", "a-group": "GroupIdNotFoundError"}
    delete(ACCESS, Leftovers(("a-input", "a-output"), ("a-group", "a-other")))
    assert {"a-output", "a-group", "a-other"} <= set(admin.deleted)


def test_what_is_refused_is_named_alone_and_the_rest_is_deleted(admin: Admin) -> None:
    admin.answers = {"a-output": "TopicAuthorizationFailedError"}
    with pytest.raises(InstrumentFailed) as refused:
        remove(ACCESS, Leftovers(("a-input", "a-output"), ("a-group",)))
    assert "topic a-output: TopicAuthorizationFailedError" in refused.value.message
    assert "a-input" not in refused.value.message
    assert "a-group" not in refused.value.message
    assert "a-group" in admin.deleted


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ("GroupAuthorizationFailedError", errors.GroupAuthorizationFailedError),
        ("CoordinatorNotAvailableError", errors.CoordinatorNotAvailableError),
        ("SomethingNew", errors.KafkaError),
    ],
)
def test_a_refusal_is_raised_as_what_it_is(
    admin: Admin, answer: str, raised: type[errors.KafkaError]
) -> None:
    admin.answers = {"a-group": answer}
    with pytest.raises(raised, match=f"group a-group: {answer}"):
        delete(ACCESS, Leftovers((), ("a-group",)))


def test_what_a_broker_lists_once_more_after_its_end_is_not_left(admin: Admin) -> None:
    admin.listed = [["a-input", "a-output", "b-input"], ["a-input", "b-input"], ["b-input"]]
    assert leftovers(ACCESS, "a-").topics == ("a-input", "a-output")
    assert not still_left(ACCESS, "a-")


def test_what_stays_is_left(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "_FORGETTING_S", 0.05)
    admin.listed, admin.groups = [["a-input", "a-output"], ["a-input"]], ["a-group"]
    assert still_left(ACCESS, "a-") == Leftovers(("a-input",), ("a-group",))
