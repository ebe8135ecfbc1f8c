"""Which trials a plan goes by, and what they say together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from streambench.analysis.scale.basis import basis_of, load_basis, player_basis
from streambench.analysis.scale.engines import engine_basis
from streambench.analysis.scale.values import (
    Amount,
    EngineBasis,
    NoBasis,
    RefusedRate,
    ScaleFigure,
)
from streambench.model.capacity import CarriedRate
from streambench.model.conditions import Variant
from streambench.model.errors import UsageError
from streambench.model.pace import Pace
from streambench.model.search import Confirmation, RateProbe, SearchRecord, SearchTerms
from streambench.model.sweep import Axis, AxisName
from streambench.model.trial import Completed, Invalid, LeftOut, TrialRecord
from streambench.report.scale.words import measured_words
from streambench.results.bundle import Bundle
from tests.analysis.scale.bundles import (
    BEHIND,
    CARRIED,
    UNDECIDED,
    bundle,
    curve,
    load,
    search,
)
from tests.report.example import HELD, RIGHT, WRONG

COST = ScaleFigure.ENGINE_COST


def known(*bundles: Bundle, label: str = "flink") -> EngineBasis:
    found = engine_basis(bundles, label)
    assert isinstance(found, EngineBasis)
    return found


def test_figures_are_of_the_highest_rate_and_the_lowest_is_told(tmp_path: Path) -> None:
    found = known(curve(tmp_path, [load(1, 1e5, cost=8.0), load(2, 2e5, cost=3.0)]))
    assert found.figures[COST].amount == Amount(3.0, 3.0)
    assert found.figures[COST].rate_per_s == 2e5
    assert found.figures[ScaleFigure.RESULT_ROWS].amount == Amount(0.1, 0.1)
    assert found.at_lowest is not None
    assert (found.at_lowest.rate_per_s, found.at_lowest.amount.low) == (1e5, 8.0)


def test_several_trials_of_a_rate_give_a_range(tmp_path: Path) -> None:
    runs = [load(1, 1e5, cost=2.0, asked=False), load(2, 1e5, cost=3.0, asked=False)]
    found = known(bundle(tmp_path, runs, repeats=2))
    assert found.figures[COST].amount == Amount(2.0, 3.0)
    assert [trial.number for trial in found.figures[COST].trials] == [1, 2]
    assert found.at_lowest is None


def test_a_figure_that_is_not_known_at_the_highest_rate_is_of_a_lower_one(tmp_path: Path) -> None:
    found = known(curve(tmp_path, [load(1, 1e5, cost=8.0), load(2, 2e5, cost=None)]))
    assert found.figures[COST].rate_per_s == 1e5
    assert found.rate_per_s == 2e5


LEFT_OUT = [
    (load(2, 2e5, lag=BEHIND), "it fell behind"),
    (load(2, 2e5, outcome=Completed(WRONG)), "its rows were wrong"),
    (load(2, 2e5, outcome=Invalid("the clock stepped", verdict=RIGHT)), "invalid: the clock"),
    (load(2, 2e5, saturated=True), "saturated"),
    (load(2, 2e5, cold=True), "cold"),
    (load(2, 2e5, certificate=replace(HELD, held=False, reason="late")), "certificate did not"),
    (load(2, 2e5, certificate=None), "no certificate"),
]


@pytest.mark.parametrize(("record", "why"), LEFT_OUT, ids=[why for _, why in LEFT_OUT])
def test_only_valid_and_right_trials_count(tmp_path: Path, record: TrialRecord, why: str) -> None:
    found = known(curve(tmp_path, [load(1, 1e5), record]))
    assert found.rate_per_s == 1e5
    ((left,)) = found.left_out
    assert left.trial.number == 2
    assert why in left.why


def test_what_did_more_than_came_does_not_count(tmp_path: Path) -> None:
    more = load(2, 2e5, lag=UNDECIDED)
    more = replace(more, measures={**more.measures, "processed_per_s": 2.2e5})
    assert known(curve(tmp_path, [load(1, 1e5), more])).rate_per_s == 1e5


def test_a_variant_without_a_trial_that_counts_says_why(tmp_path: Path) -> None:
    found = engine_basis([curve(tmp_path, [load(1, 1e5, cold=True)])], "flink")
    assert isinstance(found, NoBasis)
    assert "cold" in found.why
    assert found.command == "streambench curve clicks --engine flink"


def test_the_rate_that_is_borne_is_the_highest_before_one_that_is_not(tmp_path: Path) -> None:
    records = [
        load(1, 1e5),
        load(2, 2e5),
        load(3, 4e5, lag=UNDECIDED),
        load(4, 8e5, lag=BEHIND),
        load(5, 16e5),
    ]
    found = known(curve(tmp_path, records))
    assert found.borne is not None
    assert found.borne.rate_per_s == 2e5
    assert [trial.number for trial in found.borne.trials] == [2]
    assert found.refused == RefusedRate(8e5, kept_up_per_s=16e5)


def test_a_rate_that_another_run_did_not_bear_is_not_borne(tmp_path: Path) -> None:
    behind = [load(2, 6e5, lag=BEHIND), load(3, 12e5, lag=BEHIND)]
    new = curve(tmp_path / "new", [load(1, 3e5), *behind])
    earlier = {"started_at": "2026-11-19T00:00:00+00:00"}
    old = curve(tmp_path / "old", [load(1, 3e5), load(2, 6e5)], **earlier)
    assert old.name != new.name
    for bundles in ((new, old), (old, new)):
        found = known(*bundles)
        assert found.borne is not None
        assert found.borne.rate_per_s == 3e5
        assert {trial.bundle for trial in found.borne.trials} == {new.name, old.name}
        assert found.refused == RefusedRate(6e5, kept_up_per_s=6e5)
        assert "kept up with 300 k/s; not with 600 k/s, though a trial kept up with 600 k/s." in (
            measured_words(found)
        )


def test_a_refusal_below_all_that_was_borne_is_told(tmp_path: Path) -> None:
    new = curve(tmp_path / "new", [load(1, 1e5, lag=BEHIND)])
    old = curve(tmp_path / "old", [load(1, 2e5), load(2, 4e5)])
    found = known(new, old)
    assert found.borne is None
    assert found.refused == RefusedRate(1e5, kept_up_per_s=4e5)
    assert "2 workers and 4 partitions did not keep up with 100 k/s, though a trial kept up" in (
        measured_words(found)
    )


def test_what_a_search_of_another_version_refused_is_not_of_this_one(tmp_path: Path) -> None:
    newest = curve(tmp_path / "new", [load(1, 1e5), load(2, 2e5)])
    probes = (RateProbe(150_000, 10, 20, Pace.FELL_BEHIND, "", right=True),)
    for version, refused in (("1.2.3", 150_000), ("9.9", None)):
        record = SearchRecord(Variant("flink", version), probes=probes)
        old = search(tmp_path / version, [], record, SearchTerms(None, 0.05, 60))
        found = known(newest, old).refused
        assert (None if found is None else found.rate_per_s) == refused


def test_spared_rates_say_nothing(tmp_path: Path) -> None:
    spared = load(2, 2e5, outcome=LeftOut("it fell behind at less"), certificate=None)
    found = known(curve(tmp_path, [load(1, 1e5), spared]))
    assert found.left_out == ()
    assert found.borne is not None
    assert found.refused is None


def test_a_plain_run_does_not_tell_what_is_borne(tmp_path: Path) -> None:
    found = known(bundle(tmp_path, [load(1, 1e5, asked=False)]))
    assert (found.borne, found.refused) == (None, None)


@pytest.mark.parametrize(
    ("changes", "refused_per_s"),
    [({}, 2e5), ({"faults": ("worker-kill@14s",)}, None), ({"shape": "from 1 to 2"}, None)],
)
def test_a_plain_run_that_fell_behind_by_its_rate_alone_refuses_it(
    tmp_path: Path, changes: dict[str, object], refused_per_s: float | None
) -> None:
    plain = [load(1, 2e5, asked=False, lag=BEHIND)]
    usual = {"faults": (), "shape": None}
    new = bundle(tmp_path / "new", plain, **{**usual, **changes})
    found = known(new, curve(tmp_path / "old", [load(1, 1e5), load(2, 2e5)]))
    assert (found.refused and found.refused.rate_per_s) == refused_per_s


def test_a_search_tells_what_it_confirmed_and_what_failed_above(tmp_path: Path) -> None:
    probes = (
        RateProbe(1_000_000, 10, 20, Pace.KEPT_UP, "", right=True),
        RateProbe(1_300_000, 10, 20, Pace.FELL_BEHIND, "", right=True),
    )
    record = SearchRecord(
        Variant("flink", "1.2.3"),
        probes=probes,
        confirmations=(Confirmation(1_000_000, 1, True, ""),),
        lag_bounded_per_s=1_000_000,
    )
    found = known(search(tmp_path, [load(1, 1e6)], record, SearchTerms(None, 0.05, 60)))
    assert found.borne is not None
    assert found.borne.rate_per_s == 1e6
    assert found.refused == RefusedRate(1_300_000, kept_up_per_s=None)


def test_bundles_are_taken_together_and_versions_are_not(tmp_path: Path) -> None:
    new = curve(tmp_path / "new", [load(1, 1e5, cost=2.0)])
    old = curve(tmp_path / "old", [load(1, 1e5, cost=3.0), load(2, 4e5, cost=1.0)])
    assert known(new, old).figures[COST].rate_per_s == 4e5
    other = [replace(load(1, 4e5), variant=Variant("flink", "9.9"))]
    assert known(new, curve(tmp_path / "other", other)).rate_per_s == 1e5


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"axes": (Axis(AxisName.KEYS, (10.0, 20.0)),)}, "it varies keys"),
        ({"drain_records": 1_000}, "no rate"),
        ({}, "holds no trial"),
    ],
)
def test_what_says_nothing_of_a_rate_is_refused(
    tmp_path: Path, changes: dict[str, object], why: str
) -> None:
    with pytest.raises(UsageError, match=why) as refused:
        basis_of([bundle(tmp_path, [], planned=(), **changes)])
    assert refused.value.hint == "streambench curve clicks"


def test_only_invalid_trials_are_refused_with_the_reason(tmp_path: Path) -> None:
    record = load(1, 1e5, outcome=Invalid("the clock stepped"))
    with pytest.raises(
        UsageError, match=r"no trial of flink in .* can be planned from: invalid: the clock stepped"
    ) as refused:
        basis_of([curve(tmp_path, [record])])
    assert refused.value.hint == "streambench curve clicks --engine flink"


def test_an_engine_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run of 'flnk' in") as refused:
        basis_of([curve(tmp_path, [load(1, 1e5)])], ["flnk"])
    assert refused.value.hint == "streambench plan --rate 10M --engine flink"


def test_the_player_is_what_one_process_carried_alone(tmp_path: Path) -> None:
    found = player_basis([curve(tmp_path, [load(1, 1e5)])])
    assert found is not None
    assert (found.most_per_s, found.edge_seen) == (1e6, False)
    assert found.cost.low == pytest.approx(0.1)
    refused = replace(
        CARRIED, steps=(*CARRIED.steps, CarriedRate(2_000_000, False, "late", 30, 0.2, 0.4))
    )
    found = player_basis([curve(tmp_path, [load(1, 1e5)], capacity=refused)])
    assert found is not None
    assert (found.most_per_s, found.edge_seen) == (1e6, True)
    assert player_basis([bundle(tmp_path, [load(1, 1e5, asked=False)])]) is None


def test_bytes_are_as_noted_else_of_the_load_made_again(tmp_path: Path) -> None:
    noted = load_basis([curve(tmp_path, [load(1, 1e5)])], 1e5)
    assert (noted.bytes_per_record, noted.made_again) == (60.0, False)
    silent = curve(tmp_path, [load(1, 1e5, load_bytes=None)])
    again = load_basis([silent], 1e5)
    assert again.made_again
    assert again.bytes_per_record == pytest.approx(59.3, abs=0.5)
    assert again.busiest_share == pytest.approx(0.0653, abs=0.001)


def test_a_load_that_the_bundle_does_not_declare_is_unknown(tmp_path: Path) -> None:
    replay = '[input]\nreplay = "gone.csv"\n'
    silent = curve(tmp_path, [load(1, 1e5, load_bytes=None)], workload_text=replay)
    found = load_basis([silent], 1e5)
    assert (found.bytes_per_record, found.busiest_share) == (None, None)
