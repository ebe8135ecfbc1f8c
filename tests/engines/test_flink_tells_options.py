"""Flink writes what a table was made with into its client's log; what is kept of that has no key and no password."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import trustme

from streambench.engines.common.launch import prepare
from streambench.engines.flink.engine import FlinkEngine
from streambench.engines.flink.submission import submit
from streambench.engines.protocol import Embedded
from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.access.without_files import private_keys_in
from streambench.model.conditions import Conditions, ForeignCluster, ForeignKafka, Variant
from streambench.model.errors import EngineFailed
from streambench.model.plan import Plan
from streambench.results.bundle import BundleWriter
from streambench.runtime.artifacts import resolve
from streambench.runtime.supervisor import Supervisor
from tests.engines.cluster_lab import CLICKS
from tests.kafka.kafka_lab import PART_OF_PASSWORD, jaas_line, key_and_chain
from tests.results.test_bundle import ONE

pytestmark = [pytest.mark.engine, pytest.mark.no_load]


def test_what_flink_tells_of_a_table_is_kept_without_its_secrets(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_bytes(key_and_chain(trustme.CA().issue_cert("bench.example")))
    config = tmp_path / "client.properties"
    config.write_text(
        "security.protocol = SASL_SSL\nsasl.mechanism = SCRAM-SHA-512\n"
        "ssl.keystore.type = PEM\nssl.keystore.location = own.pem\n"
        f"sasl.jaas.config = {jaas_line('scram.ScramLoginModule')}\n"
    )
    access = read_client_properties(config, "127.0.0.1:1").access
    conditions = Conditions(
        foreign_kafka=ForeignKafka(access.bootstrap, property_names=tuple(access.properties)),
        foreign_clusters=(ForeignCluster("flink", "http://127.0.0.1:1"),),
    )
    engine = FlinkEngine()
    plan = engine.plan(CLICKS, conditions, Variant(engine.name, engine.version))
    assert isinstance(plan, Plan)
    # An option that the connector does not know: it then tells all that it was given.
    programs = tuple(
        dataclasses.replace(each, text=each.text.replace("'topic' =", "'no-topic' ="))
        for each in plan.programs
    )
    logs = tmp_path / "logs"
    with Supervisor() as supervisor:
        here = Embedded(
            supervisor=supervisor,
            artifacts=resolve(engine.requires(Variant(engine.name, engine.version))),
            kafka=access,
            input_topic="in",
            output_topic="out",
            job_id="streambench-1",
            job_dir=tmp_path / "job",
            log_dir=logs,
        )
        script = Path(submit.__code__.co_filename).with_name("submit.py")
        filled = prepare(
            dataclasses.replace(plan, programs=programs), here, {"script": str(script)}
        )
        with pytest.raises(EngineFailed):
            submit(filled, here)
    (key,) = private_keys_in((tmp_path / "own.pem").read_text())
    secrets = (PART_OF_PASSWORD, *key.splitlines()[1:-1])
    said = (logs / "flink-submit.log").read_text()
    # Flink knows the name of the line of JAAS for a secret one, and not that of the key.
    assert all(secret in said for secret in secrets[1:])
    writer = BundleWriter.create(tmp_path / "results", ONE)
    writer.add_logs(1, Variant("flink", "2"), logs)
    (kept,) = writer.finish().glob("jobs/*/logs/flink-submit.log")
    text = kept.read_text()
    assert "ValidationException" in text
    assert not [secret for secret in secrets if secret in text]
