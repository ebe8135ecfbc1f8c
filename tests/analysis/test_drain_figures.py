"""What a run of drains shows can be gated and required: rates, times, costs and rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from streambench.analysis import ranking
from streambench.analysis.clock_errors import CLOCKS_UNKNOWN
from streambench.analysis.compare.comparison import compare
from streambench.analysis.compare.conditions import parse_condition
from streambench.analysis.compare.figures import SideFigure, measured
from streambench.analysis.compare.gates import GateResult, GateState, judge_gate
from streambench.analysis.compare.rows import rows_counted
from streambench.analysis.compare.sides import NamedSide, pairs_of
from streambench.analysis.drains import rank_drains
from streambench.analysis.requirements import Fit, Fitted, requirements_of
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound, ClocksSeen, UnknownClock
from streambench.model.conditions import ForeignKafka, Guarantee
from streambench.model.drain import Drain, DrainRecord
from streambench.model.trial import Completed, LoadKind
from streambench.model.verdict import Damage
from streambench.report.comparison.words import counts_words
from streambench.report.sections.fits import fits_words
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from tests.report.example import RIGHT, RUN, WRONG, trial
from tests.report.test_drain import MILLION, bundle_of, drained

STEADY_S = (4.0, 4.1, 3.9)
SLOW_S = (8.0, 8.1, 7.9)


def rounds(engine: str, warm_s: tuple[float, ...], **changes: bool) -> list[DrainRecord]:
    """With cold drains that differ a little, as true ones do."""
    found = []
    for number, took_s in enumerate(warm_s):
        record = drained(engine, number, took_s, **changes)
        stretched = 1 + number / 100
        drains = tuple(
            replace(
                each,
                took_s=each.took_s * (1 if each.warm else stretched),
                first_s=each.first_s * stretched,
                peak_per_s=each.peak_per_s * stretched,
                cpu_s=None if each.cpu_s is None else each.cpu_s * stretched,
            )
            for each in record.drains
        )
        found.append(replace(record, drains=drains))
    return found


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return bundle_of(tmp_path, *rounds("flink", STEADY_S), *rounds("kafka-streams", SLOW_S))


def gate(bundle: Bundle, text: str, second: str = "kafka-streams") -> GateResult:
    sides = (NamedSide("A", bundle, "flink"), NamedSide("B", bundle, second))
    (pair,) = compare(pairs_of(sides)).pairs
    return judge_gate(parse_condition(text), pair)


def fitted(bundle: Bundle, text: str, label: str = "flink") -> Fitted:
    found = requirements_of(bundle, (text,))
    return next(each for each in found.variants if each.label == label).fitted[0]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("drain < 200k", GateState.BROKEN),
        ("drain < 100k", GateState.HELD),
        ("drain < -10%", GateState.BROKEN),
        ("cold_drain < 10k", GateState.HELD),
        ("cold_drain < 60k", GateState.BROKEN),
        ("drain_peak < 200k", GateState.HELD),
        ("drain_time > 5s", GateState.BROKEN),
        ("drain_time > 20s", GateState.HELD),
        ("cold_drain_time > 15s", GateState.BROKEN),
        ("cold_drain_time > +50%", GateState.HELD),
        ("first_window > 9s", GateState.HELD),
        ("cpu > 10", GateState.BROKEN),
        ("lost", GateState.HELD),
        ("p99 > 5s", GateState.UNKNOWN),
    ],
)
def test_every_figure_of_a_drain_can_be_gated(bundle: Bundle, text: str, state: GateState) -> None:
    found = gate(bundle, text)
    assert found.state is state, found.why


@pytest.mark.parametrize(
    ("text", "fit", "words"),
    [
        ("drain > 100k", Fit.MET, "in 3 rounds"),
        ("drain > 1M", Fit.NOT_MET, "records/s"),
        ("drain_time < 10s", Fit.MET, "time to drain of a warm job 4.0"),
        ("cold_drain_time < 10s", Fit.NOT_MET, "20"),
        ("first_window < 20s", Fit.MET, "launch to the first window"),
        ("cpu < 20", Fit.MET, "engine CPU"),
        ("lost = 0", Fit.MET, "lost: 0 rows in 9 drains"),
        ("duplicates = 0", Fit.NOT_KNOWN, "did not count duplicates"),
        ("rate > 10k", Fit.NOT_KNOWN, "it was of drains"),
        ("delay_p99 < 1s", Fit.NOT_KNOWN, "this run has no delay_p99"),
    ],
)
def test_every_figure_of_a_drain_can_be_required(
    bundle: Bundle, text: str, fit: Fit, words: str
) -> None:
    found = fitted(bundle, text)
    assert found.fit is fit, found.why
    assert words in found.why
    assert (found.hint is not None) is (fit is Fit.NOT_KNOWN)


def test_who_meets_all_with_right_rows_is_named(bundle: Bundle) -> None:
    found = requirements_of(bundle, ("drain > 200k", "lost = 0"))
    assert [each.label for each in found.meeting] == ["flink"]
    assert fits_words(found) == "Flink SQL meets all that is required."


def test_a_wrong_drain_is_never_passed_over(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path, *rounds("flink", STEADY_S, right=False), *rounds("kafka-streams", SLOW_S)
    )
    assert gate(bundle, "lost").state is GateState.HELD
    found = fitted(bundle, "lost = 0")
    assert found.fit is Fit.NOT_KNOWN
    assert "3 of 9 drains came out wrong" in found.why
    assert fitted(bundle, "drain > 1k").fit is Fit.NOT_KNOWN
    assert requirements_of(bundle, ("cpu < 20",)).meeting[0].label == "kafka-streams"


def test_a_drain_that_was_not_finished_leaves_rows_unknown(tmp_path: Path) -> None:
    ended = DrainRecord(drained("flink", 0, 4.0).variant, 1, ended="rows were missing at the end")
    bundle = bundle_of(tmp_path, *rounds("flink", STEADY_S[:1]), ended)
    found = fitted(bundle, "lost = 0")
    assert (found.fit, found.why) == (Fit.NOT_KNOWN, "rows were missing at the end")
    assert fitted(bundle, "lost = 0", "kafka-streams").why == "it has no finished drain"


def with_loads(root: Path, damage: Damage, *, missing: bool = False) -> Bundle:
    """A run whose drains were kept: the second one with this damage."""
    right = damage == Damage()
    drains = tuple(
        Drain(warm, MILLION, 4.0, 1.0, 9e5, 9.0, right or not warm, load=number)
        for number, warm in ((7, False), (8, True))
    )
    record = DrainRecord(drained("flink", 0, 4.0).variant, 0, drains, job=3)
    run = replace(RUN, drain_records=MILLION, drains=(record,), planned=("flink",))
    writer = BundleWriter.create(root, run)
    for number, kind in ((7, LoadKind.COLD), (8, LoadKind.WARM)):
        verdict = RIGHT if number == 7 or right else replace(WRONG, damage=damage)
        load = trial(number, "flink", Completed(verdict), kind=kind, job=3)
        if number == 7 or not missing:
            writer.add_load(load, {})
    return read_bundle(writer.finish())


def test_rows_of_drains_that_were_kept_are_counted(tmp_path: Path) -> None:
    bundle = with_loads(tmp_path / "a", Damage(lost=5, duplicates=2))
    rows = rows_counted(bundle, "flink")
    assert (rows.count("lost"), rows.count("duplicates"), rows.wrong, rows.of) == (5, 2, 1, 2)
    assert fitted(bundle, "lost = 0").fit is Fit.NOT_MET
    assert fitted(bundle, "duplicates < 3").fit is Fit.MET
    right = with_loads(tmp_path / "b", Damage())
    assert fitted(right, "duplicates = 0").fit is Fit.MET
    cut = with_loads(tmp_path / "c", Damage(lost=5), missing=True)
    assert fitted(cut, "lost = 0").fit is Fit.NOT_KNOWN


def test_a_comparison_tells_how_rows_of_drains_came_out(bundle: Bundle) -> None:
    sides = (NamedSide("A", bundle, "flink"), NamedSide("B", bundle, "kafka-streams"))
    (pair,) = compare(pairs_of(sides)).pairs
    assert counts_words(pair.first) == "9 drains: every row right"
    assert len([row for row in pair.rows if row.difference is not None]) == 7


def test_what_an_engine_elsewhere_used_is_not_known_and_not_0(tmp_path: Path) -> None:
    away = [
        replace(each, drains=tuple(replace(drain, cpu_s=None) for drain in each.drains))
        for each in rounds("kafka-streams", STEADY_S)
    ]
    bundle = bundle_of(tmp_path, *away, *rounds("flink", SLOW_S))
    one = next(each for each in rank_drains(bundle).variants if each.label == "kafka-streams")
    assert (one.cpu_s_per_million, one.warm_per_s) == (None, 250_000.0)
    found = gate(bundle, "cpu > 10")
    assert found.state is GateState.UNKNOWN
    assert found.why == "engine CPU of a warm job: it is not known of every drain"
    assert fitted(bundle, "cpu < 20", "kafka-streams").fit is Fit.NOT_KNOWN
    assert fitted(bundle, "drain > 100k", "kafka-streams").fit is Fit.MET


def by_clocks(folder: Path, seen: ClocksSeen, **run: object) -> Bundle:
    """Flink's drain of 4 s and one of 4.3 s, each with the clocks of its load."""
    records = tuple(
        replace(
            record,
            job=job,
            drains=tuple(replace(each, load=at) for at, each in enumerate(record.drains)),
        )
        for job, record in enumerate((drained("flink", 0, 4.0), drained("kafka-streams", 0, 4.3)))
    )
    asked = replace(RUN, drain_records=MILLION, drains=records, planned=("flink", "kafka-streams"))
    writer = BundleWriter.create(folder, replace(asked, **run))  # type: ignore[arg-type]
    for record in records:
        for drain in record.drains:
            kind = LoadKind.WARM if drain.warm else LoadKind.COLD
            load = replace(
                trial(drain.load or 0, record.variant.engine, Completed(RIGHT)), kind=kind
            )
            load = replace(load, job=record.job, certificate=None, clocks=seen)
            writer.add_load(load, {})
    return read_bundle(writer.finish())


def value_of(bundle: Bundle, key: str) -> SideFigure:
    return measured(bundle, "flink")[key]


def test_a_drain_is_as_long_as_clocks_let_it_be(tmp_path: Path) -> None:
    # What was measured is 15 ms too little, or 5 ms too much, or anything between.
    seen = ClocksSeen((ClockBound(RUN_HOST_CLOCK, "here", -5.0, 15.0, 0),))
    bundle = by_clocks(tmp_path, seen)
    time, rate = value_of(bundle, "warm_drain_s"), value_of(bundle, "warm_drain_per_s")
    assert time.sample is not None
    assert (time.sample.least.values, time.sample.most.values) == ((3.995,), (4.015,))
    assert rate.sample is not None
    assert rate.sample.least.values == pytest.approx((MILLION / 4.015,))
    assert rate.sample.most.values == pytest.approx((MILLION / 3.995,))
    cpu = value_of(bundle, "engine_cpu_s_per_million")
    assert cpu.sample is not None
    assert cpu.sample.doubt.none
    exactly = replace(RUN.conditions, guarantee=Guarantee.EXACTLY_ONCE)
    bundle = replace(bundle, run=replace(bundle.run, conditions=exactly))
    time = value_of(bundle, "warm_drain_s")
    assert time.sample is not None
    assert time.sample.doubt.none


def test_a_drain_by_clocks_of_which_nothing_is_known_tells_no_time(tmp_path: Path) -> None:
    there = replace(RUN.conditions, foreign_kafka=ForeignKafka("kafka.example:9092"))
    for name, seen in (
        ("no topic", ClocksSeen(unknown=(UnknownClock(None, "no topic"),))),
        ("before", ClocksSeen()),
    ):
        bundle = by_clocks(tmp_path / name, seen, conditions=there)
        assert value_of(bundle, "warm_drain_s").why == CLOCKS_UNKNOWN
        assert value_of(bundle, "engine_cpu_s_per_million").sample is not None
        assert fitted(bundle, "drain_time < 60min").fit is Fit.NOT_KNOWN


def test_drains_that_clocks_may_have_told_apart_share_a_rank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "DRAIN_FACTOR", 1.01)
    for ms, ranks in ((1.0, [1, 2]), (19.0, [1, 2]), (200.0, [1, 1])):
        seen = ClocksSeen((ClockBound(RUN_HOST_CLOCK, "here", -ms, ms, 0),))
        bundle = by_clocks(tmp_path / str(ms), seen)
        assert [each.place.rank for each in rank_drains(bundle).variants] == ranks
