"""How long results were late, what that is worth, and what is said where something is not known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from streambench.analysis.hits import records_at_once
from streambench.analysis.phases import RecoveryPhase
from streambench.analysis.published.recoveries import fault_results
from streambench.analysis.recoveries import Recovered, recovered
from streambench.model.conditions import Profile
from streambench.model.fault import FaultKind, Recovery
from streambench.model.trial import TrialRecord
from streambench.model.verdict import Damage
from streambench.report import markdown
from streambench.report.compose import answer, compose
from streambench.report.document import Document, Grid, Section
from streambench.report.sections.recovery import recovery_sections
from streambench.report.sections.recovery_terms import profile_words, restart_words
from streambench.report.sections.verdict import recovery_columns
from streambench.report.words.faults import fault_words
from streambench.report.words.recoveries import recovery_sentence
from streambench.results.bundle import Bundle, read_bundle

from .example import RUN, every_result
from .example_recovery import (
    BURST,
    COURSES,
    KILL,
    OVER,
    bundle_with,
    burst,
    course_tables,
    faulted,
    faulted_exactly_once,
    hidden,
    hit_trial,
    kill,
    never_back,
    not_run,
    recovery,
    thrice_killed,
    undisturbed,
)

KAFKA, FLINK, PYTHON = "kafka-streams", "flink", "kafka-python"


def bundle_of(tmp_path: Path, *records: TrialRecord, **changes: object) -> Bundle:
    return read_bundle(bundle_with(tmp_path, *records, **changes))


def one(tmp_path: Path, record: TrialRecord, kind: FaultKind = KILL) -> Recovered:
    return recovered(bundle_of(tmp_path, record), kind)[0]


def places(bundle: Bundle, kind: FaultKind = KILL) -> Mapping[str, str]:
    return {each.standing.label: each.place for each in recovered(bundle, kind)}


def said(bundle: Bundle, kind: FaultKind = KILL) -> str:
    return recovery_sentence(recovered(bundle, kind))


def section(bundle: Bundle, anchor: str = "recovery") -> Section:
    return next(s for s in recovery_sections(bundle) if s.anchor == anchor)


def words_of(bundle: Bundle, anchor: str = "recovery") -> str:
    parts = section(bundle, anchor)
    return markdown.render_document(Document("", "", "", (), (), (parts,)))


def cells(bundle: Bundle, which: int = 0) -> Mapping[str, Mapping[str, str]]:
    """Cells of a table (0: results, 1: phases) with their notes, by engine and heading."""
    grid = [b for b in section(bundle).blocks if isinstance(b, Grid)][which]
    heads = [column.label for column in grid.columns]
    return {
        row.cells[heads.index("engine")].text: {
            head: f"{cell.text} ({cell.note})" if cell.note else cell.text
            for head, cell in zip(heads, row.cells, strict=False)
        }
        for row in grid.rows
    }


# --- the sentence and the ranking ---


def test_a_sentence_says_who_was_late_for_how_long_and_who_did_damage(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path,
        hit_trial(1, FLINK, [recovery(3.1, Damage(duplicates=100, windows=2))]),
        hit_trial(2, KAFKA, [recovery(2.4)]),
    )
    assert said(bundle) == (
        "After a worker was killed, Kafka Streams had late results for 2.40 s of the load, Flink SQL "
        "for 3.10 s (Kafka Streams and Flink SQL are not told apart); Flink SQL wrote 100 rows twice; "
        "nobody lost or miscounted a row."
    )


def test_what_lost_or_miscounted_is_shown_and_not_ranked(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path,
        hit_trial(1, KAFKA, [recovery(1.0, OVER)]),
        hit_trial(2, FLINK, [recovery(3.1)]),
        hit_trial(3, PYTHON, [recovery(2.0, Damage(lost=3, windows=1))]),
    )
    assert places(bundle) == {FLINK: "1", KAFKA: "", PYTHON: ""}
    table = cells(bundle)
    assert "not ranked: 24 over-counted" in table["Kafka Streams"]["engine"]
    assert "not ranked: 3 lost" in table["Python consumer"]["engine"]
    assert table["Kafka Streams"]["late time, s"] == "1.00 (band 0.06)"
    assert "Kafka Streams over-counted 24 rows; Python consumer lost 3 rows; nobody else" in said(
        bundle
    )


def repeated(label: str, first: int, *late_s: float) -> list[TrialRecord]:
    """A trial for each late time; the number of the trial is its round."""
    trials = [hit_trial(first + n, label, [recovery(s)]) for n, s in enumerate(late_s)]
    return [replace(trial, round=n) for n, trial in enumerate(trials, 1)]


def pair(tmp_path: Path, kafka_s: tuple[float, ...], flink_s: tuple[float, ...]) -> Bundle:
    records = [*repeated(KAFKA, 1, *kafka_s), *repeated(FLINK, 50, *flink_s)]
    bundle = bundle_of(tmp_path, *records, repeats=len(kafka_s))
    # Windows tell how fine a late time can be.
    for trial in bundle.trials:
        pq.write_table(course_tables(COURSES["flink"])["windows"], trial.folder / "windows.parquet")
    return bundle


def test_within_one_window_engines_are_not_told_apart(tmp_path: Path) -> None:
    near = pair(tmp_path / "near", (3.0, 3.01, 3.02), (3.4, 3.41, 3.42))
    assert places(near) == {KAFKA: "1=", FLINK: "1="}
    assert "are not told apart" in said(near)
    far = pair(tmp_path / "far", (3.0, 3.01, 3.02), (3.6, 3.61, 3.62))
    assert places(far) == {KAFKA: "1", FLINK: "2"}
    assert "told apart" not in said(far)


def test_less_than_a_window_counts_as_one_so_that_none_can_be_ranked(tmp_path: Path) -> None:
    bundle = pair(tmp_path, (0.0, 0.0, 0.125), (0.25, 0.125, 0.25))
    assert places(bundle) == {KAFKA: "1=", FLINK: "1="}


def test_repeats_that_vary_more_than_they_differ_share_a_rank(tmp_path: Path) -> None:
    assert places(pair(tmp_path, (1, 2, 5), (2, 6, 4))) == {KAFKA: "1=", FLINK: "1="}


def test_a_single_trial_is_not_told_apart_while_nobody_knows_how_far_such_differ(
    tmp_path: Path,
) -> None:
    bundle = pair(tmp_path, (1,), (9,))
    assert places(bundle) == {KAFKA: "1=", FLINK: "1="}
    assert "One trial: not told apart" in words_of(bundle)


def test_the_trial_is_the_unit_its_hits_are_averaged(tmp_path: Path) -> None:
    spaced = [recovery(s, hit=kill(50_000.0 + 9_000 * n)) for n, s in enumerate((1, 2, 9))]
    each = one(tmp_path, hit_trial(1, KAFKA, spaced))
    assert each.values == (4_000,)
    assert each.deciding.median == 4_000


def test_a_bundle_of_the_earlier_method_is_told_as_one_and_gives_upper_bounds(
    tmp_path: Path,
) -> None:
    folder = faulted(tmp_path, method=1)
    for parts in folder.glob("trials/*/partitions.parquet"):
        parts.unlink()
    bundle = read_bundle(folder)
    kafka = next(each for each in recovered(bundle, KILL) if each.standing.label == KAFKA)
    late = read_bundle(faulted(tmp_path / "new")).trials[0].record.recoveries[0].late_time_ms
    assert late is not None
    assert kafka.deciding.median == 2 * late  # two of its four partitions kept flowing
    assert kafka.unranked is not None
    assert "upper bound" in kafka.unranked
    assert cells(bundle)["Kafka Streams"]["late time, s"].startswith("≤ 2.50")
    assert "Kafka Streams had late results for at most 2.50 s of the load" in said(bundle)
    assert any("version 1 of the method" in banner for banner in compose(bundle).banners)
    assert not any(
        "version" in banner
        for banner in compose(read_bundle(tmp_path / "new" / folder.name)).banners
    )


def test_a_cold_trial_or_one_that_was_wrong_before_is_not_ranked(tmp_path: Path) -> None:
    cold = hit_trial(1, KAFKA, [recovery(1)], cold=True)
    wrong = hit_trial(2, FLINK, [recovery(2)], steady_damage=Damage(lost=1, windows=1))
    by_label = {
        each.standing.label: each.unranked
        for each in recovered(bundle_of(tmp_path, cold, wrong), KILL)
    }
    assert by_label == {
        KAFKA: "cold: too short to be ranked",
        FLINK: "it was wrong before the fault",
    }


def test_nothing_is_ranked_in_a_quick_run_and_the_reason_is_said_once(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path, hit_trial(1, KAFKA, [recovery(1)]), hit_trial(2, FLINK, [recovery(2)]), quick=True
    )
    assert set(places(bundle).values()) == {""}
    assert said(bundle).count("not ranked: cold") == 1


def test_duplicates_disqualify_under_exactly_once_only(tmp_path: Path) -> None:
    doubled = Damage(duplicates=7, windows=1)
    assert one(tmp_path / "a", hit_trial(1, KAFKA, [recovery(1, doubled)])).place == "1"
    folder = faulted_exactly_once(tmp_path / "b")
    bundle = read_bundle(folder)
    record = bundle.trials[0].record
    twice = replace(record, recoveries=(replace(record.recoveries[0], damage=doubled),))
    hit = recovered(
        replace(bundle, trials=(replace(bundle.trials[0], record=twice), *bundle.trials[1:])), KILL
    )
    by_label = {each.standing.label: each.unranked for each in hit}
    assert by_label == {FLINK: "7 duplicates under exactly-once", KAFKA: None}


def test_an_engine_that_cannot_have_the_fault_keeps_its_place_with_the_reason(
    tmp_path: Path,
) -> None:
    bundle = bundle_of(
        tmp_path,
        hit_trial(1, FLINK, [recovery(2)]),
        not_run(KAFKA, "it has no coordinator process"),
    )
    text = words_of(bundle)
    assert text.count("Unsupported: it has no coordinator process") == 2  # phases and damage
    assert places(bundle) == {FLINK: "1", KAFKA: ""}
    assert "Kafka Streams" not in said(bundle)


# --- what is not known, or did not happen ---


def test_an_unknown_instant_is_a_dash_with_the_reason(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, hit_trial(1, KAFKA, [never_back()]))
    table = cells(bundle, 1)["Kafka Streams"]
    assert table["detected, s"] == "– (the engine does not say)"
    for head in ("worker back, s", "first timely output, s", "backlog gone, s", "back for good, s"):
        assert table[head] == "– (not within the trial)"
    table = cells(bundle)["Kafka Streams"]
    assert table["worst delay, s"] == "– (a window did not come)"
    assert table["late time, s"] == "23.50 or more (not over within the trial, band 0.06)"


def test_an_engine_that_never_came_back_is_not_ranked(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path, hit_trial(1, KAFKA, [never_back()]), hit_trial(2, FLINK, [recovery(9)])
    )
    assert places(bundle) == {FLINK: "1", KAFKA: ""}
    assert "Kafka Streams was still late at the end of the 24 s observed" in said(bundle)


def test_an_engine_without_a_late_window_says_so_and_is_first(tmp_path: Path) -> None:
    records = [hit_trial(n, FLINK, [recovery(2)]) for n in (1, 2)]
    records += [hit_trial(n, KAFKA, [undisturbed()]) for n in (3, 4)]
    bundle = bundle_of(tmp_path, *records, repeats=2)
    assert places(bundle) == {KAFKA: "1", FLINK: "2"}
    assert "Kafka Streams had no late window, Flink SQL had late results for 2.00 s" in said(bundle)
    assert cells(bundle, 1)["Kafka Streams"]["backlog gone, s"] == "– (no window was late)"
    assert cells(bundle)["Kafka Streams"]["late time, s"] == "0.00 (band 0.06)"


def test_a_band_that_hides_the_fault_makes_no_zero_and_no_rank(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path, hit_trial(1, KAFKA, [recovery(2)]), hit_trial(2, FLINK, [hidden()])
    )
    assert places(bundle) == {KAFKA: "1", FLINK: ""}
    table = cells(bundle)["Flink SQL"]
    assert table["late time, s"] == "– (not known, band 3.50)"
    assert "its band of 3.50 s hides a fault that could delay results by 2.00 s" in table["engine"]
    assert "the late time of Flink SQL is not known" in said(bundle)
    assert verdict_cells(bundle)["Flink SQL"] == "–"


def verdict_cells(bundle: Bundle) -> Mapping[str, str]:
    column = recovery_columns(bundle)[0]
    return {bundle.run.titles[label]: cell.text for label, cell in column.cells.items()}


def test_one_limit_for_all_stands_beside_each_ones_own_band(tmp_path: Path) -> None:
    bundle = read_bundle(faulted(tmp_path))
    table = cells(bundle)
    head = next(h for h in table["Flink SQL"] if h.startswith("late time beyond"))
    bands = [t.record.recoveries[0].band_ms for t in bundle.trials]
    assert head == f"late time beyond {max(bands) / 1000:.2f} s, s"
    assert table["Spark Structured Streaming"][head] == "5.00"  # its own band is the limit
    assert table["Flink SQL"][head] == "1.50"  # 3.50 by its own
    assert table["Kafka Streams"][head] == "0.00"  # what the fault did is known by its own band


def test_one_hit_without_a_return_counts_as_the_longest(tmp_path: Path) -> None:
    hits = [recovery(2), recovery(3), never_back()]
    spaced = [replace(r, hit=kill(50_000.0 + 9_000 * n)) for n, r in enumerate(hits)]
    each = one(tmp_path, hit_trial(1, KAFKA, spaced))
    assert each.phase(RecoveryPhase.TIMELY).median == 3_300
    assert each.phase(RecoveryPhase.TIMELY).high == math.inf
    assert each.phase(RecoveryPhase.TIMELY).missing == 1
    assert each.deciding.never
    assert each.unranked == "it was not over within the trial"
    cell = cells(bundle_of(tmp_path / "again", hit_trial(1, KAFKA, spaced)), 1)["Kafka Streams"]
    assert "not within the trial in 1 of 3" in cell["first timely output, s"]


# --- repeated hits ---


def test_repeats_give_median_range_and_exact_counts(tmp_path: Path) -> None:
    bundle = read_bundle(thrice_killed(tmp_path))
    kafka, flink, reference = recovered(bundle, KILL)
    assert (len(kafka.hits), len(flink.hits), len(reference.hits)) == (6, 6, 0)
    assert [struck.number for struck in flink.hits] == [1, 2, 3, 1, 2, 3]
    assert flink.damage == Damage(duplicates=360, windows=6)
    text = words_of(bundle)
    assert "**360** (40, 40, 40, 80, 80, 80)" in text
    assert len(flink.values) == 2
    assert flink.deciding.median == 4_000
    assert "4.04 (3.91 to 4.89)" in text
    assert "After a worker was killed (6 times each, medians over 2 trials)" in text
    assert "Late times are means over the hits of a trial and medians over the trials" in text
    assert "trial 2, hit 3" in text


def test_a_hit_is_looked_at_until_the_next_one(tmp_path: Path) -> None:
    record = hit_trial(1, KAFKA, [recovery(2, observed_ms=40_000.0), burst(1, 50_000.0)])
    struck = one(tmp_path, record).hits[0]
    assert struck.until_ms == pytest.approx(75_120 - 50_316)


# --- exactly-once, burst, terms, partitions ---


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (512, "exactly-once was put to the test: 512 rows of aborted transactions"),
        (0, "proves nothing about exactly-once: no transaction was aborted"),
        (None, "proves nothing about exactly-once: it is not known whether"),
    ],
)
def test_exactly_once_is_proved_only_by_an_aborted_transaction(
    tmp_path: Path, rows: int | None, words: str
) -> None:
    bundle = read_bundle(faulted_exactly_once(tmp_path, flink=rows, kafka_streams=1))
    assert f"Flink SQL: {words}" in words_of(bundle).replace("this run ", "")


def test_at_least_once_says_nothing_of_aborted_transactions(tmp_path: Path) -> None:
    assert "transaction was aborted" not in words_of(read_bundle(faulted(tmp_path)))


def test_a_burst_is_told_as_throughput(tmp_path: Path) -> None:
    bundle = read_bundle(faulted(tmp_path))
    part = section(bundle, "recovery-burst")
    assert part.title == "Throughput: 100,000 events at once"
    assert said(bundle, BURST).startswith(
        "After 100,000 events at once, Flink SQL had all results out after 0.45 s (223,000 events/s)"
    )
    grid = next(b for b in part.blocks if isinstance(b, Grid))
    assert [c.label for c in grid.columns if c.label.startswith(("detected", "worker"))] == []


def test_a_burst_takes_its_time_even_where_no_window_was_late(tmp_path: Path) -> None:
    each = one(tmp_path, hit_trial(1, KAFKA, [burst(0.4, 250_000.0, disturbed=False)]), BURST)
    assert each.deciding.median == 400
    assert "had all results out after 0.40 s" in recovery_sentence([each])
    unfinished = burst(1, None, disturbed=False)
    unfinished = replace(unfinished, caught_up_ms=None, back_for_good_ms=None)
    each = one(tmp_path / "unfinished", hit_trial(1, KAFKA, [unfinished]), BURST)
    assert each.deciding.never
    assert "did not have all results out within the 24 s observed" in recovery_sentence([each])


def test_the_events_of_a_burst_are_counted_without_the_usual_load(tmp_path: Path) -> None:
    bundle = read_bundle(faulted(tmp_path))
    struck = recovered(bundle, BURST)[0].hits[0]
    assert records_at_once(struck) == pytest.approx(100_000, abs=200)


def test_partitions_are_told_apart_where_some_kept_flowing(tmp_path: Path) -> None:
    text = words_of(bundle_of(tmp_path / "some", hit_trial(1, KAFKA, [recovery(2.4)])))
    assert "| Kafka Streams | hit 1 | 4.80 | kept flowing | 4.80 | kept flowing |" in text
    all_hit = recovery(2.4, partitions=recovery(2.4).partitions[::2])
    none = words_of(bundle_of(tmp_path / "none", hit_trial(1, KAFKA, [all_hit])))
    assert "kept flowing" not in none


def test_the_hits_are_recorded_with_process_instants_and_exit(tmp_path: Path) -> None:
    text = words_of(bundle_of(tmp_path, hit_trial(1, KAFKA, [recovery(2)])))
    assert (
        "| worker-2 | 4711 | 50.316 | 2025-11-24 16:00:50.316 | 0.01 | SIGKILL (9) | 216 | 846 |"
        in text
    )


def test_a_command_is_shown_with_its_end_and_nobody_is_named_as_hit(tmp_path: Path) -> None:
    def of_a_command(told: Recovery) -> Recovery:
        ran = kill(kind=FaultKind.COMMAND, victim=None, pids=(), exit_code=0)
        ran = replace(ran, command="kubectl delete pod taskmanager-1", output=("gone", "bye"))
        return replace(told, hit=ran, back_ms=None, could_delay_ms=None)

    bundle = bundle_of(
        tmp_path,
        hit_trial(1, KAFKA, [of_a_command(recovery(2))]),
        hit_trial(2, FLINK, [of_a_command(hidden())]),
    )
    assert section(bundle).title == "Recovery: a command of yours is run"
    assert said(bundle, FaultKind.COMMAND).startswith("After the command was run, ")
    text = words_of(bundle)
    ran = "| kubectl delete pod taskmanager-1 | 50.316 | 0.01 | exit 0 | gone \\| bye |"
    assert ran in text.replace("`", "")
    assert "| not known | – | 50.316 |" in text
    assert "worker back" not in cells(bundle, 1)["Kafka Streams"]
    assert "what the command took away is not known" in cells(bundle)["Flink SQL"]["engine"]
    (told,) = fault_results(bundle)
    hits = told.variants[0].hits
    assert told.fault is FaultKind.COMMAND
    assert (hits[0].victim, hits[0].exit_code, hits[0].command_output) == (None, 0, ("gone", "bye"))
    assert "worker_back" not in told.variants[0].phases


def test_the_terms_hold_only_what_decides_detection(tmp_path: Path) -> None:
    text = words_of(bundle_of(tmp_path, hit_trial(1, KAFKA, [recovery(2)])))
    assert "heartbeat.interval" in text
    assert "buffer.timeout" not in text
    assert "transaction.abort.timed.out.transaction.cleanup.interval.ms = 500" in text.replace(
        "\\", ""
    )
    assert "started again at once" in text
    assert "after a kill it must wait" not in text


def test_the_terms_say_who_takes_over(tmp_path: Path) -> None:
    said = "Flink has as many slots as it needs and no more."
    record = hit_trial(1, FLINK, [recovery(2)], recovery_terms=(said,))
    text = words_of(bundle_of(tmp_path, record, replace(record, round=2)))
    assert text.count(said) == 1


def test_profile_and_restart_policy_are_in_words() -> None:
    tuned = RUN.conditions
    assert profile_words(tuned).startswith("Profile tuned")
    assert profile_words(replace(tuned, profile=Profile.DEFAULTS)).startswith("Profile defaults")
    assert "never" in restart_words(replace(tuned, restart_delay_ms=None))
    assert "after 5.00 s" in restart_words(replace(tuned, restart_delay_ms=5_000))


def test_the_resolution_is_stated(tmp_path: Path) -> None:
    assert "Resolution: one window (0.50 s) and the 5 ms" in words_of(
        read_bundle(faulted(tmp_path))
    )


@pytest.mark.parametrize("kind", FaultKind)
def test_every_fault_has_its_words(kind: FaultKind) -> None:
    assert fault_words(kind).after.startswith("after ")


# --- the report as a whole ---


def test_without_a_fault_nothing_is_said_of_recovery(tmp_path: Path) -> None:
    bundle = read_bundle(every_result(tmp_path))
    document = compose(bundle)
    assert recovery_sections(bundle) == ()
    assert "recovery" not in {part.anchor for part in document.sections}
    assert "faults" not in {name for name, _ in document.facts}
    assert "back for good" not in markdown.render_document(document)
    assert "fault" not in answer(bundle)


def test_recovery_stands_right_after_latency(tmp_path: Path) -> None:
    anchors = [part.anchor for part in compose(read_bundle(faulted(tmp_path))).sections]
    at = anchors.index("latency")
    assert anchors[at : at + 3] == ["latency", "recovery", "recovery-burst"]


def test_the_answer_has_the_recovery_of_the_fault_that_hits_a_process(tmp_path: Path) -> None:
    words = answer(read_bundle(faulted(tmp_path)))
    assert "; after a worker was killed, Kafka Streams had late results for 1.25 s of the" in words
    assert "Python consumer for 1.50 s (not ranked: 24 over-counted)" in words
    assert "at once" not in words
