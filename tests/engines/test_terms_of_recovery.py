"""What every engine says of faults, and on what terms it is measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streambench.engines.registry import ALL, CONTENDERS, engine_named
from streambench.model.conditions import Conditions, Guarantee, Profile, Variant
from streambench.model.fault import FaultKind
from streambench.model.plan import Origin, Plan, Role, Setting, Unsupported, Whose
from tests.engines.cluster_lab import CLICKS

DEFAULTS = Conditions(profile=Profile.DEFAULTS)
WITHOUT_COORDINATOR = ("kafka-streams", "kafka-python", "reference")


def plan(name: str, conditions: Conditions | None = None, *user: tuple[str, str]) -> Plan:
    engine = engine_named(name)
    variant = Variant(name, engine.version, user)
    made = engine.plan(CLICKS, conditions or Conditions(), variant)
    assert isinstance(made, Plan)
    return made


def setting(made: Plan, name: str) -> Setting:
    (found,) = (item for item in made.settings if item.name == name)
    return found


@pytest.mark.parametrize("name", ALL)
def test_a_gap_says_whose_it_is(name: str) -> None:
    engine = engine_named(name)
    coordinator = engine.lacks(FaultKind.COORDINATOR_KILL)
    if name in WITHOUT_COORDINATOR:
        assert isinstance(coordinator, Unsupported)
        assert coordinator.whose is Whose.UPSTREAM
    else:
        assert coordinator is None
    for fault in (FaultKind.WORKER_PAUSE, FaultKind.BROKER_RESTART, FaultKind.BURST):
        assert engine.lacks(fault) is None


@pytest.mark.parametrize("fault", [FaultKind.WORKER_KILL, FaultKind.RESCALE])
def test_every_contender_has_what_the_reference_could_only_have_by_starting_over(
    fault: FaultKind,
) -> None:
    assert all(engine_named(name).lacks(fault) is None for name in CONTENDERS)
    assert isinstance(engine_named("reference").lacks(fault), Unsupported)


@pytest.mark.parametrize("name", CONTENDERS)
@pytest.mark.parametrize("delay_ms", [0, 2_500])
def test_what_dies_comes_back_after_the_delay_of_the_conditions(name: str, delay_ms: int) -> None:
    made = plan(name, Conditions(restart_delay_ms=delay_ms))
    back = [process for process in made.processes if process.restart]
    assert {process.restart_delay_ms for process in back} == {delay_ms}
    assert all(process in back for process in made.processes if process.role is Role.WORKER)
    coordinators = [process.name for process in back if process.role is Role.COORDINATOR]
    expected = {"flink": ["flink-jobmanager"], "spark": ["spark-driver"]}
    assert coordinators == expected.get(name, [])


@pytest.mark.parametrize("name", CONTENDERS)
def test_nothing_comes_back_when_the_conditions_say_never(name: str) -> None:
    made = plan(name, Conditions(restart_delay_ms=None))
    assert not any(process.restart for process in made.processes)


@pytest.mark.parametrize("name", CONTENDERS)
def test_what_decides_detection_and_rework_is_marked(name: str) -> None:
    marked = {item.name for item in plan(name).settings if item.recovery}
    words = ("heartbeat", "timeout")
    assert all(any(word in item.lower() for item in marked) for word in words)
    assert not any("linger" in item or "heap" in item for item in marked)


def test_a_users_own_value_stays_marked() -> None:
    made = plan("kafka-streams", None, ("num.standby.replicas", "1"))
    standby = setting(made, "num.standby.replicas")
    assert standby.recovery
    assert standby.origin is Origin.USER


@pytest.mark.parametrize(
    ("name", "shipped"),
    [
        (
            "flink",
            {
                "heartbeat.interval": "10 s",
                "heartbeat.timeout": "50 s",
                "restart-strategy.type": "exponential-delay",
                "taskmanager.slot.timeout": "10 s",
            },
        ),
        (
            "spark",
            {
                "spark.executor.heartbeatInterval": "10s",
                "spark.storage.blockManagerHeartbeatTimeoutMs": "120s",
                "spark.worker.timeout": "60 s",
            },
        ),
        (
            "kafka-streams",
            {
                "consumer.session.timeout.ms": "45000",
                "consumer.heartbeat.interval.ms": "3000",
                "commit.interval.ms": "30000",
            },
        ),
        (
            "kafka-python",
            {
                "consumer.session_timeout_ms": "45000",
                "consumer.heartbeat_interval_ms": "3000",
                "consumer.reconnect_backoff_max_ms": "30000",
            },
        ),
    ],
)
def test_under_defaults_detection_is_what_the_engine_ships_with(
    name: str, shipped: dict[str, str]
) -> None:
    made = plan(name, DEFAULTS)
    for key, value in shipped.items():
        found = setting(made, key)
        assert found.value == value
        assert found.origin is Origin.ENGINE_DEFAULT
        assert found.recovery
    tuned = plan(name)
    assert all(setting(tuned, key).origin is Origin.FAIRNESS_RULE for key in shipped if _tuned(key))


def _tuned(name: str) -> bool:
    return not name.startswith("restart-strategy.exponential")


def test_what_has_no_default_keeps_the_rule_and_says_so() -> None:
    for name, key in (
        ("flink", "execution.checkpointing.interval"),
        ("kafka-python", "worker.commit_interval_ms"),
    ):
        made = plan(name, DEFAULTS)
        assert setting(made, key).origin is Origin.FAIRNESS_RULE
        assert setting(made, key).value.startswith("970")
        assert any("970 ms" in warning for warning in made.warnings)
        assert not any("970 ms" in warning for warning in plan(name).warnings)


def test_native_configuration_leaves_a_default_to_the_engine() -> None:
    flink = plan("flink", DEFAULTS)
    spark = plan("spark", DEFAULTS)
    for made in (flink, spark):
        texts = "".join(program.text for program in made.programs)
        texts += "".join(argument for process in made.processes for argument in process.argv)
        for name in ("heartbeat.timeout", "restart-strategy", "heartbeatInterval", "TimeoutMs"):
            assert name not in texts


def test_under_exactly_once_the_shipped_commit_interval_is_within_the_shipped_timeout() -> None:
    made = plan("kafka-streams", replace(DEFAULTS, guarantee=Guarantee.EXACTLY_ONCE))
    assert setting(made, "commit.interval.ms").value == "100"
    assert setting(made, "producer.transaction.timeout.ms").value == "10000"
    made = plan("kafka-python", replace(DEFAULTS, guarantee=Guarantee.EXACTLY_ONCE))
    assert setting(made, "producer.transaction_timeout_ms").value == "60000"


def test_flink_says_that_it_waits_for_the_new_worker_where_no_slot_is_spare() -> None:
    waits = "as many slots as it needs and no more"
    (said,) = plan("flink").recovery_terms
    assert waits in said
    (said,) = plan("flink", Conditions(workers=5, partitions=4)).recovery_terms
    assert waits not in said
    assert "idle until another one is lost" in said


@pytest.mark.parametrize("name", [name for name in CONTENDERS if name != "flink"])
def test_the_others_say_that_survivors_take_over(name: str) -> None:
    (said,) = plan(name).recovery_terms
    assert "take over" in said
    assert plan(name, Conditions(workers=1)).recovery_terms == ()


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ((), "the one of the equal terms stays: 970 ms."),
        ((("execution.checkpointing.interval", "5 s"),), "the one that you set stays: 5 s."),
    ],
)
def test_what_flink_does_not_ship_is_named_with_the_value_that_it_has(
    user: tuple[tuple[str, str], ...], words: str
) -> None:
    (warning,) = (
        each for each in plan("flink", DEFAULTS, *user).warnings if "checkpoint interval" in each
    )
    assert warning.endswith(words)
