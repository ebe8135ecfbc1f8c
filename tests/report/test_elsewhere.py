"""What the report says of brokers that are not streambench's, and of what Prometheus told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from streambench.analysis.published.document import analysis_of, analysis_to_json
from streambench.analysis.runs_there import runs_words
from streambench.model.cluster_facts import VERSION_THERE, ClusterFacts
from streambench.model.conditions import Conditions, ForeignKafka
from streambench.model.kafka_facts import KafkaFacts
from streambench.model.observed import ByMonitoring, ObservedUsage
from streambench.model.trial import RoleUsage
from streambench.report import markdown
from streambench.report.document import Document, Plot, Section
from streambench.report.sections.cost import cost_section
from streambench.report.sections.recovery_terms import brokers_words
from streambench.report.sections.terms import environment_section
from streambench.report.sections.verdict import verdict_section
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from streambench.results.schema import run_from_data, run_to_json

from .example import RIGHT, RUN, completed, measures, tables

FACTS = KafkaFacts(
    3,
    "4.4",
    33,
    {"min.insync.replicas": "2", "compression.type": None},
    {"group.initial.rebalance.delay.ms": "3000"},
)
BROKER = ObservedUsage(
    "broker", "kafka/b:7071", 58.0, 29.0, 2.0 * 2**20, 3.0 * 2**20, "resident", 5.0 * 2**20, None
)
WORKER = ObservedUsage("worker", "flink/w:9249", 0.0)


DRIVER = (
    RoleUsage("submitter", 1, 0.6, 0.01, 1e8, 1e8),
    RoleUsage("cluster", 3, 24, 0.4, 1e9, 1e9),
)


def bundle_of(tmp_path: Path, monitored: ByMonitoring | None) -> Bundle:
    conditions = Conditions(foreign_kafka=ForeignKafka("a:1"))
    run = replace(RUN, conditions=conditions, kafka=FACTS, planned=("flink",))
    writer = BundleWriter.create(tmp_path, run)
    record = completed(1, "flink", RIGHT, measures(1, 2, 3))
    writer.add_trial(replace(record, monitored=monitored), tables(1, 2))
    return read_bundle(writer.folder)


def test_the_version_that_runs_in_a_cluster_stands_beside_the_clients(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, None)
    record = bundle.trials[0].record
    client = record.variant.version
    told = ClusterFacts("9.9.1", {"heartbeat.timeout": "50 s", "restart-strategy.type": None})

    def runs(facts: ClusterFacts, **words: str) -> str:
        run = replace(bundle.run, clusters={record.variant.engine: facts})
        return runs_words(run, replace(record, readings=words))

    assert runs_words(bundle.run, record) == client
    assert runs(told) == f"9.9.1; the client {client}"
    assert runs(ClusterFacts(client)) == client
    assert runs(ClusterFacts()) == f"not told by the cluster; the client {client}"
    assert runs(ClusterFacts(), **{VERSION_THERE: "9.9.2"}) == f"9.9.2; the client {client}"
    kept = replace(bundle.run, clusters={"flink": told})
    assert run_from_data(json.loads(run_to_json(kept))).clusters == {"flink": told}
    shown = words_of(environment_section(replace(bundle, run=kept), None)).replace("`", "")
    assert "The cluster of flink: its own word" in shown
    assert "| version that runs there | 9.9.1 |" in shown
    assert "| restart-strategy.type | – |" in shown
    assert "9.9.1; the client" in words_of(verdict_section(replace(bundle, run=kept)))


def words_of(section: Section) -> str:
    return markdown.render_document(Document("", "", "", (), (), (section,)))


def test_what_brokers_of_others_say_is_shown_and_what_they_do_not_say_is_not_known(
    tmp_path: Path,
) -> None:
    bundle = bundle_of(tmp_path, None)
    text = words_of(environment_section(bundle, None)).replace("`", "")
    assert "The Kafka brokers: their own word" in text
    assert "| topic: min.insync.replicas | 2 |" in text
    assert "| topic: compression.type | – |" in text
    assert "| metadata.version in effect | 33 |" in text
    assert brokers_words(FACTS).endswith("do not tell how long they wait themselves.")
    wait = {"transaction.abort.timed.out.transaction.cleanup.interval.ms": "10000"}
    told = brokers_words(replace(FACTS, broker={**FACTS.broker, **wait}))
    assert "cleanup.interval.ms = 10000, group.initial.rebalance.delay.ms = 3000" in told
    assert "Prometheus" not in words_of(cost_section(bundle))


def test_an_engine_that_runs_elsewhere_is_not_drawn_as_cheap(tmp_path: Path) -> None:
    run = replace(RUN, planned=("flink", "spark", "kafka-streams"))
    writer = BundleWriter.create(tmp_path, run)
    local = completed(1, "flink", RIGHT, measures(1, 2, 3))
    writer.add_trial(local, tables(1, 2))
    for number, label in ((2, "spark"), (3, "kafka-streams")):
        away = completed(number, label, RIGHT, measures(1, 2, 3), usage=DRIVER, engine_seen=False)
        writer.add_trial(away, tables(1, 2))
    bundle = read_bundle(writer.folder)
    section = cost_section(bundle)
    (plot,) = [block for block in section.blocks if isinstance(block, Plot)]
    assert [row.cells[0].text for row in plot.table.rows] == ["Flink SQL"] * 3
    assert "submitter" not in words_of(section)
    assert "No cores are shown of Spark Structured Streaming and Kafka Streams." in words_of(
        section
    )
    told = json.loads(analysis_to_json(analysis_of(bundle)))
    cores = {each["variant"]: each["cores_by_role"] for each in told["result"]["variants"]}
    assert cores["flink"]["worker"] == 0.373
    assert cores["spark"] == cores["kafka-streams"] == {}


def test_without_any_engine_that_was_seen_there_is_no_plot_of_cores(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, replace(RUN, planned=("flink",)))
    away = completed(1, "flink", RIGHT, measures(1, 2, 3), usage=DRIVER, engine_seen=False)
    writer.add_trial(away, tables(1, 2))
    section = cost_section(read_bundle(writer.folder))
    assert not [block for block in section.blocks if isinstance(block, Plot)]
    assert "No cores are shown of" in words_of(section)


def test_what_prometheus_says_is_marked_as_its_word(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, ByMonitoring((BROKER, WORKER)))
    text = words_of(cost_section(bundle)).replace("`", "")
    assert "Said by Prometheus, not measured by streambench." in text
    assert "| broker | kafka/b:7071 | 58.0 | 29.00 | 0.500 | 2 (resident) | 3 | 5 |" in text
    assert "| worker | flink/w:9249 | 0.0 | – (not told) | – (not told) |" in text
    told = json.loads(analysis_to_json(analysis_of(bundle)))
    assert told["run"]["kafka"]["release"] == "4.4"
    (trial,) = told["trials"]
    assert [each["cpu_s"] for each in trial["monitored"]["usage"]] == [29.0, None]


def test_a_process_that_is_scraped_twice_says_so(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, ByMonitoring((replace(BROKER, scraped=2), WORKER)))
    text = words_of(cost_section(bundle)).replace("`", "")
    assert "| broker | kafka/b:7071 (scraped 2 times, one is taken) | 58.0 |" in text
    assert "| worker | flink/w:9249 | 0.0 |" in text


def test_why_prometheus_said_nothing_is_told(tmp_path: Path) -> None:
    silent = words_of(cost_section(bundle_of(tmp_path / "a", ByMonitoring(why="it is gone"))))
    assert "Not known: it is gone." in silent
    nobody = words_of(cost_section(bundle_of(tmp_path / "b", ByMonitoring())))
    assert "It watches no broker, worker or coordinator by a name that is known." in nobody
