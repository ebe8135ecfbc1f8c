"""The plan of the Python consumer, and the query's program, which is run as it is printed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer
from kafka.coordinator.assignors.abstract import RebalanceProtocol

from streambench.engines.common.query_module import QueryProgram, load_query
from streambench.engines.kafka_python import ENGINE
from streambench.engines.kafka_python.settings import ASSIGNORS
from streambench.engines.kafka_python.worker import ASSIGNORS as CLASSES
from streambench.model.conditions import Conditions, Guarantee, Profile, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import EventClock, Origin, Plan, Unsupported
from streambench.model.record_key import NoKey
from tests.engines.cluster_lab import CLICKS, VIEW
from tests.engines.snapshot import matches_snapshot

VARIANT = Variant("kafka-python", ENGINE.version)


def plan(conditions: Conditions | None = None, variant: Variant = VARIANT) -> Plan:
    made = ENGINE.plan(CLICKS, conditions or Conditions(), variant)
    assert isinstance(made, Plan)
    return made


def job_of(made: Plan) -> Any:
    return json.loads(next(p.text for p in made.programs if p.name == "job.json"))


@pytest.fixture
def query(tmp_path: Path) -> QueryProgram:
    path = tmp_path / "query.py"
    path.write_text(plan().programs[0].text)
    return load_query(path)


@pytest.mark.parametrize("guarantee", list(Guarantee), ids=lambda value: value.value)
def test_the_plan_is_the_one_that_was_read(guarantee: Guarantee) -> None:
    # The version is the installed one, which is pinned.
    matches_snapshot(plan(Conditions(guarantee=guarantee)), f"kafka-python-{guarantee.value}")


def test_the_plan_that_moves_records_is_the_one_that_was_read() -> None:
    made = ENGINE.plan(replace(CLICKS, key=NoKey()), Conditions(), VARIANT)
    assert isinstance(made, Plan)
    assert made.moved_to is not None
    assert made.event_clock is EventClock.AFTER_REPARTITION
    matches_snapshot(made, "kafka-python-rekeyed")


def test_what_the_user_sets_wins_and_reaches_the_worker_with_its_type() -> None:
    chosen = (
        ("consumer.check_crcs", "false"),
        ("producer.linger_ms", "7"),
        ("producer.compression_type", "lz4"),
    )
    made = plan(variant=replace(VARIANT, settings=chosen))
    job = job_of(made)
    assert job["consumer"]["check_crcs"] is False
    assert job["producer"]["linger_ms"] == 7
    assert job["producer"]["compression_type"] == "lz4"
    assert {s.name for s in made.settings if s.origin is Origin.USER} == {n for n, _ in chosen}


def test_a_setting_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"consumer\.max_poll_records"):
        plan(variant=replace(VARIANT, settings=(("consumer.max_poll_record", "1"),)))


def test_it_commits_once_in_the_common_interval_unless_it_is_told_otherwise() -> None:
    worker = job_of(plan())["worker"]
    assert worker["commit_interval_ms"] == Conditions().commit_interval_ms
    assert worker["commit_each_window"] is False
    assert not any("every window" in warning for warning in plan().warnings)
    each = plan(variant=replace(VARIANT, settings=(("worker.commit_each_window", "true"),)))
    assert job_of(each)["worker"]["commit_each_window"] is True
    assert any("every window" in warning for warning in each.warnings)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("worker.commit_each_window", "yes", "true or false"),
        ("worker.commit_interval_ms", "often", "whole number"),
    ],
)
def test_a_setting_of_the_commits_with_no_sense_is_refused(
    name: str, value: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        plan(variant=replace(VARIANT, settings=((name, value),)))


def test_a_transaction_that_the_broker_would_abort_is_unsupported() -> None:
    exactly_once = Conditions(guarantee=Guarantee.EXACTLY_ONCE)
    long = replace(VARIANT, settings=(("worker.commit_interval_ms", "3000"),))
    refused = ENGINE.plan(CLICKS, exactly_once, long)
    assert isinstance(refused, Unsupported)
    assert "3000 ms <= 3000 ms" in refused.reason
    assert isinstance(ENGINE.plan(CLICKS, Conditions(), long), Plan)
    for more in (
        ("worker.commit_each_window", "true"),
        ("producer.transaction_timeout_ms", "3001"),
    ):
        settled = replace(long, settings=(*long.settings, more))
        assert isinstance(ENGINE.plan(CLICKS, exactly_once, settled), Plan)


def test_the_interval_of_the_equal_terms_is_not_named_where_the_user_chose_another() -> None:
    shipped = Conditions(profile=Profile.DEFAULTS)
    assert any("970 ms" in warning for warning in plan(shipped).warnings)
    mine = replace(VARIANT, settings=(("worker.commit_interval_ms", "100"),))
    assert not any("of the equal terms" in warning for warning in plan(shipped, mine).warnings)


@pytest.mark.parametrize("name", ["consumer.group_id", "producer.transactional_id"])
def test_what_makes_the_group_a_group_is_not_the_users(name: str) -> None:
    with pytest.raises(UsageError):
        plan(variant=replace(VARIANT, settings=((name, "x"),)))


def test_transactions_are_asked_for_only_under_exactly_once() -> None:
    assert "transaction_timeout_ms" not in job_of(plan())["producer"]
    job = job_of(plan(Conditions(guarantee=Guarantee.EXACTLY_ONCE)))
    assert job["producer"]["transaction_timeout_ms"] == 3_000
    assert job["consumer"]["isolation_level"] == "read_committed"


def test_another_version_is_unsupported_rather_than_another_one_run() -> None:
    made = ENGINE.plan(CLICKS, Conditions(), replace(VARIANT, version="2.0.2"))
    assert isinstance(made, Unsupported)


def test_the_program_filters_and_aggregates(query: QueryProgram) -> None:
    totals: dict[str, list[int]] = {}
    for price in (30, 10, 20):
        event = {"campaign": "c1", "action": VIEW, "price": price}
        assert query.where(event)
        query.accumulate(totals, event)
    assert totals == {"c1": [3, 60, 10, 30]}
    assert not query.where({"campaign": "c1", "action": "click", "price": 1})


def test_a_row_is_json_in_the_order_of_the_query(query: QueryProgram) -> None:
    key, value = query.row('é"\\', 500, [3, 60, 10, 30])
    assert key == 'é"\\'.encode()
    assert list(json.loads(value).items()) == [
        *(("campaign", 'é"\\'), ("window_start", 500)),
        *(("views", 3), ("revenue", 60), ("cheapest", 10), ("dearest", 30)),
    ]


def test_the_worker_has_a_class_for_every_assignor_and_range_is_what_kafka_python_ships() -> None:
    assert tuple(CLASSES) == ASSIGNORS
    assert job_of(plan())["worker"]["assignor"] == "cooperative-sticky"
    made = plan(variant=replace(VARIANT, name="range-assignor"))
    assert job_of(made)["worker"]["assignor"] == "range"
    shipped = KafkaConsumer.DEFAULT_CONFIG["partition_assignment_strategy"]
    assert shipped[0] is CLASSES["range"]
    eager = [RebalanceProtocol.EAGER]
    assert list(CLASSES["range"]().supported_protocols()) == eager
    assert eager[0] not in CLASSES["cooperative-sticky"]().supported_protocols()


def test_an_assignor_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no assignor 'rage'; did you mean 'range'"):
        plan(variant=replace(VARIANT, settings=(("worker.assignor", "rage"),)))
