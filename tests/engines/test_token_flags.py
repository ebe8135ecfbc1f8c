"""JVMs are told which token endpoint Kafka's clients may ask, by the name that each client reads."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from streambench.engines.common.access import access_symbols, token_flags, token_flags_in_flink
from streambench.engines.common.symbols import fill
from streambench.engines.registry import contender_named
from streambench.model.conditions import Conditions, ForeignCluster, ForeignKafka
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Plan
from tests.engines.cluster_lab import CLICKS

URL = "sasl.oauthbearer.token.endpoint.url"
ALLOWED = "org.apache.kafka.sasl.oauthbearer.allowed.urls"
IN_FLINK = f"-Dorg.apache.flink.kafka.shaded.{ALLOWED}="
IN_OTHERS = f"-D{ALLOWED}="
BY_TOKEN = Conditions(foreign_kafka=ForeignKafka("a:1", property_names=(URL,)))


def plan_of(engine_name: str, conditions: Conditions) -> Plan:
    engine, variant = contender_named(engine_name)
    plan = engine.plan(CLICKS, conditions, variant)
    assert isinstance(plan, Plan)
    return plan


@pytest.mark.parametrize(
    ("engine", "flag", "told"),
    [
        # One of each worker; of JobManager, workers and submitter; of driver and executors.
        ("kafka-streams", IN_OTHERS, 2),
        ("flink", IN_FLINK, 4),
        ("spark", IN_OTHERS, 2),
    ],
)
def test_every_jvm_with_a_client_is_told(engine: str, flag: str, told: int) -> None:
    text = str(asdict(plan_of(engine, BY_TOKEN)))
    assert text.count(f"{flag}${{kafka_token_url}}") == told
    assert "allowed.urls" not in str(asdict(plan_of(engine, Conditions())))


def test_executors_elsewhere_are_told_by_the_driver_and_a_flink_by_its_user() -> None:
    def there(engine: str, endpoint: str) -> Plan:
        cluster = ForeignCluster(engine, endpoint, "hdfs://n/state")
        return plan_of(engine, replace(BY_TOKEN, foreign_clusters=(cluster,)))

    spark = there("spark", "spark://h:7077")
    assert str(asdict(spark)).count(f"{IN_OTHERS}${{kafka_token_url}}") == 2
    flink = there("flink", "http://h:8081")
    assert any(f"{IN_FLINK}URL" in each for each in flink.warnings)


def test_the_flag_names_the_endpoint_of_the_host_that_starts_the_jvm() -> None:
    symbols = access_symbols(KafkaAccess("a:1", {URL: "https://h/t?a=1&b=2"}))
    (flag,) = token_flags(BY_TOKEN)
    assert fill(flag, symbols) == f"{IN_OTHERS}https://h/t?a=1&b=2"
    (in_flink,) = token_flags_in_flink(BY_TOKEN)
    assert fill(in_flink, symbols) == f"{IN_FLINK}https://h/t?a=1&b=2"
