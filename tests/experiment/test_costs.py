"""What an engine is charged with, where it left work undone or did that of before."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streambench.experiment.costs import costs
from streambench.model.plan import Role
from streambench.model.trial import Purpose, RoleUsage, Span, WithoutEngine
from streambench.trial.evidence import Evidence

OFFERED, RECORDS = 1_000_000, 2_000_000


def usage(role: Role, cpu_s: float) -> RoleUsage:
    return RoleUsage(role.value, 1, cpu_s, 0.5, 1e8, 2e8)


def played(*, complete: bool = True, hits: tuple[str, ...] = ()) -> SimpleNamespace:
    return SimpleNamespace(complete=complete, struck=SimpleNamespace(hits=hits))


def found_costs(*, whole: bool, **differs: Any) -> Mapping[str, float | None]:
    found = {
        "usage": (usage(Role.WORKER, 2.0), usage(Role.BROKER, 9.0)),
        "usage_of_load": (
            usage(Role.WORKER, 6.0),
            usage(Role.COORDINATOR, 1.0),
            usage(Role.BROKER, 20.0),
        ),
        "usage_at_rest": (),
        "topic_bytes": 0,
        "readings": SimpleNamespace(checkpoint_bytes=None, gc_pauses=None),
        "load": played(),
        "warmed": (),
        "without_engine": None,
        "engine_seen": True,
        **differs,
    }
    return costs(
        cast(Evidence, SimpleNamespace(**found)),
        Span(Purpose.MEASURED, 0, 50_000),
        offered_in_span=OFFERED,
        records=RECORDS,
        whole=whole,
    )


def cost(*, whole: bool, **differs: Any) -> float | None:
    return found_costs(whole=whole, **differs)["engine_cpu_s_per_million"]


def test_who_did_the_work_that_came_is_charged_with_the_measured_part() -> None:
    assert cost(whole=False) == pytest.approx(2.0)


def test_who_did_not_is_charged_with_the_whole_load() -> None:
    assert cost(whole=True) == pytest.approx(3.5)


def test_the_broker_is_charged_over_the_same_part_as_the_engine() -> None:
    name = "broker_cpu_s_per_million"
    assert found_costs(whole=False)[name] == pytest.approx(9.0)
    assert found_costs(whole=True)[name] == pytest.approx(10.0)


@pytest.mark.parametrize(
    "differs", [{"load": played(complete=False)}, {"load": played(hits=("a fault",))}]
)
def test_nothing_is_known_where_rows_are_missing_or_a_fault_took_its_part(
    differs: dict[str, Any],
) -> None:
    assert cost(whole=True, **differs) is None


def test_of_the_broker_an_engine_is_charged_with_what_was_not_there_without_it() -> None:
    alone = WithoutEngine(records=50_000, broker_cpu_s=0.2, request_us=200.0)
    found = found_costs(whole=False, without_engine=alone)
    assert found["broker_alone_cpu_s_per_million"] == pytest.approx(4.0)
    assert found["engine_and_broker_cpu_s_per_million"] == pytest.approx(2.0 + 9.0 - 4.0)
    assert found["player_cpu_us_per_request"] == pytest.approx(200.0)


def test_a_broker_that_took_no_less_without_an_engine_proves_no_share() -> None:
    alone = WithoutEngine(records=50_000, broker_cpu_s=0.5, request_us=200.0)
    found = found_costs(whole=False, without_engine=alone)
    assert found["broker_alone_cpu_s_per_million"] == pytest.approx(10.0)
    assert found["engine_and_broker_cpu_s_per_million"] is None
    unknown = found_costs(whole=False)
    assert unknown["engine_and_broker_cpu_s_per_million"] is None
    assert unknown["player_cpu_us_per_request"] is None


def test_what_an_engine_uses_at_rest_is_not_known_after_a_short_silence() -> None:
    assert found_costs(whole=False)["engine_idle_cores"] is None
    idle = found_costs(whole=False, usage_at_rest=(usage(Role.WORKER, 0.1),))
    assert idle["engine_idle_cores"] == pytest.approx(0.5)


def test_checkpoints_are_told_per_record_that_came_since_the_engine_was_asked() -> None:
    asked = SimpleNamespace(checkpoint_bytes=8_000, gc_pauses=None)
    found = found_costs(whole=False, readings=asked, records_since_asked=4_000)
    assert found["checkpoint_bytes_per_event"] == pytest.approx(2.0)
    assert found_costs(whole=False)["checkpoint_bytes_per_event"] is None


def test_of_an_engine_whose_processes_are_elsewhere_nothing_is_known_and_nothing_is_0() -> None:
    found = found_costs(whole=True, engine_seen=False, usage_at_rest=(usage(Role.WORKER, 0.5),))
    for name in (
        "engine_cpu_s_per_million",
        "engine_and_broker_cpu_s_per_million",
        "engine_memory_peak_bytes",
        "engine_memory_mean_bytes",
        "engine_idle_cores",
    ):
        assert found[name] is None, name
