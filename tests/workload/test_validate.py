from __future__ import annotations

import dataclasses

import pytest

from streambench.model.errors import UsageError
from streambench.model.expression import Aggregate, AggregateFunction, Column, FieldType
from streambench.model.workload import (
    Choice,
    Field,
    IntRange,
    Query,
    Replay,
    Synthetic,
    Tumbling,
    Workload,
)
from streambench.workload.expressions import parse_expression
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload
from streambench.workload.validate import check, findings, problems

CLICKS = load_workload(shipped_root() / "clicks")
FLIGHTS = load_workload(shipped_root() / "flights")


def clicks(*, query: Query | None = None, **changes: object) -> Workload:
    changes |= {} if query is None else {"query": query}
    return dataclasses.replace(CLICKS, **changes)  # type: ignore[arg-type]


def with_field(workload: Workload, name: str, source: Choice | IntRange) -> Workload:
    type_ = FieldType.STRING if isinstance(source, Choice) else FieldType.BIGINT
    fields = tuple(Field(name, type_, source) if f.name == name else f for f in workload.fields)
    return dataclasses.replace(workload, fields=fields)


@pytest.mark.parametrize("workload", [CLICKS, FLIGHTS], ids=["clicks", "flights"])
def test_what_is_shipped_works_as_it_stands(workload: Workload) -> None:
    assert problems(workload) == ()


def test_clicks_promises_an_exact_expectation() -> None:
    assert findings(CLICKS) == ()


@pytest.mark.parametrize("rate", [0, -5, 5_000_001])
def test_a_rate_that_cannot_be_played_is_a_problem(rate: int) -> None:
    (problem,) = problems(CLICKS, rate_per_s=rate)
    assert "cannot be played" in problem


def test_a_load_of_less_than_three_windows_is_a_problem() -> None:
    assert problems(CLICKS, duration_ms=1_500) == ()
    (problem,) = problems(CLICKS, duration_ms=1_499)
    assert "1499 ms of load is too short for windows of 500 ms" in problem


def test_a_partition_without_a_key_is_a_problem_that_names_both() -> None:
    one_key = with_field(CLICKS, "campaign", Choice(("c1", "c2"), 0.0))
    (problem,) = problems(one_key, partitions=64)
    assert "of 64 would get no record" in problem
    assert "c1, c2" in problem
    with pytest.raises(UsageError) as caught:
        check(one_key, partitions=64)
    assert caught.value.hint is not None
    assert "more values" in caught.value.hint


def test_disorder_and_quantum_must_fit_into_the_grace() -> None:
    def found(grace_ms: int) -> tuple[str, ...]:
        query = dataclasses.replace(CLICKS.query, grace_ms=grace_ms)
        return tuple(finding.message for finding in findings(clicks(query=query)))

    assert found(54) == ()
    (message,) = found(53)
    assert (
        "need a grace of 54 ms, and it is 53 ms, so results are checked against bounds" in message
    )
    assert problems(clicks(query=dataclasses.replace(CLICKS.query, grace_ms=53))) == ()


def test_a_sum_of_negatives_is_a_problem_only_where_records_may_be_late() -> None:
    negative = with_field(CLICKS, "price", IntRange(-1, 500))
    assert problems(negative) == ()
    late = dataclasses.replace(negative, query=dataclasses.replace(CLICKS.query, grace_ms=0))
    (problem,) = problems(late)
    assert "'revenue' sums numbers as low as -1" in problem


def test_numbers_beyond_a_bigint_are_a_problem() -> None:
    large = with_field(CLICKS, "price", IntRange(2**61, 2**61 + 5))
    assert problems(large) == ()
    query = dataclasses.replace(CLICKS.query, where=parse_expression("price * 8 > 1", large.fields))
    (problem,) = problems(dataclasses.replace(large, query=query))
    assert "beyond a bigint" in problem


def test_a_sum_that_may_pass_a_bigint_is_judged_by_its_argument() -> None:
    price = Column("price", FieldType.BIGINT)
    query = Query(
        None, "campaign", Tumbling(500), 100, (Aggregate("s", AggregateFunction.SUM, price),)
    )
    assert problems(clicks(query=query)) == ()


def test_a_replay_has_no_rate_of_the_users() -> None:
    (problem,) = problems(FLIGHTS, rate_per_s=1_000)
    assert "replayed at its own rate" in problem


def test_a_replay_can_always_be_late() -> None:
    (finding,) = findings(FLIGHTS)
    assert not finding.fatal
    assert "checked against bounds" in finding.message


def test_a_speed_up_beyond_the_players_reach_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streambench.workload.validate.MAX_RATE_PER_S", 1_000)
    assert problems(FLIGHTS) == ()
    assert isinstance(FLIGHTS.input, Replay)
    fast = dataclasses.replace(FLIGHTS, input=dataclasses.replace(FLIGHTS.input, speed_up=1e9))
    assert "cannot be played" in problems(fast)[0]


def test_fatal_findings_come_first() -> None:
    late = clicks(query=dataclasses.replace(CLICKS.query, grace_ms=0))
    assert [f.fatal for f in findings(late, rate_per_s=0)] == [True, False]


def test_disorder_alone_decides_for_generated_load() -> None:
    ordered = clicks(input=Synthetic(rate_per_s=1_000, disorder_ms=0))
    assert not ordered.late_records_possible
