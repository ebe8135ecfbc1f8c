"""Pairs of sides: what is compared, what stands in for what, and what runs must have in common."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from streambench.analysis.compare import changed
from streambench.analysis.compare.comparison import Side, SideBySide, compare
from streambench.analysis.compare.conditions import parse_condition
from streambench.analysis.compare.difference import OF_CLOCKS, BetweenSessions, DifferenceVerdict
from streambench.analysis.compare.gates import GateState, judge_gate
from streambench.analysis.compare.sides import pairs_of, read_sides, refuse_strangers
from streambench.analysis.compare.strangers import Term, strangers
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Origin, Setting
from streambench.model.trial import Completed
from streambench.model.verdict import Damage, Verdict
from streambench.report.comparison.words import reach_words
from streambench.results.bundle import Bundle, read_bundle
from tests.report import example_recovery
from tests.report.example import HELD, RUN

from .bundles import bundle_of

STEADY = (30.0, 31.0, 29.5, 30.5, 30.2)
SLOWER = tuple(1.5 * value for value in STEADY)
NEXT = tuple(1.7 * value for value in STEADY)
SAME_HOUR = {("flink", "delay_p99_ms"): BetweenSessions(0.0, 1.0)}


def compared(first: Bundle, second: Bundle, *labels: str) -> SideBySide:
    one, other = labels or ("flink", "flink")
    return compare([(Side("A", first, one), Side("B", second, other))], SAME_HOUR)


def judged(comparison: SideBySide, key: str) -> DifferenceVerdict:
    (pair,) = comparison.pairs
    (row,) = [row for row in pair.rows if row.figure.key == key]
    return row.judged


def test_engines_of_one_run_and_variants_of_two_are_compared(tmp_path: Path) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY, "spark": SLOWER})
    assert judged(compared(one, one, "flink", "spark"), "delay_p99_ms") is DifferenceVerdict.WORSE
    other = bundle_of(tmp_path, {"flink": SLOWER})
    assert judged(compared(one, other), "delay_p99_ms") is DifferenceVerdict.WORSE
    assert judged(compared(other, one), "delay_p99_ms") is DifferenceVerdict.BETTER
    # Without a word on how far runs lie apart nothing is told of two of them.
    apart = compare([(Side("A", one, "flink"), Side("B", other, "flink"))])
    assert judged(apart, "delay_p99_ms") is DifferenceVerdict.ALIKE


def test_what_one_engines_runs_have_in_common_says_nothing_of_anothers(tmp_path: Path) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY})
    other = bundle_of(tmp_path, {"spark": SLOWER})
    assert judged(compared(one, other, "flink", "spark"), "delay_p99_ms") is DifferenceVerdict.ALIKE
    both = {**SAME_HOUR, ("spark", "delay_p99_ms"): BetweenSessions(0.01, 20.0)}
    known = compare([(Side("A", one, "flink"), Side("B", other, "spark"))], both)
    assert judged(known, "delay_p99_ms") is DifferenceVerdict.WORSE


def test_the_slowest_window_stands_in_for_a_tail_that_was_not_earned(tmp_path: Path) -> None:
    few = bundle_of(tmp_path, {"flink": STEADY}, trial={"measured_windows": 60})
    many = bundle_of(tmp_path, {"flink": STEADY})
    keys = {row.figure.key for row in compared(few, many).pairs[0].primary}
    assert keys == {"delay_max_ms"}
    keys = {row.figure.key for row in compared(many, many).pairs[0].primary}
    assert keys == {"delay_p99_ms"}


def test_what_was_not_right_is_not_compared_and_says_so(tmp_path: Path) -> None:
    wrong = Verdict(100, 90, Damage(lost=10), (), False, False, True)
    bad = bundle_of(tmp_path, {"flink": STEADY}, trial={"outcome": Completed(wrong)})
    good = bundle_of(tmp_path, {"flink": STEADY})
    found = compared(good, bad)
    (row,) = found.pairs[0].primary
    assert row.judged is DifferenceVerdict.NOT_COMPARABLE
    assert row.why is not None
    assert row.why.startswith("B: wrong")
    gate = judge_gate(parse_condition("lost"), found.pairs[0])
    assert (gate.state, gate.why) == (GateState.BROKEN, "lost: 50 rows")
    assert judge_gate(parse_condition("p99 > +10%"), found.pairs[0]).state is GateState.UNKNOWN


@pytest.mark.parametrize(
    ("changed", "term", "what"),
    [
        ({"rate_per_s": 40_000}, Term.LOAD, "rate"),
        ({"seed": 2}, Term.LOAD, "seed"),
        ({"trace_sha256": "ef" * 32}, Term.LOAD, "bytes (SHA-256)"),
        ({"method": 1}, Term.METHOD, "version of the method"),
        ({"measured_s": 30}, Term.LENGTH, "measured part"),
        ({"faults": ("worker-kill@25s",)}, Term.FAULTS, "faults"),
        ({"environment": {**RUN.environment, "memory": "8 GiB"}}, Term.MACHINE, "memory"),
        ({"environment": {**RUN.environment, "Java build": "x"}}, Term.JVM, "Java build"),
        ({"workload_text": "[query]\nwindow = 1"}, Term.WORKLOAD, "query.window"),
        ({"conditions": Conditions(workers=3)}, Term.CONDITIONS, "workers"),
        (
            {"conditions": Conditions(guarantee=Guarantee.EXACTLY_ONCE)},
            Term.GUARANTEE,
            "guarantee",
        ),
    ],
)
def test_strangers_are_refused_by_name_with_both_values(
    tmp_path: Path, changed: dict[str, object], term: Term, what: str
) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY})
    other = bundle_of(tmp_path, {"flink": STEADY}, run=changed)
    found = [each for each in strangers(one, other) if each.what == what]
    assert [each.term for each in found] == [term]
    assert found[0].first != found[0].second
    pairs = ((Side("A", one, "flink"), Side("B", other, "flink")),)
    with pytest.raises(UsageError) as told:
        refuse_strangers(pairs, frozenset())
    assert f"{what}: {found[0].first} and {found[0].second}" in told.value.message
    assert term.value in (told.value.hint or "")
    refuse_strangers(pairs, frozenset(each.term for each in strangers(one, other)))


def test_comments_of_a_workload_are_no_difference(tmp_path: Path) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY}, run={"workload_text": "a = 1"})
    other = bundle_of(tmp_path, {"flink": STEADY}, run={"workload_text": "a = 1  # once"})
    assert strangers(one, other) == ()


def test_another_speed_of_the_machine_is_a_finding_of_its_own(tmp_path: Path) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY})
    slower = bundle_of(tmp_path, {"flink": STEADY}, gauge_us=14.0)
    (found,) = strangers(one, slower)
    assert found.term is Term.SPEED
    assert found.said == "the second run's machine did the same fixed work 1.4 times slower"
    # Who allows another machine allows that it is faster.
    pairs = ((Side("A", one, "flink"), Side("B", slower, "flink")),)
    refuse_strangers(pairs, frozenset({Term.MACHINE}))


def test_trials_at_several_speeds_count_where_that_is_allowed(tmp_path: Path) -> None:
    quick = bundle_of(tmp_path, {"flink": STEADY, "spark": SLOWER})
    odd = {**quick.trials[0].record.measures, "player_cpu_us_per_request": 30.0}
    mixed = replace(
        quick,
        trials=tuple(
            replace(trial, record=replace(trial.record, measures=odd)) if at % 2 else trial
            for at, trial in enumerate(quick.trials)
        ),
    )
    sides = [(Side("A", mixed, "flink"), Side("B", mixed, "spark"))]
    assert judged(compare(sides), "delay_p99_ms") is DifferenceVerdict.NOT_COMPARABLE
    allowed = compare(sides, any_speed=True)
    assert judged(allowed, "delay_p99_ms") is not DifferenceVerdict.NOT_COMPARABLE
    assert any("speed" in (each.said or "") for each in allowed.pairs[0].strange)


def test_late_times_are_compared(tmp_path: Path) -> None:
    folder = example_recovery.bundle_with(
        tmp_path,
        example_recovery.hit_trial(1, "flink", [example_recovery.undisturbed()]),
        example_recovery.hit_trial(2, "kafka-streams", [example_recovery.undisturbed()]),
    )
    bundle = read_bundle(folder)
    found = compared(bundle, bundle, "flink", "kafka-streams")
    labels = [row.figure.label for row in found.pairs[0].primary]
    assert any(label.startswith("late time after") for label in labels)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("p99 > +10%", GateState.BROKEN),
        ("p99 > +300%", GateState.HELD),
        ("p99 > 10ms", GateState.BROKEN),
        ("p99 > 5s", GateState.HELD),
        ("p99 < 10ms", GateState.HELD),
        ("lost", GateState.HELD),
        ("rate < -5%", GateState.UNKNOWN),
        ("late_time > 5s", GateState.UNKNOWN),
    ],
)
def test_a_gate_looks_at_the_bound(tmp_path: Path, text: str, state: GateState) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY, "spark": SLOWER})
    (pair,) = compared(one, one, "flink", "spark").pairs
    assert judge_gate(parse_condition(text), pair).state is state


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        ("p99 > 1s", GateState.HELD, ""),
        ("p99 > 10ms", GateState.BROKEN, ""),
        ("p99 > 59ms", GateState.NOT_SHOWN, "clocks may have it off by -10 to +10 ms"),
        ("p99 > 45ms", GateState.NOT_SHOWN, "clocks may have it off by -10 to +10 ms"),
        ("p99 > +300%", GateState.HELD, ""),
        ("p99 > +10%", GateState.NOT_SHOWN, OF_CLOCKS),  # without clocks it is broken
    ],
)
def test_a_gate_is_broken_only_wherever_the_clocks_were(
    tmp_path: Path, text: str, state: GateState, words: str
) -> None:
    doubt = replace(HELD, clocks=(ClockBound(RUN_HOST_CLOCK, "here", -10.0, 10.0, 0),))
    one = bundle_of(tmp_path, {"flink": STEADY, "spark": NEXT}, trial={"certificate": doubt})
    (pair,) = compared(one, one, "flink", "spark").pairs
    found = judge_gate(parse_condition(text), pair)
    assert found.state is state, found.why
    assert words in found.why
    (p99,) = (row for row in pair.primary if row.figure.key == "delay_p99_ms")
    assert p99.judged is DifferenceVerdict.ALIKE
    assert p99.difference is not None
    assert reach_words(p99.difference) == OF_CLOCKS
    first = p99.difference.first
    assert first.low is not None
    assert first.high is not None
    assert first.low < STEADY[0] - 10 < STEADY[0] + 10 < first.high


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("rate < 250k", GateState.HELD),  # 279,000 were confirmed
        ("rate < 300k", GateState.NOT_SHOWN),
        ("rate < 320k", GateState.BROKEN),  # at which it fell behind
        ("rate < -5%", GateState.UNKNOWN),  # the other side was not ranked
    ],
)
def test_a_gate_on_a_rate_goes_by_what_a_search_showed(text: str, state: GateState) -> None:
    one = read_bundle(Path(__file__).parents[3] / "results" / "example-find-rate")
    (pair,) = compared(one, one, "flink", "kafka-python").pairs
    assert judge_gate(parse_condition(text), pair).state is state


def test_what_is_not_told_apart_never_breaks_a_gate_and_says_what_would_show_it(
    tmp_path: Path,
) -> None:
    wide = (20.0, 45.0, 31.0, 60.0, 25.0)
    one = bundle_of(tmp_path, {"flink": wide, "spark": tuple(reversed(wide))})
    (pair,) = compared(one, one, "flink", "spark").pairs
    found = judge_gate(parse_condition("p99 > +10%"), pair)
    assert found.state is GateState.NOT_SHOWN
    assert "repeats a side would" in found.why


def test_sides_are_found_by_folder_and_label(tmp_path: Path) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY, "spark": SLOWER})
    other = bundle_of(tmp_path, {"flink": SLOWER})
    pairs = pairs_of(read_sides((str(one.folder), str(other.folder))))
    assert [(first.label, second.label) for first, second in pairs] == [("flink", "flink")]
    pairs = pairs_of(read_sides((f"{one.folder}:flink", f"{one.folder}:spark")))
    assert [(first.letter, second.letter) for first, second in pairs] == [("A", "B")]
    three = pairs_of(read_sides((f"{one.folder}:flink", str(other.folder), f"{one.folder}:spark")))
    assert [second.letter for _, second in three] == ["B", "C"]


@pytest.mark.parametrize(
    ("sides", "words"),
    [
        (("{one}",), "needs two sides"),
        (("{one}:flnk", "{one}:spark"), "has no variant flnk"),
        (("{one}:flink", "{one}:flink"), "are the same"),
        (("{one}", "{none}"), "is not a run bundle"),
        (("{one}", "{spark}"), "no variant is in both"),
    ],
)
def test_sides_that_cannot_be_are_told(tmp_path: Path, sides: tuple[str, ...], words: str) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY, "kafka-streams": SLOWER}).folder
    spark = bundle_of(tmp_path, {"spark": STEADY}).folder
    texts = tuple(each.format(one=one, spark=spark, none=tmp_path / "none") for each in sides)
    with pytest.raises(UsageError, match=words):
        pairs_of(read_sides(texts))


def test_more_sides_than_letters_are_refused_and_not_dropped(tmp_path: Path) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY, "spark": STEADY}).folder
    with pytest.raises(UsageError, match="27 sides were given"):
        read_sides((f"{one}:flink",) * 27)


def test_a_copy_of_a_run_is_the_same_run(tmp_path: Path) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY, "spark": SLOWER}).folder
    copy = tmp_path / "copy"
    shutil.copytree(one, copy)
    with pytest.raises(UsageError, match="are the same run"):
        pairs_of(read_sides((str(one), str(copy))))
    across = pairs_of(read_sides((f"{one}:flink", f"{copy}:spark")))
    assert judged(compare(across), "delay_p99_ms") is DifferenceVerdict.WORSE


def test_a_gate_against_another_run_is_not_known_where_nothing_tells_runs_apart(
    tmp_path: Path,
) -> None:
    one = bundle_of(tmp_path, {"flink": STEADY})
    other = bundle_of(tmp_path, {"flink": tuple(10 * value for value in STEADY)})
    (pair,) = compare([(Side("A", one, "flink"), Side("B", other, "flink"))]).pairs
    assert judge_gate(parse_condition("p99 > +10%"), pair).state is GateState.UNKNOWN
    # The second side's own value needs no other.
    assert judge_gate(parse_condition("p99 > 100ms"), pair).state is GateState.BROKEN


def test_a_gate_on_a_value_asks_the_second_side_alone(tmp_path: Path) -> None:
    wrong = Verdict(100, 90, Damage(lost=10), (), False, False, True)
    bad = bundle_of(tmp_path, {"flink": STEADY}, trial={"outcome": Completed(wrong)})
    good = bundle_of(tmp_path, {"flink": STEADY})
    (pair,) = compared(bad, good).pairs
    found = judge_gate(parse_condition("memory > 100MiB"), pair)
    assert found.state is GateState.BROKEN
    assert "engine memory peak 751" in found.why


def test_what_a_missing_record_hides_is_not_known(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path, {"flink": STEADY, "spark": SLOWER}).folder
    gone = sorted(folder.glob("trials/*-spark"))[1]
    (gone / "trial.json").unlink()
    one = read_bundle(folder)
    (pair,) = compared(one, one, "flink", "spark").pairs
    assert judge_gate(parse_condition("over_counted"), pair).state is GateState.UNKNOWN


def test_a_curve_is_held_only_where_every_point_is(tmp_path: Path) -> None:
    folder = Path(__file__).parents[3] / "results" / "example-rates"
    (pair,) = compare(pairs_of(read_sides((f"{folder}:flink", f"{folder}:kafka-streams")))).pairs
    found = judge_gate(parse_condition("p99 > 500s"), pair)
    assert found.state is GateState.UNKNOWN
    assert "of 8 such figures" in found.why


def test_between_versions_what_changed_in_effect_is_listed(tmp_path: Path) -> None:
    def version(number: str, value: str) -> Bundle:
        variant = Variant("flink", number, pinned=True)
        settings = (Setting("job", "buffer.timeout", value, Origin.ENGINE_DEFAULT, None),)
        return bundle_of(
            tmp_path,
            {"flink": STEADY},
            run={"planned": (variant.label,)},
            trial={"variant": variant, "settings": settings},
        )

    old, new = version("1.0", "5 ms"), version("2.0", "100 ms")
    sides = [(Side("A", old, "flink@1.0"), Side("B", new, "flink@2.0"))]
    changed = {
        each.name: (each.first, each.second) for each in compare(sides).pairs[0].differing.settings
    }
    assert changed == {"version": ("1.0", "2.0"), "job buffer.timeout": ("5 ms", "100 ms")}


def test_single_trials_are_not_called_tested(tmp_path: Path) -> None:
    one = bundle_of(tmp_path, {"flink": (30.0,), "spark": (40.0,)})
    assert compared(one, one, "flink", "spark").tests == 0


def of_version(tmp_path: Path, version: str, *names: str) -> Bundle:
    variant = Variant("kafka-streams", version, pinned=True)
    settings = tuple(Setting("kafka-streams", name, "1", Origin.FAIRNESS_RULE) for name in names)
    return bundle_of(
        tmp_path,
        {"kafka-streams": STEADY},
        run={"planned": (variant.label,)},
        trial={
            "variant": variant,
            "settings": settings or (Setting("jvm", "x", "1", Origin.USER),),
        },
    )


def moved_between(old: Bundle, new: Bundle) -> dict[str, tuple[str | None, str | None]]:
    ((first,), (second,)) = old.labels, new.labels
    (pair,) = compare([(Side("A", old, first), Side("B", new, second))]).pairs
    found = pair.differing
    return {each.name: (each.first, each.second) for each in (*found.defaults, *found.added)}


@pytest.fixture
def defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "1.0": {"poll.ms": "100", "consumer fetch.min.bytes": "1", "gone": "7"},
        "2.0": {"poll.ms": "50", "consumer fetch.min.bytes": "1000", "new": None},
    }
    monkeypatch.setattr(changed, "defaults_of", lambda engine, version: known.get(version))


@pytest.mark.usefixtures("defaults")
def test_defaults_that_moved_between_two_versions_are_listed(tmp_path: Path) -> None:
    old, new = of_version(tmp_path, "1.0"), of_version(tmp_path, "2.0")
    assert moved_between(old, new) == {
        "consumer fetch.min.bytes": ("1", "1000"),
        "gone": ("7", None),
        "poll.ms": ("100", "50"),
    }
    assert moved_between(new, new) == {}
    assert moved_between(of_version(tmp_path, "0.9"), new) == {}


@pytest.mark.usefixtures("defaults")
def test_a_default_that_both_sides_set_has_not_moved_for_them(tmp_path: Path) -> None:
    names = ("poll.ms", "main.consumer.fetch.min.bytes")
    both = of_version(tmp_path, "1.0", *names), of_version(tmp_path, "2.0", *names)
    assert moved_between(*both) == {"gone": ("7", None)}
    one = of_version(tmp_path, "1.0", *names), of_version(tmp_path, "2.0")
    assert "poll.ms" in moved_between(*one)
