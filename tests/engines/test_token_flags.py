"""JVMs are told which token endpoint Kafka's clients may ask, by the name that each client reads."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from streambench.engines.common.access import access_symbols, token_flags, token_flags_in_flink
from streambench.engines.common.launch import base_symbols
from streambench.engines.common.symbols import fill
from streambench.engines.protocol import Embedded
from streambench.engines.registry import contender_named
from streambench.model.conditions import Conditions, ForeignCluster, ForeignKafka
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Plan
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from tests.engines.cluster_lab import CLICKS

URL = "sasl.oauthbearer.token.endpoint.url"
ALLOWED = "org.apache.kafka.sasl.oauthbearer.allowed.urls"
IN_FLINK = f"-Dorg.apache.flink.kafka.shaded.{ALLOWED}="
IN_OTHERS = f"-D{ALLOWED}="
UNSECURED = Conditions(foreign_kafka=ForeignKafka("a:1", mechanism="OAUTHBEARER"))
BY_TOKEN = Conditions(
    foreign_kafka=ForeignKafka("a:1", mechanism="OAUTHBEARER", property_names=(URL,))
)


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


@pytest.mark.parametrize("version", ["2.3.0", "2.2.1", "2.1.3"])
@pytest.mark.parametrize("conditions", [UNSECURED, BY_TOKEN])
@pytest.mark.parametrize("cluster", [(), (ForeignCluster("flink", "http://h:8081"),)])
def test_flinks_client_gets_the_jars_that_a_log_in_by_token_loads(
    version: str, conditions: Conditions, cluster: tuple[ForeignCluster, ...]
) -> None:
    name = f"flink@{version}"
    engine, variant = contender_named(name)
    (connector,) = (set_ for set_ in engine.requires(variant).jar_sets if "connector" in set_)
    assert "flink-tokens" in engine.requires(variant).jar_sets
    made = plan_of(name, replace(conditions, foreign_clusters=cluster))
    assert jars_sent(made) == f"${{jar_urls:{connector}}};${{jar_urls:flink-tokens}}"
    plain = ForeignKafka("a:1", mechanism="SCRAM-SHA-512", property_names=("sasl.mechanism",))
    for others in (Conditions(), Conditions(foreign_kafka=plain)):
        assert jars_sent(plan_of(name, others)) == f"${{jar_urls:{connector}}}"


def test_a_list_of_jars_is_written_as_flink_reads_it(tmp_path: Path) -> None:
    jars = {"a": (tmp_path / "a b;.jar", tmp_path / "c.jar"), "d": (tmp_path / "d.jar",)}
    artifacts = Resolved(tmp_path / "jre" / "bin" / "java", jars)
    with Supervisor() as supervisor:
        at = Embedded(supervisor, artifacts, KafkaAccess(""), "", "", "", tmp_path, tmp_path)
        found = fill("${jar_urls:a};${jar_urls:d}", base_symbols(at))
    assert found == ";".join(f"file://{tmp_path}/{n}.jar" for n in ("a%20b%3B", "c", "d"))


def jars_sent(plan: Plan) -> str:
    (text,) = (program.text for program in plan.programs if program.name == "job.json")
    sent = json.loads(text)["configuration"]["pipeline.jars"]
    assert isinstance(sent, str)
    return sent


def test_the_flag_names_the_endpoint_of_the_host_that_starts_the_jvm() -> None:
    symbols = access_symbols(KafkaAccess("a:1", {URL: "https://h/t?a=1&b=2"}))
    (flag,) = token_flags(BY_TOKEN)
    assert fill(flag, symbols) == f"{IN_OTHERS}https://h/t?a=1&b=2"
    (in_flink,) = token_flags_in_flink(BY_TOKEN)
    assert fill(in_flink, symbols) == f"{IN_FLINK}https://h/t?a=1&b=2"
