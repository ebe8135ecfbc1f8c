"""Who leads the group of Kafka Streams' instances, and that deaths are noticed on equal terms either way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streambench.engines.kafka_streams import ENGINE
from streambench.engines.kafka_streams.group import GROUP, GROUP_SETTINGS
from streambench.model.conditions import Conditions, Guarantee, Profile, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Origin, Plan
from tests.engines.cluster_lab import CLICKS, settings
from tests.engines.snapshot import matches_snapshot

CLASSIC = Variant("kafka-streams", ENGINE.version)
LED = replace(CLASSIC, name="streams-protocol")
TUNED = Conditions()
IGNORED = (
    *("consumer.session.timeout.ms", "consumer.heartbeat.interval.ms", "num.standby.replicas"),
    *("acceptable.recovery.lag", "max.warmup.replicas", "probing.rebalance.interval.ms"),
)


def plan(variant: Variant = LED, conditions: Conditions = TUNED) -> Plan:
    made = ENGINE.plan(CLICKS, conditions, variant)
    assert isinstance(made, Plan)
    return made


def properties(made: Plan) -> dict[str, str]:
    text = next(p.text for p in made.programs if p.name == "streams.properties")
    return dict(line.split(" = ", 1) for line in text.splitlines())


def test_the_plan_led_by_the_broker_is_the_one_that_was_read() -> None:
    matches_snapshot(plan(), "kafka-streams-streams-protocol")


def test_the_broker_is_told_the_terms_that_the_clients_have_otherwise() -> None:
    led, classic = plan(), plan(CLASSIC)
    told, said = settings(led, GROUP), settings(classic, "kafka-streams")
    assert told["streams.session.timeout.ms"] == said["consumer.session.timeout.ms"] == "2000"
    assert told["streams.heartbeat.interval.ms"] == said["consumer.heartbeat.interval.ms"] == "500"
    of_group = [s for s in led.settings if s.scope == GROUP]
    assert all(s.recovery for s in of_group)
    assert {s.origin for s in of_group} == {Origin.FAIRNESS_RULE, Origin.ENGINE_DEFAULT}
    assert not any(s.scope == GROUP for s in classic.settings)


def test_what_nobody_reads_under_the_brokers_lead_is_not_sent() -> None:
    sent = properties(plan())
    assert sent["group.protocol"] == "streams"
    assert not set(IGNORED) & set(sent)
    assert set(IGNORED) <= set(properties(plan(CLASSIC)))
    assert not GROUP_SETTINGS & set(sent)
    # Nothing else is another than it usually is.
    usual = {n: v for n, v in properties(plan(CLASSIC)).items() if n not in IGNORED}
    assert {**usual, "group.protocol": "streams"} == sent
    assert plan().programs[0] == plan(CLASSIC).programs[0]


def test_under_defaults_the_broker_keeps_what_it_ships_with() -> None:
    made = plan(conditions=Conditions(profile=Profile.DEFAULTS))
    found = {s.name: (s.value, s.origin) for s in made.settings if s.scope == GROUP}
    assert found["streams.session.timeout.ms"] == ("45000", Origin.ENGINE_DEFAULT)
    assert found["streams.heartbeat.interval.ms"] == ("5000", Origin.ENGINE_DEFAULT)


@pytest.mark.parametrize("version", ENGINE.versions)
@pytest.mark.parametrize("guarantee", Guarantee)
def test_it_has_a_plan_in_every_version_under_both_guarantees(
    version: str, guarantee: Guarantee
) -> None:
    made = plan(replace(LED, version=version), Conditions(guarantee=guarantee))
    assert settings(made, "kafka-streams")["group.protocol"] == "streams"


@pytest.mark.parametrize("value", ["streams", "STREAMS"])
def test_the_setting_alone_is_the_same_as_the_variant(value: str) -> None:
    made = plan(replace(CLASSIC, settings=(("group.protocol", value),)))
    assert settings(made, GROUP) == settings(plan(), GROUP)


def test_a_user_who_goes_back_to_the_classic_protocol_has_its_settings() -> None:
    made = plan(replace(LED, settings=(("group.protocol", "classic"),)))
    assert not settings(made, GROUP)
    assert properties(made)["consumer.session.timeout.ms"] == "2000"


def test_the_user_sets_what_the_broker_keeps_for_the_group() -> None:
    mine = (("streams.session.timeout.ms", "3000"), ("streams.num.standby.replicas", "1"))
    made = plan(replace(LED, settings=mine))
    users = {(s.scope, s.name, s.value) for s in made.settings if s.origin is Origin.USER}
    assert users == {(GROUP, name, value) for name, value in mine}


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("consumer.session.timeout.ms", "streams.session.timeout.ms"),
        ("main.consumer.session.timeout.ms", "streams.session.timeout.ms"),
        ("session.timeout.ms", "streams.session.timeout.ms"),
        ("heartbeat.interval.ms", "streams.heartbeat.interval.ms"),
        ("num.standby.replicas", "streams.num.standby.replicas"),
        ("probing.rebalance.interval.ms", None),
    ],
)
def test_what_nobody_would_read_is_refused_with_what_is_read(
    name: str, instead: str | None
) -> None:
    with pytest.raises(UsageError) as told:
        plan(replace(LED, settings=((name, "1"),)))
    assert f"does not read '{name}' under group.protocol=streams" in told.value.message
    assert ("the broker reads" in told.value.message) is (instead is not None)
    assert (instead or "") in told.value.message
    plan(replace(CLASSIC, settings=((name, "1"),)))


def test_what_the_broker_keeps_is_unknown_where_it_does_not_lead() -> None:
    with pytest.raises(UsageError, match=r"no setting 'streams\.session\.timeout\.ms'"):
        plan(replace(CLASSIC, settings=(("streams.session.timeout.ms", "3000"),)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("streams.session.timeout.ms", "999"),
        ("streams.session.timeout.ms", "60001"),
        ("streams.heartbeat.interval.ms", "299"),
        ("streams.num.standby.replicas", "3"),
        ("streams.assignment.interval.ms", "soon"),
    ],
)
def test_what_the_broker_would_not_take_is_refused_beforehand(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"'{name}' is a whole number from"):
        plan(replace(LED, settings=((name, value),)))
