"""The plan of a Kafka Streams job: all of it is data, and the terms are in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streambench.engines.common.symbols import fill
from streambench.engines.kafka_streams import ENGINE
from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.conditions import Conditions, ForeignKafka, Guarantee, Profile, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import EventClock, Origin, Plan, Unsupported, Whose
from streambench.model.record_key import NoKey
from streambench.model.windows import Sessions
from streambench.model.workload import Replay, Workload
from tests.engines.cluster_lab import CLICKS, settings
from tests.engines.snapshot import matches_snapshot
from tests.oracle.test_late import FLIGHTS

VARIANT = Variant("kafka-streams", ENGINE.version)


def plan(conditions: Conditions | None = None, variant: Variant = VARIANT) -> Plan:
    made = ENGINE.plan(CLICKS, conditions or Conditions(), variant)
    assert isinstance(made, Plan)
    return made


@pytest.mark.parametrize("guarantee", list(Guarantee), ids=lambda value: value.value)
def test_the_plan_is_the_one_that_was_read(guarantee: Guarantee) -> None:
    matches_snapshot(plan(Conditions(guarantee=guarantee)), f"kafka-streams-{guarantee.value}")


def test_the_plan_with_our_parser_is_the_one_that_was_read() -> None:
    matches_snapshot(plan(variant=FLAT), "kafka-streams-flat-json")


@pytest.mark.parametrize("parser", ["jackson", "flat"])
def test_the_plan_that_moves_records_is_the_one_that_was_read(parser: str) -> None:
    moving = replace(CLICKS, key=NoKey())
    made = ENGINE.plan(moving, Conditions(), VARIANT if parser == "jackson" else FLAT)
    assert isinstance(made, Plan)
    assert made.moved_to is not None
    assert made.event_clock is EventClock.AFTER_REPARTITION
    matches_snapshot(made, f"kafka-streams-rekeyed-{parser}")


def test_the_same_arguments_make_the_same_plan() -> None:
    assert plan() == plan()


def test_what_the_user_sets_wins_and_is_marked_as_theirs() -> None:
    chosen = (("commit.interval.ms", "100"), ("poll.ms", "5"), ("jvm.options", "-XX:+UseZGC -Da=b"))
    made = plan(variant=replace(VARIANT, settings=chosen))
    assert settings(made, "kafka-streams")["commit.interval.ms"] == "100"
    assert {s.name for s in made.settings if s.origin is Origin.USER} == {n for n, _ in chosen}
    properties = next(p.text for p in made.programs if p.name == "streams.properties")
    assert "\ncommit.interval.ms = 100\n" in properties
    assert "\npoll.ms = 5\n" in properties
    for process in made.processes:
        assert {"-XX:+UseZGC", "-Da=b"} <= set(process.argv)


def test_a_transaction_shorter_than_the_commit_interval_is_unsupported() -> None:
    conditions = Conditions(guarantee=Guarantee.EXACTLY_ONCE, transaction_timeout_ms=500)
    assert isinstance(ENGINE.plan(CLICKS, conditions, VARIANT), Unsupported)
    at_least_once = replace(conditions, guarantee=Guarantee.AT_LEAST_ONCE)
    assert isinstance(ENGINE.plan(CLICKS, at_least_once, VARIANT), Plan)


def test_it_is_the_interval_in_force_that_counts_whoever_chose_it() -> None:
    exactly_once = Conditions(guarantee=Guarantee.EXACTLY_ONCE)
    long = replace(VARIANT, settings=(("commit.interval.ms", "5000"),))
    refused = ENGINE.plan(CLICKS, exactly_once, long)
    assert isinstance(refused, Unsupported)
    assert "3000 ms < 5000 ms" in refused.reason
    patient = (*long.settings, ("producer.transaction.timeout.ms", "6000"))
    assert isinstance(ENGINE.plan(CLICKS, exactly_once, replace(long, settings=patient)), Plan)


@pytest.mark.parametrize(
    ("conditions", "user", "retention_ms"),
    [
        (Conditions(), (), 600 + 2 * 970),
        (Conditions(), (("commit.interval.ms", "100"),), 600 + 2 * 100),
        (Conditions(profile=Profile.DEFAULTS), (), 600 + 2 * 30_000),
    ],
)
def test_windows_are_kept_for_two_commits_of_the_interval_in_force(
    conditions: Conditions, user: tuple[tuple[str, str], ...], retention_ms: int
) -> None:
    made = plan(conditions, replace(VARIANT, settings=user))
    kept = f"RETENTION = Duration.ofMillis({retention_ms}L).plus(LONGEST_JUMP);"
    assert kept in made.programs[0].text


def test_windows_are_kept_for_as_long_as_final_results_are_held_back() -> None:
    """By the wall clock: a replay that is sped up goes on by more event time meanwhile."""
    held = replace(
        VARIANT, settings=(("__emit.interval.ms.kstreams.windowed.aggregation__", "1000"),)
    )
    assert isinstance(FLIGHTS.input, Replay)
    fast = replace(CLICKS, input=replace(FLIGHTS.input, speed_up=2.5))
    for workload, held_ms in ((CLICKS, 1_000), (fast, 2_500)):
        made = ENGINE.plan(workload, Conditions(), held)
        assert isinstance(made, Plan)
        assert f"RETENTION = Duration.ofMillis({600 + 2 * 970 + held_ms}L)" in made.programs[0].text


def test_windows_are_kept_for_as_long_as_event_time_jumps() -> None:
    symbols = {"input_topic": "in", "output_topic": "out"}
    for made, jump_ms in ((plan(), "0"), (plan().told_of_jumps(3_600_000), "3600000")):
        filled = fill(made.programs[0].text, {**made.symbols, **symbols})
        assert f'LONGEST_JUMP = Duration.ofMillis(Long.parseLong("{jump_ms}"));' in filled
    shipped = plan(variant=replace(VARIANT, name="shipped-retention"))
    assert "etention(" not in shipped.programs[0].text


def test_a_retention_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no retention 'shiped'; did you mean 'shipped'"):
        plan(variant=replace(VARIANT, settings=(("streambench.retention", "shiped"),)))


def test_a_commit_interval_is_a_number() -> None:
    with pytest.raises(UsageError, match="whole number, not 'often'"):
        plan(variant=replace(VARIANT, settings=(("commit.interval.ms", "often"),)))


def test_another_version_is_unsupported_rather_than_another_one_run() -> None:
    made = ENGINE.plan(CLICKS, Conditions(), replace(VARIANT, version="3.9.0"))
    assert isinstance(made, Unsupported)
    assert "3.9.0" in made.reason


FLAT = replace(VARIANT, name="flat-json")


def programs(variant: Variant, workload: Workload = CLICKS) -> dict[str, str]:
    made = ENGINE.plan(workload, Conditions(), variant)
    assert isinstance(made, Plan)
    return {program.name: program.text for program in made.programs}


def test_all_declared_fields_are_read_by_jackson_and_no_parser_of_ours_is_there() -> None:
    usual = programs(VARIANT)
    for field in CLICKS.fields:
        assert f'case "{field.name}" -> event.{field.name} =' in usual["Events.java"]
    assert "com.fasterxml.jackson.core.JsonParser" in usual["Events.java"]
    assert "com.fasterxml.jackson.core.JsonGenerator" in usual["Rows.java"]
    assert not any("FlatJson" in text for text in usual.values())


def test_the_variant_with_our_parser_differs_in_nothing_else() -> None:
    usual, flat = programs(VARIANT), programs(FLAT)
    assert "campaign" not in flat["Event.java"]  # the key is the record's
    assert "price" in flat["Event.java"]
    assert {name for name in flat if usual.get(name) != flat[name]} == {
        *("Event.java", "Events.java", "Rows.java", "FlatJson.java"),
    }
    assert set(usual) == set(flat) - {"FlatJson.java"}


def test_a_count_without_a_filter_reads_no_field_with_our_parser_and_all_with_jackson() -> None:
    count = Aggregate("n", AggregateFunction.COUNT, None)
    bare = replace(CLICKS, query=replace(CLICKS.query, where=None, aggregates=(count,)))
    assert "FlatJson" not in programs(FLAT, bare)["Events.java"]
    usual = programs(VARIANT, bare)
    assert 'case "price"' in usual["Events.java"]
    assert ".filter(" not in usual["WindowedAggregation.java"]


def test_a_json_parser_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="'jakson'; did you mean 'jackson'"):
        plan(variant=replace(VARIANT, settings=(("streambench.json-parser", "jakson"),)))


def test_final_results_are_held_back_by_the_aggregation_or_by_a_buffer_behind_it() -> None:
    usual = programs(VARIANT)["WindowedAggregation.java"]
    held = programs(replace(VARIANT, name="suppress"))["WindowedAggregation.java"]
    assert ".emitStrategy(EmitStrategy.onWindowClose())" in usual
    assert "uppress" not in usual
    assert ".suppress(Suppressed.untilWindowCloses(" in held
    assert "EmitStrategy" not in held
    with pytest.raises(UsageError, match="'supress'; did you mean 'suppress'"):
        plan(variant=replace(VARIANT, settings=(("streambench.final-results", "supress"),)))


def test_what_a_death_does_to_sessions_is_said_where_they_have_no_record_cache() -> None:
    sessions = replace(CLICKS, query=replace(CLICKS.query, window=Sessions(500)))
    usual, held = (
        ENGINE.plan(sessions, Conditions(), replace(VARIANT, name=name))
        for name in (None, "suppress")
    )
    assert isinstance(usual, Plan)
    assert isinstance(held, Plan)
    assert "sessions are over-counted; kafka-streams:suppress has one" in usual.warnings[-1]
    assert "between the two halves of a commit" in held.warnings[-1]


def test_what_is_streambenchs_own_is_no_property_of_kafka_streams() -> None:
    assert "json-parser" not in programs(FLAT)["streams.properties"]
    assert settings(plan(variant=FLAT), "program") == {
        "streambench.final-results": "window-close",
        "streambench.json-parser": "flat",
        "streambench.retention": "covers-jumps",
        "streambench.store": "memory",
    }


def test_state_on_disk_is_another_store_with_jars_of_its_own() -> None:
    variant = replace(VARIANT, name="rocksdb")
    made, usual = plan(variant=variant), plan()
    assert "StoreType.ROCKS_DB" in made.programs[0].text
    assert "StoreType.IN_MEMORY" in usual.programs[0].text
    for each, there in ((made, True), (usual, False)):
        (path,) = {process.argv[process.argv.index("-cp") + 1] for process in each.processes}
        assert ("${jars:streams-rocksdb}" in path) is there
    assert "streams-rocksdb" in ENGINE.requires(variant).jar_sets
    assert "streams-rocksdb" not in ENGINE.requires(VARIANT).jar_sets
    by_user = replace(variant, settings=(("streambench.store", "memory"),))
    assert "streams-rocksdb" not in ENGINE.requires(by_user).jar_sets
    with pytest.raises(UsageError, match="no store 'rocks'; did you mean 'rocksdb'"):
        plan(variant=replace(VARIANT, settings=(("streambench.store", "rocks"),)))


def test_the_variant_that_commits_every_100_ms_is_as_shipped_under_exactly_once() -> None:
    exactly_once = Conditions(guarantee=Guarantee.EXACTLY_ONCE)
    shipped = plan(replace(exactly_once, profile=Profile.DEFAULTS))
    often = plan(exactly_once, replace(VARIANT, name="commit-100ms"))
    name = "commit.interval.ms"
    assert settings(often, "kafka-streams")[name] == settings(shipped, "kafka-streams")[name]


def test_a_title_cannot_break_out_of_its_comment() -> None:
    made = ENGINE.plan(replace(CLICKS, title="a\nb \\u000a ${x}"), Conditions(), VARIANT)
    assert isinstance(made, Plan)
    assert "\n// a b /u000a $ {x}:" in made.programs[0].text


def visits(grace_ms: int) -> Workload:
    """Clicks by visit: a grace of 54 ms is too short, as the disorder is 50 ms and a quantum 5."""
    query = replace(CLICKS.query, window=Sessions(500), grace_ms=grace_ms)
    return replace(CLICKS, query=query)


def test_sessions_into_which_events_come_late_are_a_gap() -> None:
    gap = ENGINE.plan(visits(54), Conditions(), VARIANT)
    assert isinstance(gap, Unsupported)
    assert gap.whose is Whose.UPSTREAM
    assert "count twice" in gap.reason
    shipped = replace(VARIANT, settings=(("streambench.retention", "shipped"),))
    lost = ENGINE.plan(visits(54), Conditions(), shipped)
    assert isinstance(lost, Unsupported)
    assert "loses the final result" in lost.reason
    assert isinstance(ENGINE.plan(visits(55), Conditions(), VARIANT), Plan)


def test_sessions_warn_that_no_cache_holds_their_updates_back() -> None:
    by_guarantee = {
        guarantee: ENGINE.plan(visits(100), Conditions(guarantee=guarantee), VARIANT)
        for guarantee in Guarantee
    }
    told = {
        guarantee: any("no record cache for sessions" in warning for warning in plan.warnings)
        for guarantee, plan in by_guarantee.items()
        if isinstance(plan, Plan)
    }
    assert told == {Guarantee.AT_LEAST_ONCE: True, Guarantee.EXACTLY_ONCE: False}


@pytest.mark.parametrize("min_insync", [1, 2])
def test_internal_topics_are_as_safe_as_those_of_the_run(min_insync: int) -> None:
    """A broker's own default may ask for more replicas than there are, or for fewer than the run does."""
    there = ForeignKafka("kafka:9092", replication=min_insync + 1, min_insync=min_insync)
    found = settings(plan(Conditions(foreign_kafka=there)), "kafka-streams")
    assert found["replication.factor"] == str(min_insync + 1)
    assert found["topic.min.insync.replicas"] == str(min_insync)
    assert "topic.min.insync.replicas" not in settings(plan(), "kafka-streams")
