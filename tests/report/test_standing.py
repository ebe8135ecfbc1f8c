from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from streambench.analysis import ranking
from streambench.analysis.requirements import requirements_of
from streambench.analysis.variants import VariantStatus, standings
from streambench.model.clocks import UnknownClock
from streambench.model.trial import Completed, Invalid, TrialRecord
from streambench.model.verdict import Damage, Verdict
from streambench.report import markdown
from streambench.report.chapters.single import SingleChapter
from streambench.report.compose import answer, compose
from streambench.report.sections.damage import damage_section
from streambench.report.terminal import render
from streambench.results.bundle import Bundle, BundleWriter, read_bundle

from .example import (
    HELD,
    RIGHT,
    RUN,
    TITLES,
    WRONG,
    completed,
    every_result,
    exactly_once,
    late_flights,
    measures,
    repeated,
)
from .example_recovery import CLEAN, OVER, hit_trial, recovery


def bundle_of(tmp_path: Path, *records: TrialRecord, **run: Any) -> Bundle:
    planned = tuple(dict.fromkeys(record.variant.label for record in records))
    writer = BundleWriter.create(tmp_path, replace(RUN, **{"planned": planned, **run}))
    for number, record in enumerate(records, 1):
        writer.add_trial(replace(record, number=number), {})
    return read_bundle(writer.finish())


@pytest.fixture
def measured_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were known how far single trials of one engine differ."""
    metrics = (f"{stem}_{tail}_ms" for stem in ("delay", "visible") for tail in ("p99", "max"))
    monkeypatch.setattr(ranking, "DELAY_FACTORS", dict.fromkeys(metrics, 1.2))


def fast(**changes: Any) -> TrialRecord:
    return completed(1, "kafka-streams", RIGHT, measures(13, 28, 41), **changes)


def slow(**changes: Any) -> TrialRecord:
    return completed(1, "flink", RIGHT, measures(50, 90, 99), **changes)


def places(bundle: Bundle) -> Mapping[str, str]:
    return {stand.label: stand.place for stand in standings(bundle)}


@pytest.mark.usefixtures("measured_factor")
def test_the_right_are_ranked_by_p99_and_the_wrong_are_not(tmp_path: Path) -> None:
    assert places(read_bundle(every_result(tmp_path))) == {
        "kafka-streams": "1",
        "spark": "2",
        "kafka-python": "",
        "flink": "",
        "flink+taskmanager.slots=4": "",
        "reference": "",
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"cold": True}, "cold"),
        ({"saturated": True}, "saturated"),
        ({"certificate": None}, "no certificate"),
        ({"certificate": replace(HELD, held=False, reason="late by 40 ms")}, "late by 40 ms"),
        (
            {"certificate": replace(HELD, unknown_clocks=(UnknownClock(2, "it is not there"),))},
            "how far the clock of broker 2 is from this machine's is not known: it is not there",
        ),
        (
            {"certificate": replace(HELD, unknown_clocks=(UnknownClock(None, "no topic"),))},
            "how far the brokers' clocks are from this machine's is not known: no topic",
        ),
        ({"measures": {}}, "the delay is not known in every trial"),
        ({"measured_windows": 2}, "2 windows were measured, and a rank needs 20"),
        ({"trend": "the delay rises", "trend_share": 0.26}, "not settled: the delay rises"),
    ],
)
def test_what_cannot_be_believed_is_not_ranked_and_says_why(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    bundle = bundle_of(tmp_path, fast(**changes), slow())
    first, second = standings(bundle)
    assert (first.label, first.place) == ("flink", "1")
    assert second.place == ""
    assert why in (second.unranked or "")


def test_nothing_is_ranked_in_a_quick_run(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, fast(cold=True), slow(cold=True), quick=True)
    assert set(places(bundle).values()) == {""}
    assert answer(bundle) == (
        "Both engines came out right, none of them is ranked (cold: too short to be ranked)."
    )


def test_reasons_that_differ_are_not_told_as_one(tmp_path: Path) -> None:
    rising = fast(trend="the delay rises", trend_share=0.5)
    bundle = bundle_of(tmp_path, rising, replace(slow(), saturated=True))
    assert answer(bundle) == (
        "Both engines came out right, none of them is ranked (the reasons stand below the table)."
    )


def test_delay_is_not_ranked_where_records_may_be_dropped(tmp_path: Path) -> None:
    assert set(places(read_bundle(late_flights(tmp_path))).values()) == {""}


def test_a_difference_within_the_stamps_resolution_is_a_tie(tmp_path: Path) -> None:
    near = completed(1, "flink", RIGHT, measures(13, 29, 40))
    assert places(bundle_of(tmp_path, fast(), near)) == {"kafka-streams": "1=", "flink": "1="}


def test_repeats_that_the_test_does_not_tell_apart_share_a_rank(tmp_path: Path) -> None:
    bundle = read_bundle(repeated(tmp_path))
    assert places(bundle) == {"kafka-python": "1=", "kafka-streams": "1=", "flink": "3"}
    assert "(Python consumer and Kafka Streams are not told apart)" in answer(bundle)


def test_one_trial_each_is_not_told_apart_while_the_factor_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "DELAY_FACTORS", {})
    bundle = bundle_of(tmp_path, fast(), slow())
    assert places(bundle) == {"kafka-streams": "1=", "flink": "1="}
    assert "(they are not told apart)" in answer(bundle)
    assert "One trial: not told apart" in markdown.render_document(compose(bundle))


@pytest.mark.usefixtures("measured_factor")
def test_the_report_says_beyond_what_one_trial_is_told_apart(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, fast(), slow())
    said = markdown.render_document(compose(bundle))
    assert "One trial: told apart only beyond ×1.20, and by 2 ms at least." in said


def test_a_trend_below_a_quarter_of_the_median_is_told_and_ranked(tmp_path: Path) -> None:
    settled = fast(trend="the delay falls", trend_share=0.24)
    bundle = bundle_of(tmp_path, settled, slow())
    assert "" not in places(bundle).values()
    assert "the delay falls" in markdown.render_document(compose(bundle))


@pytest.mark.parametrize(
    ("trials", "moving", "place"),
    [(1, 1, ""), (2, 1, ""), (3, 1, ""), (4, 1, "1"), (4, 2, ""), (12, 3, "1"), (12, 4, "")],
)
def test_trends_take_an_engine_out_where_more_than_a_quarter_of_its_trials_have_one(
    tmp_path: Path, trials: int, moving: int, place: str
) -> None:
    """Were one enough, more trials would make a rank less likely."""
    rising = {"trend": "the delay rises", "trend_share": 0.5}
    some = [replace(fast(**(rising if at < moving else {})), round=at) for at in range(trials)]
    others = [replace(slow(), round=at) for at in range(trials)]
    bundle = bundle_of(tmp_path, *some, *others, repeats=trials)
    (quick,) = [stand for stand in standings(bundle) if stand.label == fast().variant.label]
    assert quick.place == place
    said = markdown.render_document(compose(bundle))
    assert "the delay rises" in said
    assert (f", in {moving} of {trials} trials" in (quick.unranked or "")) == (
        not place and trials > 1
    )


def test_what_every_window_kept_is_the_greatest_of_all_trials_and_no_median(tmp_path: Path) -> None:
    """Maxima of five trials, whose median is 40: no window of any trial took more than 62."""

    def trials(label: str, windows: int, *maxima: float) -> list[TrialRecord]:
        return [
            completed(
                1, label, RIGHT, measures(9, most - 5, most), measured_windows=windows, round=number
            )
            for number, most in enumerate(maxima)
        ]

    def said(windows: int) -> str:
        ours = trials("kafka-python", windows, 53, 32, 40, 62, 39)
        others = trials("spark", windows, 953, 912, 940, 981, 939)
        return answer(bundle_of(tmp_path / str(windows), *ours, *others, repeats=5))

    assert (
        "Python consumer had every window complete within 62 ms of closing in every trial, "
        "Spark Structured Streaming 981 ms"
    ) in said(60)
    assert (
        "Python consumer had 99 % of windows complete within 57 ms of closing in every trial, "
        "Spark Structured Streaming 976 ms"
    ) in said(120)


def test_more_processed_than_offered_is_a_backlog_of_before(tmp_path: Path) -> None:
    more = {**measures(13, 28, 41), "processed_per_s": 28_998.0}
    bundle = bundle_of(tmp_path, fast(measures=more), slow())
    words = "more than came: a backlog of before was worked off"
    text = markdown.render_document(compose(bundle))
    assert text.count(f"of 20,000, {words}") == 1
    console = Console(width=80, file=io.StringIO(), no_color=True)
    console.print(render(bundle))
    printed = " ".join(cast(io.StringIO, console.file).getvalue().split())
    assert f"Kafka Streams processed {words}" in printed
    # A window at the edge is no backlog.
    edge = {**measures(13, 28, 41), "processed_per_s": 20_200.0}
    assert words not in markdown.render_document(
        compose(bundle_of(tmp_path / "edge", fast(measures=edge)))
    )


@pytest.mark.usefixtures("measured_factor")
def test_under_exactly_once_the_visible_delay_ranks(tmp_path: Path) -> None:
    bundle = read_bundle(exactly_once(tmp_path))
    assert places(bundle) == {"kafka-streams": "1", "flink": "2"}
    assert "Flink SQL 1,030 ms" in answer(bundle)


@pytest.mark.usefixtures("measured_factor")
def test_without_an_earned_p99_all_are_ranked_by_their_maximum(tmp_path: Path) -> None:
    few = completed(1, "flink", RIGHT, measures(5, 10, 30), measured_windows=60)
    full = completed(1, "kafka-streams", RIGHT, measures(5, 15, 20))
    assert places(bundle_of(tmp_path, few, full)) == {"kafka-streams": "1", "flink": "2"}


def test_one_wrong_trial_of_three_makes_the_variant_wrong(tmp_path: Path) -> None:
    wrong = fast(outcome=Completed(WRONG))
    (stand,) = standings(bundle_of(tmp_path, fast(), wrong, fast(), repeats=3))
    assert (stand.status, stand.words) == (VariantStatus.WRONG, "wrong in 1 of 3")


def test_an_invalid_trial_says_nothing_of_the_engine(tmp_path: Path) -> None:
    spoilt = fast(outcome=Invalid("the laptop slept"))
    (stand,) = standings(bundle_of(tmp_path, fast(), spoilt, repeats=2))
    assert (stand.status, stand.words, stand.place) == (VariantStatus.RIGHT, "right in 1 of 2", "1")
    assert "1 invalid: the laptop slept" in (stand.reason or "")


def test_rows_of_an_invalid_trial_are_judged_all_the_same(tmp_path: Path) -> None:
    spoilt = fast(outcome=Invalid("the load came late", verdict=RIGHT))
    (stand,) = standings(bundle_of(tmp_path, spoilt))
    assert stand.status is VariantStatus.INVALID
    assert stand.words == "rows right, times invalid"
    assert stand.reason == "the load came late; its rows were right"
    assert stand.rank is None
    assert (stand.rows.right, stand.rows.expected) == (120_000, 120_000)


def test_rows_of_an_invalid_trial_are_said_to_be_within_bounds_where_no_more_is_known(
    tmp_path: Path,
) -> None:
    bounded = replace(RIGHT, exact=False)
    bundle = bundle_of(tmp_path, fast(outcome=Invalid("the load came late", verdict=bounded)))
    (stand,) = standings(bundle)
    assert stand.reason == "the load came late; its rows were right within bounds"
    section = damage_section(bundle)
    assert section is not None
    assert "All its rows were right within bounds" in repr(section)


def test_rows_of_an_invalid_trial_can_be_wrong(tmp_path: Path) -> None:
    spoilt = fast(outcome=Invalid("the load came late", verdict=WRONG))
    (stand,) = standings(bundle_of(tmp_path, fast(), spoilt, repeats=2))
    assert (stand.status, stand.words) == (VariantStatus.WRONG, "wrong in 1 of 2")
    assert "its times are invalid: the load came late" in (stand.reason or "")


def test_what_a_fault_breaks_in_an_invalid_trial_is_not_called_wrong(tmp_path: Path) -> None:
    spoilt = hit_late(outcome=Invalid("the load came late", verdict=WRONG))
    (stand,) = standings(bundle_of(tmp_path, spoilt))
    assert (stand.status, stand.words) == (VariantStatus.INVALID, "invalid")
    assert "after the fault; its times are invalid" in (stand.reason or "")


@pytest.mark.usefixtures("measured_factor")
def test_duplicates_are_a_price_and_do_not_disqualify(tmp_path: Path) -> None:
    verdict = Verdict(100, 100, Damage(duplicates=12, windows=1), (), True, True, True)
    first, _ = standings(bundle_of(tmp_path, fast(outcome=Completed(verdict)), slow()))
    assert (first.place, first.reason) == ("1", "12 duplicates in 1 window")


def hit_late(**changes: Any) -> TrialRecord:
    """Right and fast until a fault made it over-count."""
    return hit_trial(1, "kafka-streams", [recovery(2, OVER)], measures(13, 28, 41), **changes)


@pytest.mark.usefixtures("measured_factor")
def test_what_is_wrong_only_after_a_fault_is_ranked_for_its_delay_before_it(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, hit_late(), slow())
    first, second = standings(bundle)
    assert (first.status, first.words) == (VariantStatus.WRONG_AFTER, "right, then wrong")
    assert first.reason == "24 over-counted in 3 windows after the fault"
    assert (first.place, second.place) == ("1", "2")
    assert "Kafka Streams was wrong after the fault" in answer(bundle)
    assert "Both engines came out right until the fault" in answer(bundle)


def test_the_terminal_has_the_reason_of_what_is_wrong_only_after_a_fault(tmp_path: Path) -> None:
    unsettled = hit_late(trend="the delay rises", trend_share=0.5)
    bundle = bundle_of(tmp_path, unsettled, replace(slow(), saturated=True))
    assert "(the reasons stand below the table)" in answer(bundle)
    printed = io.StringIO()
    Console(file=printed, width=200).print(render(bundle))
    assert "Kafka Streams is not ranked: not settled: the delay rises." in printed.getvalue()


def test_what_was_wrong_before_the_fault_is_wrong(tmp_path: Path) -> None:
    before = Damage(over_counted=1, windows=1)
    (stand,) = standings(bundle_of(tmp_path, hit_late(steady_damage=before)))
    assert (stand.status, stand.place) == (VariantStatus.WRONG, "")


def test_one_trial_wrong_after_the_fault_is_enough(tmp_path: Path) -> None:
    right = hit_trial(1, "kafka-streams", [recovery(2)])
    (stand,) = standings(bundle_of(tmp_path, right, hit_late(), right, repeats=3))
    assert (stand.status, stand.words) == (
        VariantStatus.WRONG_AFTER,
        "wrong after the fault in 1 of 3",
    )
    assert stand.place == "1"


def test_duplicates_after_a_fault_are_told_as_such(tmp_path: Path) -> None:
    doubled = Damage(duplicates=12, windows=1)
    after = hit_trial(1, "flink", [recovery(2, doubled)])
    (stand,) = standings(bundle_of(tmp_path / "after", after))
    assert stand.reason == "12 duplicates in 1 window after the fault"
    earlier = replace(after, steady_damage=replace(CLEAN, duplicates=2, windows=1))
    (stand,) = standings(bundle_of(tmp_path / "before", earlier))
    assert stand.reason == "12 duplicates in 1 window"


def test_what_repeats_did_is_told_though_the_first_did_nothing(tmp_path: Path) -> None:
    def hit(number: int, duplicates: int) -> TrialRecord:
        doubled = Damage(duplicates=duplicates, windows=min(duplicates, 1))
        return hit_trial(number, "flink", [recovery(2, doubled)])

    clean = hit_trial(1, "flink", [recovery(2)])
    (stand,) = standings(bundle_of(tmp_path / "two", clean, hit(2, 12), hit(3, 7), repeats=3))
    assert stand.reason == "e.g. 12 duplicates in 1 window after the fault, in 2 of 3 trials"
    (stand,) = standings(bundle_of(tmp_path / "one", clean, hit(2, 12), repeats=2))
    assert stand.reason == "12 duplicates in 1 window after the fault, in 1 of 2 trials"


def test_a_variant_that_was_not_reached_has_its_place(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, fast(), planned=tuple(TITLES))
    stands = standings(replace(bundle, run=replace(bundle.run, partial=True)))
    assert len(stands) == len(TITLES)
    assert {s.status for s in stands[1:]} == {VariantStatus.NOT_REACHED}


def test_the_answer_is_one_sentence_with_everybody_in_it(tmp_path: Path) -> None:
    said = answer(read_bundle(every_result(tmp_path)))
    assert said.endswith(".")
    assert ". " not in said
    assert all(title in said for title in TITLES.values())


def test_late_records_of_repeats_are_told_as_a_range_and_a_table_says_of_which_trial(
    tmp_path: Path,
) -> None:
    bundle = read_bundle(late_flights(tmp_path))
    first = bundle.trials[0]
    assert first.record.late is not None
    again = replace(first.record, number=9, late=replace(first.record.late, dropped=500))
    both = replace(bundle, trials=(*bundle.trials, replace(first, record=again)))
    assert "Flink SQL 12.8 % to 20.7 %" in answer(both)
    assert "the first of 2 trials" in markdown.render_document(compose(both))
    assert "Flink SQL 20.7 %," in answer(bundle)
    assert "the first of" not in markdown.render_document(compose(bundle))


def test_right_rows_without_valid_times_are_said_to_be_right_and_not_called_wrong(
    tmp_path: Path,
) -> None:
    late = Invalid("the load came late", verdict=RIGHT)
    bounded = Invalid("the load came late", verdict=replace(RIGHT, exact=False))
    late_one, spark = fast(outcome=late), completed(2, "spark", RIGHT, measures(5, 10, 20))
    none = SingleChapter(bundle_of(tmp_path / "none", late_one)).answer()
    assert "No engine came out right with valid times" in none
    assert "all rows of Kafka Streams were right, but no time of them is valid" in none
    some = SingleChapter(bundle_of(tmp_path / "some", late_one, spark)).answer()
    assert "1 of 2 engines came out right with valid times" in some
    within = SingleChapter(bundle_of(tmp_path / "within", fast(outcome=bounded))).answer()
    assert "all rows of Kafka Streams were right within bounds" in within
    wrong = SingleChapter(
        bundle_of(tmp_path / "wrong", fast(outcome=Invalid("late", verdict=WRONG)))
    ).answer()
    assert "right" not in wrong.replace("No engine came out right", "")
    (met,) = requirements_of(bundle_of(tmp_path / "met", late_one), ["lost = 0"]).variants
    assert met.right
    (unmet,) = requirements_of(
        bundle_of(tmp_path / "unmet", fast(outcome=Invalid("late", verdict=WRONG))), ["lost = 0"]
    ).variants
    assert not unmet.right
