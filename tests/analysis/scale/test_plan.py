"""The arithmetic of a plan, line by line, on round figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from streambench.analysis.published.scale import plan_to_json
from streambench.analysis.scale.basis import basis_of
from streambench.analysis.scale.lines import Assumption, ScaleBound, ScaleItem, ScaleLine
from streambench.analysis.scale.plan import PlannedRate, ScalePlan, ScaleTerms, plan_of
from streambench.analysis.scale.values import Amount
from streambench.model.conditions import Conditions, ForeignCluster, ForeignKafka
from streambench.model.trial import LateRecords, TrialRecord
from streambench.report.scale.words import basis_words, beyond_words
from streambench.results.bundle import Bundle
from tests.analysis.scale.bundles import BEHIND, UNDECIDED, bundle, curve, load

HALF = ScaleTerms((1_000_000,), 3, 0.5)


def plan(*bundles: Bundle, terms: ScaleTerms = HALF) -> ScalePlan:
    return plan_of(basis_of(bundles), terms)


def one_rate(*bundles: Bundle, terms: ScaleTerms = HALF) -> PlannedRate:
    return plan(*bundles, terms=terms).engines[0].rates[0]


def line(rate: PlannedRate, item: ScaleItem) -> ScaleLine:
    (found,) = (each for each in rate.lines if each.item is item)
    return found


def amount(rate: PlannedRate, item: ScaleItem) -> Amount:
    found = line(rate, item).amount
    assert found is not None, item
    return found


def edged(folder: Path) -> Bundle:
    """Kept up with 200,000 events/s at 2 CPU-s per million; twice as much was not borne."""
    return curve(folder, [load(1, 1e5, cost=4.0), load(2, 2e5), load(3, 4e5, lag=BEHIND)])


# 1 M events/s, half of everything left free, from 200,000 events/s by 2 workers and 4 partitions, with
# 60 bytes a record and 2 more written by the engine, a row for ten records and three copies.
EXPECTED = {
    ScaleItem.ENGINE_CORES: (4.0, 4.0),  # 2 × 1 ÷ 0.5
    ScaleItem.WORKERS: (20, 20),  # 1 M ÷ 100 k ÷ 0.5
    ScaleItem.PARTITIONS: (40, 40),  # 1 M ÷ 50 k ÷ 0.5
    ScaleItem.RESULT_ROWS: (20_000, 100_000),  # as many a second, or as many an event
    ScaleItem.ENGINE_IN: (60e6, 60e6),
    ScaleItem.BROKER_CORES: (1.0, 1.0),  # 0.5 × 1 ÷ 0.5
    ScaleItem.BROKERS: (3, 3),  # 1 ÷ 2 cores, and three copies
    ScaleItem.BROKERS_IN: (3 * 60.4e6, 3 * 62e6),
    ScaleItem.BROKERS_OUT: (3 * 60.4e6, 3 * 62e6),
    ScaleItem.DISK: (3 * 60.4e6 * 3_600, 3 * 62e6 * 3_600),
    ScaleItem.PLAYERS: (1, 1),
    ScaleItem.PLAYER_CORES: (0.1, 0.1),
}


@pytest.mark.parametrize("item", EXPECTED)
def test_every_line_is_its_formula(tmp_path: Path, item: ScaleItem) -> None:
    found = amount(one_rate(edged(tmp_path)), item)
    assert (found.low, found.high) == pytest.approx(EXPECTED[item])


def test_every_item_is_planned_once_in_its_order(tmp_path: Path) -> None:
    rate = one_rate(edged(tmp_path))
    assert [each.item for each in rate.lines] == list(ScaleItem)
    assert all(each.assumptions for each in rate.lines)


def test_headroom_divides_what_computes_and_not_what_is_sent(tmp_path: Path) -> None:
    made = edged(tmp_path)
    full, quarter = (one_rate(made, terms=replace(HALF, headroom=share)) for share in (0.0, 0.75))
    for item in (ScaleItem.ENGINE_CORES, ScaleItem.WORKERS, ScaleItem.PARTITIONS):
        assert amount(quarter, item).low == pytest.approx(4 * amount(full, item).low)
    for item in (ScaleItem.BROKERS_IN, ScaleItem.PLAYERS, ScaleItem.RESULT_ROWS):
        assert amount(quarter, item) == amount(full, item)


def test_a_copy_each_is_sent_and_kept_and_what_followers_take_comes_on_top(tmp_path: Path) -> None:
    made = edged(tmp_path)
    alone, three = (one_rate(made, terms=replace(HALF, replication=n)) for n in (1, 3))
    assert amount(three, ScaleItem.DISK).low == pytest.approx(3 * amount(alone, ScaleItem.DISK).low)
    assert line(alone, ScaleItem.BROKER_CORES).bound is ScaleBound.EXACT
    for item in (ScaleItem.BROKER_CORES, ScaleItem.BROKERS):
        assert line(three, item).bound is ScaleBound.AT_LEAST
        assert Assumption.LEADERS_ALONE in line(three, item).assumptions
        assert Assumption.LEADERS_ALONE not in line(alone, item).assumptions


def test_the_range_over_trials_stays_one(tmp_path: Path) -> None:
    runs = [load(n, 1e5, cost=cost, asked=False) for n, cost in ((1, 2.0), (2, 3.0))]
    found = amount(one_rate(bundle(tmp_path, runs)), ScaleItem.ENGINE_CORES)
    assert (found.low, found.high) == pytest.approx((4.0, 6.0))


def test_a_rate_below_the_measured_one_has_its_ends_in_order(tmp_path: Path) -> None:
    rate = one_rate(edged(tmp_path), terms=replace(HALF, rates_per_s=(1_000,)))
    rows = amount(rate, ScaleItem.RESULT_ROWS)
    assert (rows.low, rows.high) == pytest.approx((100, 20_000))


def test_one_key_is_held_against_one_partition(tmp_path: Path) -> None:
    found = line(one_rate(edged(tmp_path)), ScaleItem.BUSIEST_KEY)
    assert found.amount is not None
    assert found.amount.low == pytest.approx(65_300, rel=0.02)
    assert found.over == pytest.approx(65_300 / 50_000, rel=0.02)


@pytest.mark.parametrize(
    ("rate_per_s", "times", "extrapolated"),
    [(2_000_000, 10.0, False), (2_000_001, 10.0, True), (100_000, 0.5, False)],
)
def test_more_than_ten_times_what_was_measured_is_an_extrapolation(
    tmp_path: Path, rate_per_s: int, times: float, extrapolated: bool
) -> None:
    rate = one_rate(edged(tmp_path), terms=replace(HALF, rates_per_s=(rate_per_s,)))
    assert rate.times_measured == pytest.approx(times, rel=1e-5)
    assert rate.extrapolated is extrapolated


def test_the_lowest_rate_that_a_line_goes_by_says_how_far_a_plan_is_from_it(tmp_path: Path) -> None:
    undecided = load(2, 16e4, lag=UNDECIDED)
    made = curve(tmp_path, [load(1, 8e4), undecided, load(3, 32e4, lag=BEHIND)])
    rate = one_rate(made)
    assert line(rate, ScaleItem.ENGINE_CORES).measured_per_s == 16e4
    assert line(rate, ScaleItem.WORKERS).measured_per_s == 8e4
    assert (rate.measured_per_s, rate.times_measured) == (8e4, 12.5)
    assert rate.extrapolated
    assert beyond_words([rate]) == (
        "Extrapolated: 1 M/s is 12 times 80 k/s, the lowest rate that a line goes by."
    )


def test_what_no_search_showed_is_unknown_with_the_command(tmp_path: Path) -> None:
    rate = one_rate(bundle(tmp_path, [load(1, 1e5, asked=False)]))
    for item in (ScaleItem.WORKERS, ScaleItem.PARTITIONS):
        found = line(rate, item)
        assert found.amount is None
        assert found.unknown is not None
        assert found.unknown.command == "streambench find-rate clicks --engine flink"
    players = line(rate, ScaleItem.PLAYERS)
    assert players.amount is None
    assert players.unknown is not None
    assert players.unknown.command == "streambench curve clicks"
    assert Assumption.IDLE_IN_COST in line(rate, ScaleItem.ENGINE_CORES).assumptions
    assert line(rate, ScaleItem.BUSIEST_KEY).over is None


def test_where_records_may_be_late_no_search_is_asked_for(tmp_path: Path) -> None:
    late = LateRecords(100, 3, 3, 3, 3, None, None)
    rate = one_rate(bundle(tmp_path, [load(1, 1e5, cost=None, asked=False, late=late)]))
    for item in (ScaleItem.WORKERS, ScaleItem.PARTITIONS, ScaleItem.PLAYERS):
        unknown = line(rate, item).unknown
        assert unknown is not None
        assert unknown.command is None
    cores = line(rate, ScaleItem.ENGINE_CORES).unknown
    assert cores is not None
    assert cores.command == "streambench run clicks --engine flink"


def test_a_refusal_below_all_that_was_borne_leaves_workers_unknown(tmp_path: Path) -> None:
    new = curve(tmp_path / "new", [load(1, 1e5, lag=BEHIND)])
    rate = one_rate(new, curve(tmp_path / "old", [load(1, 2e5)]))
    for item in (ScaleItem.WORKERS, ScaleItem.PARTITIONS):
        unknown = line(rate, item).unknown
        assert unknown is not None
        assert unknown.why == "no rate below one that it did not bear was shown to be borne"


def test_an_edge_that_was_not_seen_makes_it_at_most(tmp_path: Path) -> None:
    unseen = one_rate(curve(tmp_path / "a", [load(1, 1e5), load(2, 2e5)]))
    seen = one_rate(edged(tmp_path / "b"))
    for item in (ScaleItem.WORKERS, ScaleItem.PARTITIONS):
        assert line(unseen, item).bound is ScaleBound.AT_MOST
        assert line(seen, item).bound is ScaleBound.EXACT
    assert line(seen, ScaleItem.PLAYERS).bound is ScaleBound.AT_MOST


def without(name: str) -> TrialRecord:
    record = load(1, 1e5)
    return replace(record, measures={**record.measures, name: None})


LACKING = [
    (without("engine_cpu_s_per_million"), {}, {ScaleItem.ENGINE_CORES}),
    (without("broker_cpu_s_per_million"), {}, {ScaleItem.BROKER_CORES, ScaleItem.BROKERS}),
    (
        without("broker_bytes_per_event"),
        {},
        {ScaleItem.BROKERS_IN, ScaleItem.BROKERS_OUT, ScaleItem.DISK},
    ),
    (load(1, 1e5, records=None), {}, {ScaleItem.RESULT_ROWS}),
    (load(1, 1e5), {"environment": {}}, {ScaleItem.BROKERS, ScaleItem.PLAYERS, ScaleItem.PLAYER_CORES}),
    (load(1, 1e5), {"capacity": None}, {ScaleItem.PLAYERS, ScaleItem.PLAYER_CORES}),
    (load(1, 1e5), {"workload_text": "?"}, {ScaleItem.BUSIEST_KEY}),
    (
        load(1, 1e5, load_bytes=None),
        {"workload_text": "?"},
        {
            ScaleItem.BUSIEST_KEY,
            ScaleItem.ENGINE_IN,
            ScaleItem.BROKERS_IN,
            ScaleItem.BROKERS_OUT,
            ScaleItem.DISK,
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("record", "changes", "unknown"), LACKING)
def test_what_was_not_measured_is_unknown_and_nothing_else(
    tmp_path: Path, record: TrialRecord, changes: dict[str, object], unknown: set[ScaleItem]
) -> None:
    rate = one_rate(curve(tmp_path, [record], **changes))
    assert {each.item for each in rate.lines if each.amount is None} == unknown
    assert all((each.amount is None) == (each.unknown is not None) for each in rate.lines)


def test_what_ran_elsewhere_is_told_and_its_cost_is_unknown(tmp_path: Path) -> None:
    foreign = Conditions(
        foreign_kafka=ForeignKafka("kafka:9092", replication=3),
        foreign_clusters=(
            ForeignCluster("flink", "http://flink:8081"),
            ForeignCluster("kafka-streams", "the workers of run monday"),  # none of it was run
        ),
    )
    record = load(1, 1e5)
    costs = ("engine_cpu_s_per_million", "broker_cpu_s_per_million", "broker_bytes_per_event")
    record = replace(record, measures={**record.measures, **dict.fromkeys(costs)})
    found = plan(curve(tmp_path, [record], conditions=foreign))
    assert basis_words(found)[0].endswith(
        "Elsewhere ran the broker and Flink SQL: what was used there is left out."
    )
    rate = found.engines[0].rates[0]
    unknown = {each.item for each in rate.lines if each.amount is None}
    assert unknown >= {ScaleItem.ENGINE_CORES, ScaleItem.BROKER_CORES, ScaleItem.BROKERS}
    assert ScaleItem.WORKERS not in unknown
    for item, begins in (
        (ScaleItem.ENGINE_CORES, "the engine ran elsewhere"),
        (ScaleItem.BROKER_CORES, "the broker ran elsewhere"),
        (ScaleItem.DISK, "the broker ran elsewhere"),
    ):
        why = line(rate, item).unknown
        assert why is not None
        assert why.why.startswith(begins)


def test_an_engine_of_the_same_run_that_ran_here_is_not_told_to_have_run_elsewhere(
    tmp_path: Path,
) -> None:
    conditions = Conditions(foreign_clusters=(ForeignCluster("spark", "spark://spark:7077"),))
    made = curve(
        tmp_path, [load(1, 1e5), load(2, 1e5, label="spark", cost=None)], conditions=conditions
    )
    here, there = plan(made).engines
    assert (here.basis.elsewhere, there.basis.elsewhere) == (False, True)
    assert line(here.rates[0], ScaleItem.ENGINE_CORES).amount is not None
    assert line(there.rates[0], ScaleItem.ENGINE_CORES).amount is None
    broker = line(there.rates[0], ScaleItem.BROKER_CORES)
    assert broker.amount is not None


def test_json_holds_numbers_inputs_and_assumptions(tmp_path: Path) -> None:
    found = json.loads(plan_to_json(plan(edged(tmp_path))))
    assert found["version"] == 1
    (engine,) = found["plan"]["engines"]
    (rate,) = engine["rates"]
    cores = rate["lines"][0]
    assert cores["item"] == "engine cores"
    assert cores["amount"] == {"low": 4.0, "high": 4.0}
    assert cores["inputs"]["CPU-s per million events"] == {"low": 2.0, "high": 2.0}
    assert cores["assumptions"] == [Assumption.COST_STAYS.value]
    assert engine["basis"]["refused"]["rate_per_s"] == 4e5
    assert rate["extrapolated"] is False
