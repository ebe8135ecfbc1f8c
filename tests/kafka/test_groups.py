"""Settings that the broker keeps for a group."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaConnectionError

from streambench.engines.kafka_streams.group import _BOUNDS
from streambench.kafka import groups
from streambench.kafka.broker import Broker
from streambench.kafka.broker_config import server_properties
from streambench.kafka.groups import group_settings, set_group_settings
from streambench.model.errors import EngineFailed
from streambench.model.kafka_access import KafkaAccess

NOWHERE = KafkaAccess("nowhere:1")


class Admin:
    """Takes what it is told, or says `answer`."""

    def __init__(self, answer: str = "OK") -> None:
        self.answer = answer
        self.told: list[ConfigResource] = []

    def alter_configs(self, resources: list[ConfigResource], **_: Any) -> Mapping[str, Any]:
        self.told += resources
        return {"group": {resource.name: self.answer for resource in resources}}


def test_the_group_alone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    admin = Admin()
    monkeypatch.setattr(groups, "_admin", lambda _: nullcontext(admin))
    set_group_settings(NOWHERE, "job-1", {"streams.session.timeout.ms": "2000"})
    (resource,) = admin.told
    assert (resource.resource_type, resource.name) == (ConfigResourceType.GROUP, "job-1")
    assert resource.configs == {"streams.session.timeout.ms": "2000"}


def test_what_the_broker_refuses_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "_admin", lambda _: nullcontext(Admin("[Error 40] too short")))
    with pytest.raises(EngineFailed, match=r"settings of group job-1: \[Error 40\] too short"):
        set_group_settings(NOWHERE, "job-1", {"streams.session.timeout.ms": "2"})


def test_a_broker_that_does_not_answer_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> Any:
        raise KafkaConnectionError("gone")

    monkeypatch.setattr(groups, "_admin", gone)
    assert group_settings(NOWHERE, "job-1") == {}
    with pytest.raises(EngineFailed, match="gone"):
        set_group_settings(NOWHERE, "job-1", {"a": "1"})


def test_the_least_values_that_a_user_may_ask_for_are_those_of_the_broker() -> None:
    text = server_properties(data=Path("/data"), port=1, controller_port=2)
    told = dict(line.split("=", 1) for line in text.splitlines())
    for name in ("session.timeout.ms", "heartbeat.interval.ms"):
        assert int(told[f"group.streams.min.{name}"]) == _BOUNDS[f"streams.{name}"][0]
    assert told["group.streams.initial.rebalance.delay.ms"] == "0"


@pytest.mark.broker
def test_a_real_broker_keeps_them_for_a_group_without_members(broker: Broker) -> None:
    wanted = {"streams.session.timeout.ms": "2000", "streams.heartbeat.interval.ms": "500"}
    set_group_settings(broker.access, "led-by-the-broker", wanted)
    told = group_settings(broker.access, "led-by-the-broker")
    assert {name: told[name] for name in wanted} == wanted
    assert told["streams.assignment.interval.ms"] == "1000"
    assert told["streams.num.standby.replicas"] == "0"
    with pytest.raises(EngineFailed, match="did not take"):
        set_group_settings(broker.access, "other", {"streams.session.timeout.ms": "10"})
