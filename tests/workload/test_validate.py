from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import duckdb
import pytest

from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.field_source import Choice, DoubleRange, IntRange
from streambench.model.shape import Ramp
from streambench.model.windows import Tumbling
from streambench.model.workload import Field, Query, Replay, Synthetic, Workload, shaped
from streambench.workload.constants import MAX_BIGINT
from streambench.workload.expressions import parse_aggregate, parse_expression
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload
from streambench.workload.validate import check, findings, problems

CLICKS = load_workload(shipped_root() / "clicks")
FLIGHTS = load_workload(shipped_root() / "flights")


def clicks(*, query: Query | None = None, **changes: object) -> Workload:
    changes |= {} if query is None else {"query": query}
    return dataclasses.replace(CLICKS, **changes)  # type: ignore[arg-type]


def with_field(workload: Workload, name: str, source: Choice | IntRange | DoubleRange) -> Workload:
    type_ = FieldType.STRING if isinstance(source, Choice) else FieldType.BIGINT
    type_ = FieldType.DOUBLE if isinstance(source, DoubleRange) else type_
    fields = tuple(Field(name, type_, source) if f.name == name else f for f in workload.fields)
    return dataclasses.replace(workload, fields=fields)


def asking(workload: Workload, aggregate: str) -> Workload:
    query = dataclasses.replace(
        workload.query, aggregates=(parse_aggregate(aggregate, "x", workload.fields),)
    )
    return dataclasses.replace(workload, query=query)


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
    assert "the grace is 53 ms, and 54 ms are needed" in message
    assert "a disorder of 50 ms and a quantum of 5 ms" in message
    assert problems(clicks(query=dataclasses.replace(CLICKS.query, grace_ms=53))) == ()


def test_a_sum_of_negatives_is_no_problem_even_where_records_may_be_late() -> None:
    """Its bounds hold for any set of records that may count: tests/oracle/test_expected.py."""
    negative = with_field(CLICKS, "price", IntRange(-1, 500))
    assert problems(negative) == ()
    late = dataclasses.replace(negative, query=dataclasses.replace(CLICKS.query, grace_ms=0))
    assert late.late_records_possible
    assert problems(late) == ()


def test_numbers_beyond_a_bigint_are_a_problem() -> None:
    large = asking(with_field(CLICKS, "price", IntRange(2**61, 2**61 + 5)), "min(price)")
    assert problems(large) == ()
    query = dataclasses.replace(large.query, where=parse_expression("price * 8 > 1", large.fields))
    (problem,) = problems(dataclasses.replace(large, query=query))
    assert "beyond a bigint" in problem


def test_a_step_of_a_calculation_may_not_be_beyond_a_bigint_either() -> None:
    large = with_field(CLICKS, "price", IntRange(0, 2**31))
    (problem,) = problems(asking(large, "max(price * price * price * 0)"))
    assert "beyond a bigint" in problem
    assert problems(asking(large, "max(price * price * 0)")) == ()


@pytest.mark.parametrize(
    ("aggregate", "kind"),
    [
        ("max(cast(price as decimal(5,2)))", None),
        ("max(cast(price as decimal(4,2)))", "decimal(4,2)"),
        ("max(cast(price + 0.995 as decimal(5,2)))", None),
        ("max(cast(price + 499.995 as decimal(5,2)))", "decimal(5,2)"),
        ("max(cast(price * 1e16 as bigint))", None),
        ("max(cast(price * 1e17 as bigint))", "bigint"),
        ("sum(round(price / 3))", None),
        ("count(*) filter (where cast(price as decimal(2,0)) = 3)", "decimal(2,0)"),
        ("count(distinct cast(price as string))", None),
        ("min(round(price * 1e300))", "double"),
    ],
)
def test_what_a_cast_cannot_hold_is_a_problem(aggregate: str, kind: str | None) -> None:
    found = problems(asking(CLICKS, aggregate))
    assert (found == ()) == (kind is None)
    assert all(f"beyond a {kind}" in problem for problem in found)


def test_squares_beyond_a_double_are_a_problem() -> None:
    wide = with_field(CLICKS, "price", DoubleRange(0.0, 1e130))
    assert problems(asking(wide, "var_samp(price)")) == ()
    (problem,) = problems(asking(wide, "var_samp(price * 1e11)"))
    assert "'x' squares numbers of up to 1e+141, which is beyond a double" in problem
    assert problems(asking(wide, "max(price * 1e11)")) == ()


def test_a_sum_over_all_records_of_a_window_may_not_be_beyond_a_bigint() -> None:
    # 20,000/s for 555 ms (window, disorder, quantum) are 11,101 records at most.
    most = MAX_BIGINT // 11_101
    fits = asking(with_field(CLICKS, "price", IntRange(most - 5, most)), "sum(price)")
    assert problems(fits) == ()
    large = asking(with_field(CLICKS, "price", IntRange(most - 5, most + 1)), "sum(price)")
    (finding,) = findings(large)
    assert finding.fatal
    assert "the sum 'x' can reach 9,223," in finding.message
    assert "can hold 11,101 records" in finding.message
    assert "smaller numbers" in finding.hint
    low = asking(with_field(CLICKS, "price", IntRange(-most - 1, -most)), "sum(price)")
    assert "beyond a bigint" in problems(low)[0]


def test_what_a_sum_can_reach_follows_rate_shape_and_length() -> None:
    large = asking(with_field(CLICKS, "price", IntRange(2**50, 2**50 + 5)), "sum(price)")
    assert problems(large, rate_per_s=10_000) == ()
    assert "beyond a bigint" in problems(large, rate_per_s=20_000)[0]
    assert problems(large, rate_per_s=20_000, duration_ms=1_500) != ()
    one_window = dataclasses.replace(large.query, window=Tumbling(100))
    assert problems(dataclasses.replace(large, query=one_window), rate_per_s=20_000) == ()
    assert isinstance(large.input, Synthetic)
    rising = dataclasses.replace(large, input=shaped(large.input, Ramp(10, 20_000)))
    assert "beyond a bigint" in problems(rising)[0]


def test_the_sums_of_a_replay_are_added_up(tmp_path: Path) -> None:
    file = tmp_path / "file.parquet"

    def replayed(*distances: int) -> Workload:
        rows = ", ".join(
            f"(TIMESTAMP '2013-06-01 10:00:00' + INTERVAL {25 * at} MINUTE, 'UA', {value})"
            for at, value in enumerate(distances)
        )
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT t AS departed, t AS scheduled, k AS carrier, CAST(v AS BIGINT) AS distance"
                f" FROM (VALUES {rows}) AS r (t, k, v)) TO '{file}' (FORMAT parquet)"
            )
        assert isinstance(FLIGHTS.input, Replay)
        replay = dataclasses.replace(FLIGHTS.input, path=file, begin=None, end=None)
        return dataclasses.replace(FLIGHTS, input=replay, partitions=1)

    # 10:00, 10:25 and 10:50 are one window, 11:15 is the next.
    half = 2**62
    assert problems(replayed(half, 0, half - 1, half)) == ()
    (problem,) = problems(replayed(half, 0, half, 0))
    assert (
        "the sum 'miles' can reach 9,223,372,036,854,775,808 in a window of file.parquet" in problem
    )
    assert "beyond a bigint" in problems(replayed(half, -half, 1, 0))[0]


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


def with_actions(*actions: str, where: str) -> Workload:
    workload = with_field(CLICKS, "action", Choice(actions, 0.0))
    query = dataclasses.replace(workload.query, where=parse_expression(where, workload.fields))
    return dataclasses.replace(workload, query=query)


@pytest.mark.parametrize("letter", ["ß", "Σ", "İ", "ŉ"])
def test_letters_of_which_engines_make_different_ones_are_refused(letter: str) -> None:
    where = "lower(action) = 'view' or price = 1"
    assert problems(with_actions("view", "ÄÖ né 日本", where=where)) == ()
    (finding,) = findings(with_actions("view", f"a{letter}", where=where))
    assert finding.fatal
    assert f"the letter '{letter}'" in finding.message
    assert "lower and upper" in finding.hint
    # Where no case is asked for they may be what they like.
    assert (
        problems(with_actions("view", letter, where="action > 'a' and upper(campaign) <> 'C'"))
        == ()
    )
    (problem,) = problems(with_actions("view", where=f"upper(action || '{letter}') = 'A'"))
    assert f"the letter '{letter}'" in problem


def test_what_a_filter_and_an_argument_ask_is_looked_at_as_well() -> None:
    large = f"count(*) filter (where price * {2**62} > 5)"
    assert "beyond a bigint" in problems(asking(CLICKS, large))[0]
    assert "beyond a bigint" in problems(asking(CLICKS, f"avg(price * {2**54})"))[0]
    assert "beyond a double" in problems(asking(CLICKS, "max(price * 1e300)"))[0]
    huge = " * ".join(["price", *[str(MAX_BIGINT)] * 20])
    assert "can reach inf, beyond a double" in problems(asking(CLICKS, f"avg({huge} / 2)"))[0]
    letters = with_field(CLICKS, "action", Choice(("view", "ß"), 0.0))
    for aggregate in (
        "count(distinct upper(action))",
        "sum(price) filter (where lower(action) = 'a')",
    ):
        assert "the letter 'ß'" in problems(asking(letters, aggregate))[0]
    assert problems(asking(CLICKS, "avg(price) filter (where action > 'b')")) == ()


def test_numbers_of_a_file_have_no_letters() -> None:
    assert (
        problems(asking(FLIGHTS, "count(distinct lower(carrier || cast(distance as string)))"))
        == ()
    )


@pytest.mark.parametrize(
    ("aggregate", "divides"),
    [
        ("sum(100 / price)", False),
        ("sum(100 / (price - 1))", True),
        ("sum(price % (price - 500))", True),
        ("sum(price % (price + 1))", False),
        ("sum(case when price > 1 then 100 / (price - 1) else 0 end)", False),
        ("avg(case when price = 7 then 0 else 3 / price end)", False),
        ("avg(case when price <= 250 then 0 else 3 / price end)", False),
        ("count(*) filter (where 100 / (price - 1) > 2)", True),
    ],
)
def test_a_division_by_what_can_be_0_is_refused(aggregate: str, divides: bool) -> None:
    found = problems(asking(CLICKS, aggregate))
    assert (found != ()) == divides
    assert all("divides by what can be 0" in problem for problem in found)


@pytest.mark.parametrize(
    ("where", "aggregate", "divides"),
    [
        ("n > 0", "sum(1 / n)", False),
        ("n <> 0", "sum(1 / n)", False),
        ("not (n = 0 or n < 0)", "sum(1 / n)", False),
        ("n >= 1 and action = 'view'", "sum(1 / n)", False),
        ("n > 0 or action = 'view'", "sum(1 / n)", True),
        ("n < 5", "sum(1 / n)", True),
        ("1 / n > 2 and n > 0", "count(*)", True),
        ("action = 'view'", "sum(case when 0 < n then 1 / n else 0 end)", False),
        ("action = 'view'", "sum(case when n = 0 then 0 else 1 / n end)", False),
        ("action = 'view'", "sum(case when n = 3 then 1 / n else 0 end)", False),
        ("action = 'view'", "sum(1 / n) filter (where n > 0)", True),
    ],
)
def test_where_and_case_can_leave_out_0(where: str, aggregate: str, divides: bool) -> None:
    field = Field("n", FieldType.BIGINT, IntRange(0, 9))
    workload = clicks(fields=(*CLICKS.fields, field))
    query = dataclasses.replace(
        workload.query,
        where=parse_expression(where, workload.fields),
        aggregates=(parse_aggregate(aggregate, "x", workload.fields),),
    )
    assert (
        any("can be 0" in p for p in problems(clicks(fields=workload.fields, query=query)))
        is divides
    )


def test_values_of_a_replayed_file_are_looked_at(tmp_path: Path) -> None:
    def replayed(carrier: str) -> Workload:
        file = tmp_path / "file.parquet"
        with duckdb.connect() as connection:
            connection.execute(
                "COPY (SELECT TIMESTAMP '2013-06-01' AS departed, TIMESTAMP '2013-06-01' AS scheduled,"
                f" '{carrier}' AS carrier, 5::BIGINT AS distance) TO '{file}' (FORMAT parquet)"
            )
        assert isinstance(FLIGHTS.input, Replay)
        replay = dataclasses.replace(FLIGHTS.input, path=file, begin=None, end=None)
        where = parse_expression("upper(carrier) >= 'A' and distance > 0", FLIGHTS.fields)
        query = dataclasses.replace(FLIGHTS.query, where=where)
        return dataclasses.replace(FLIGHTS, input=replay, partitions=1, query=query)

    assert problems(replayed("né")) == ()
    (problem,) = problems(replayed("aß"))
    assert "the letter 'ß'" in problem


def test_fewer_partitions_than_a_run_has_workers_are_told(tmp_path: Path) -> None:
    for partitions, told in ((1, True), (2, False)):
        text = (shipped_root() / "clicks" / "workload.toml").read_text()
        folder = tmp_path / f"p{partitions}"
        folder.mkdir()
        changed = re.sub(r"partitions = \d+", f"partitions = {partitions}", text)
        (folder / "workload.toml").write_text(changed)
        found = [
            each
            for each in findings(load_workload(folder))
            if "cannot share 1 partition" in each.message
        ]
        assert len(found) == told
        assert all(not each.fatal and "--workers 1" in each.hint for each in found)
