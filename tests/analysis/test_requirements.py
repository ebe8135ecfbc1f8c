"""What a user requires against what was measured: met, not met, not known, and the cheapest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from streambench.analysis import requirements
from streambench.analysis.compare.difference import Sample
from streambench.analysis.compare.figures import measured
from streambench.analysis.compare.gates import figures_named
from streambench.analysis.requirements import (
    Fit,
    Fitted,
    parse_requirement,
    requirements_of,
)
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound, UnknownClock
from streambench.model.conditions import ForeignKafka
from streambench.model.errors import UsageError
from streambench.model.trial import Completed
from streambench.model.verdict import Damage, Verdict
from streambench.report.sections.fits import fits_section, fits_words
from streambench.results.bundle import Bundle, read_bundle
from tests.analysis.compare.bundles import bundle_of
from tests.report import example_recovery
from tests.report.example import HELD, RUN

STEADY = (30.0, 31.0, 29.5, 30.5, 30.2)
KEPT_UP = {
    "lag_slope_ms_per_s": 0.1,
    "lag_slope_lower_ms_per_s": -1.0,
    "lag_slope_upper_ms_per_s": 1.0,
    "backlog_end_ms": 0.0,
}


def fitted(bundle: Bundle, text: str) -> Fitted:
    found = requirements_of(bundle, (text,))
    return found.variants[0].fitted[0]


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("delay_p99 < 500ms", Fit.MET),
        ("delay_p99 < 20ms", Fit.NOT_MET),
        ("delay_p99 < 30.2ms", Fit.NOT_KNOWN),  # the bound lies within the interval
        ("memory < 1GiB", Fit.MET),
        ("memory < 100MiB", Fit.NOT_MET),
        ("first_result < 60s", Fit.MET),
        ("lost = 0", Fit.MET),
        ("lost", Fit.MET),
        ("duplicates < 10", Fit.MET),
        ("late_time < 5s", Fit.NOT_KNOWN),
        ("drain > 1M", Fit.NOT_KNOWN),
    ],
)
def test_a_requirement_is_met_only_where_the_whole_interval_does(
    tmp_path: Path, text: str, fit: Fit
) -> None:
    found = fitted(bundle_of(tmp_path, {"flink": STEADY}), text)
    assert found.fit is fit, found.why
    assert (found.hint is not None) is (fit is Fit.NOT_KNOWN)


def test_what_is_met_says_by_how_much_and_by_how_many_trials(tmp_path: Path) -> None:
    found = fitted(bundle_of(tmp_path, {"flink": STEADY}), "delay_p99 < 500ms")
    assert "in 5 trials" in found.why
    assert "ms to spare" in found.why


def test_one_trial_tells_only_what_lies_beyond_the_factor_of_single_trials(tmp_path: Path) -> None:
    one = bundle_of(tmp_path, {"flink": (30.0,)})
    assert fitted(one, "delay_p99 < 500ms").fit is Fit.MET
    assert fitted(one, "delay_p99 < 50ms").fit is Fit.NOT_KNOWN
    # How far single trials differ in memory is not measured.
    assert fitted(one, "memory < 100GiB").fit is Fit.NOT_KNOWN


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("delay_p99 < 50ms", Fit.MET),
        ("delay_p99 < 41ms", Fit.NOT_KNOWN),  # it may be 40 ms and more
        ("delay_p99 < 27ms", Fit.NOT_KNOWN),  # it may be 26 ms and less
        ("delay_p99 < 20ms", Fit.NOT_MET),
    ],
)
def test_a_requirement_is_met_only_wherever_the_clocks_were(
    tmp_path: Path, text: str, fit: Fit
) -> None:
    # What was measured is 10 ms too little, or 5 ms too much, or anything between.
    doubt = replace(HELD, clocks=(ClockBound(RUN_HOST_CLOCK, "here", -5.0, 10.0, 0),))
    bundle = bundle_of(tmp_path, {"flink": STEADY}, trial={"certificate": doubt})
    found = fitted(bundle, text)
    assert found.fit is fit, found.why
    assert ("clocks may have it off by -10 to +5 ms" in found.why) is (fit is Fit.NOT_KNOWN)
    assert found.hint is None  # more trials by these clocks would not tell


def test_by_clocks_of_which_nothing_is_known_no_delay_is_required(tmp_path: Path) -> None:
    unknown = replace(HELD, unknown_clocks=(UnknownClock(None, "no topic could be made"),))
    bundle = bundle_of(tmp_path / "a", {"flink": STEADY}, trial={"certificate": unknown})
    assert fitted(bundle, "delay_p99 < 50s").fit is Fit.NOT_KNOWN
    # As it was before brokers' clocks were compared.
    elsewhere = replace(RUN.conditions, foreign_kafka=ForeignKafka("kafka.example:9092"))
    bundle = bundle_of(tmp_path / "b", {"flink": STEADY}, run={"conditions": elsewhere})
    found = fitted(bundle, "delay_p99 < 50s")
    assert found.fit is Fit.NOT_KNOWN
    assert "was not measured" in found.why


def test_a_rate_is_met_by_a_load_that_was_borne(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, {"flink": STEADY})
    borne = replace(
        bundle,
        trials=tuple(
            replace(
                trial,
                record=replace(trial.record, measures={**trial.record.measures, **KEPT_UP}),
            )
            for trial in bundle.trials
        ),
    )
    assert fitted(borne, "rate > 15k").fit is Fit.MET
    higher = fitted(borne, "rate > 50k")
    assert (higher.fit, higher.hint) == (Fit.NOT_KNOWN, "streambench find-rate clicks")


def test_a_curve_tells_a_rate_and_nothing_that_differs_along_it() -> None:
    curve = read_bundle(Path(__file__).parents[2] / "results" / "example-rates")
    found = requirements_of(curve, ("rate > 50k", "rate > 500k", "delay_p99 < 500ms", "lost = 0"))
    fits = {each.label: [one.fit for one in each.fitted] for each in found.variants}
    unknown = Fit.NOT_KNOWN
    assert fits["flink"] == [Fit.MET, Fit.MET, unknown, Fit.MET]
    assert fits["spark"] == [Fit.MET, unknown, unknown, Fit.MET]


@pytest.mark.parametrize(
    ("label", "asked", "fit"),
    [
        ("kafka-python", "rate > 250k", Fit.MET),  # 279,000 were confirmed
        ("kafka-python", "rate > 300k", Fit.NOT_KNOWN),
        ("kafka-python", "rate > 320k", Fit.NOT_MET),  # at which it fell behind
        ("spark", "rate > 250k", Fit.MET),
        ("spark", "rate > 320k", Fit.NOT_KNOWN),  # it fell behind at none
    ],
)
def test_a_search_tells_a_rate_by_what_was_confirmed_and_what_fell_behind(
    label: str, asked: str, fit: Fit
) -> None:
    search = read_bundle(Path(__file__).parents[2] / "results" / "example-find-rate")
    (variant,) = (one for one in requirements_of(search, (asked,)).variants if one.label == label)
    assert variant.fitted[0].fit is fit, variant.fitted[0].why
    assert ("fell behind at 320,000" in variant.fitted[0].why) == (label == "kafka-python")


def test_lost_rows_are_counted_also_of_an_engine_that_is_not_ranked(tmp_path: Path) -> None:
    wrong = Verdict(100, 90, Damage(lost=10), (), False, False, True)
    bundle = bundle_of(tmp_path, {"flink": STEADY}, trial={"outcome": Completed(wrong)})
    assert fitted(bundle, "lost = 0").fit is Fit.NOT_MET
    assert fitted(bundle, "delay_p99 < 500ms").fit is Fit.NOT_KNOWN


def test_the_cheapest_of_those_that_meet_all_is_named_and_nobody_else(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, {"flink": STEADY, "spark": tuple(50 * v for v in STEADY)})
    both = requirements_of(bundle, ("lost = 0",))
    assert len(both.meeting) == 2
    assert "least CPU" in fits_words(both)
    one = requirements_of(bundle, ("lost = 0", "delay_p99 < 500ms"))
    assert fits_words(one) == "Flink SQL meets all that is required."
    none = requirements_of(bundle, ("delay_p99 < 1ms",))
    assert fits_words(none) == "None meets all that is required."
    unknown = requirements_of(bundle, ("late_time < 5s",))
    assert fits_words(unknown).startswith("None is shown to meet all. It is not excluded for")


def test_the_table_stands_first_and_only_where_something_was_required(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, {"flink": STEADY})
    assert fits_section(bundle) is None
    asked = replace(bundle, run=replace(bundle.run, requirements=("lost = 0",)))
    section = fits_section(asked)
    assert section is not None
    assert section.title == "Which one fits?"


@pytest.mark.parametrize("text", ["p99 < +10%", "p9 < 5ms", "p99", "late_time < 50k"])
def test_what_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_requirement(text)


def test_wrong_results_meet_nothing_and_a_difference_by_chance_names_no_cheapest(
    tmp_path: Path,
) -> None:
    wrong = Verdict(100, 90, Damage(over_counted=10), (), False, False, True)
    bad = bundle_of(tmp_path, {"flink": STEADY}, trial={"outcome": Completed(wrong)})
    said = fits_words(requirements_of(bad, ("lost = 0",)))
    assert "None meets all" in said
    assert "Not every result of Flink SQL was right" in said
    same = bundle_of(tmp_path, {"flink": STEADY, "spark": STEADY})
    assert "is not told apart from" in fits_words(requirements_of(same, ("lost = 0",)))


def test_what_a_missing_record_hides_is_not_known(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path, {"flink": STEADY}).folder
    (sorted(folder.glob("trials/*"))[1] / "trial.json").unlink()
    assert fitted(read_bundle(folder), "lost = 0").fit is Fit.NOT_KNOWN


def test_the_command_that_would_tell_is_of_the_same_terms(tmp_path: Path) -> None:
    asked = "streambench run clicks --guarantee exactly-once --repeat 5 --out somewhere"
    bundle = bundle_of(tmp_path, {"flink": (30.0,)}, run={"command": asked, "repeats": 5})
    hint = fitted(bundle, "delay_p99 < 50ms").hint
    assert hint == "streambench run clicks --guarantee exactly-once --repeat 10"
    late = fitted(bundle, "late_time < 5s").hint
    assert late == (
        "streambench run clicks --guarantee exactly-once --fault worker-kill@25s --repeat 10"
    )


def test_late_time_is_required_after_every_fault_and_a_burst_has_none(tmp_path: Path) -> None:
    kill, burst = example_recovery.undisturbed(), example_recovery.burst(3.0, 30_000.0)
    folder = example_recovery.bundle_with(
        tmp_path, example_recovery.hit_trial(1, "flink", [kill, burst])
    )
    figures = measured(read_bundle(folder), "flink")
    assert [each.figure.label for each in figures_named("late_time", figures)] == [
        "late time after worker-kill"
    ]
    # One that is met says nothing for another that is not known.
    (late,) = figures_named("late_time", figures)
    known = replace(late, sample=Sample((100.0, 110.0, 105.0), (1, 2, 3), "a"))
    unknown = replace(late, sample=None, why="it was not over within the trial")
    bundle = read_bundle(folder)
    with patch.object(requirements, "figures_named", return_value=[known, unknown]):
        assert fitted(bundle, "late_time < 5s").fit is Fit.NOT_KNOWN
        assert fitted(bundle, "late_time < 10ms").fit is Fit.NOT_MET
