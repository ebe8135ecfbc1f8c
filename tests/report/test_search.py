"""The report of a search: confirmed rates, ranked, and every probe with its reason."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from streambench.analysis import ranking
from streambench.analysis.searches import found_rates
from streambench.model.conditions import Variant
from streambench.model.pace import Limit, Pace, Quantile
from streambench.model.plan import Whose
from streambench.model.search import Confirmation, RampRecord, RateProbe, SearchRecord, SearchTerms
from streambench.model.sweep import AxisName
from streambench.model.trial import Completed, NotRun, TrialRecord
from streambench.report import html, markdown
from streambench.report.compose import answer, compose
from streambench.report.document import plots_of
from streambench.report.plots.drawing import to_png, to_svg
from streambench.report.terminal import render
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from tests.report.example import HELD, RIGHT, RUN, measures, trial
from tests.report.page import Page

pytestmark = pytest.mark.drawn

LIMIT = Limit(Quantile.P99, 2_000)


def probe(rate: int, pace: Pace | None, why: str, *, within: bool | None = None) -> RateProbe:
    figures = measures(20 + rate / 10_000, 60, 90)
    return RateProbe(rate, 12, 24, pace, why, True, within, 1.2, 0.3, figures)


def search(engine: str, confirmed: int, within: int | None, drain: float) -> SearchRecord:
    high = round(confirmed * 1.04)
    return SearchRecord(
        Variant(engine, "1.2.3"),
        drain_per_s=drain,
        drain_records=500_000,
        probes=(
            probe(confirmed, Pace.KEPT_UP, "its lag grew by 0.1 ms/s", within=within is not None),
            probe(high, Pace.FELL_BEHIND, "its lag grew by 400.0 ms/s"),
            probe(high * 2, None, "the load came late"),
        ),
        confirmations=(
            Confirmation(round(confirmed * 1.02), 1, False, "it fell behind for long"),
            Confirmation(confirmed, 2, True, "its lag grew by 0.2 ms/s"),
        ),
        lag_bounded_per_s=confirmed,
        within_limit_per_s=within,
        ended="the precision was reached",
    )


def confirming(number: int, engine: str, rate: int) -> TrialRecord:
    return trial(
        number,
        engine,
        Completed(RIGHT),
        certificate=HELD,
        measured_windows=100,
        measures=measures(30, 95, 140),
        point=((AxisName.RATE, float(rate)),),
    )


def bundle_of(folder: Path, searches: tuple[SearchRecord, ...], limit: Limit | None) -> Bundle:
    planned = ("flink", "kafka-streams", "spark", "kafka-python")
    run = replace(RUN, search=SearchTerms(limit, 0.05, 360), searches=searches, planned=planned)
    writer = BundleWriter.create(folder, run)
    for number, each in enumerate(searches, start=1):
        if each.lag_bounded_per_s is not None:
            writer.add_trial(confirming(number, each.label, each.lag_bounded_per_s), {})
    return read_bundle(writer.finish())


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Flink and Streams within the precision, Spark below, the Python consumer without a rate."""
    lost = SearchRecord(
        Variant("kafka-python", "1.2.3"), ended="it ended early: worker-0 died by itself"
    )
    return bundle_of(
        tmp_path,
        (
            search("flink", 150_000, 150_000, 240_000.0),
            search("kafka-streams", 146_000, None, 173_000.0),
            search("spark", 50_000, 40_000, 72_000.0),
            lost,
        ),
        LIMIT,
    )


def ranks(bundle: Bundle) -> list[tuple[str, str]]:
    return [(one.label, one.place) for one in found_rates(bundle).variants]


def test_one_search_each_is_not_told_apart_by_its_precision(bundle: Bundle) -> None:
    assert ranks(bundle) == [
        ("flink", "1="), ("kafka-streams", "1="), ("spark", "1="), ("kafka-python", ""),
    ]  # fmt: skip
    assert "One trial: not told apart" in markdown.render_document(compose(bundle))
    assert answer(bundle) == (
        "Sustainable, confirmed: Flink SQL 150,000 events/s, Kafka Streams 146,000 events/s, "
        "Spark Structured Streaming 50,000 events/s; with p99 ≤ 2,000 ms: Flink SQL 150,000, "
        "Spark Structured Streaming 40,000; none for Python consumer."
    )


def test_a_measured_factor_tells_rates_apart(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "RATE_FACTOR", 1.3)
    assert ranks(bundle) == [
        ("flink", "1="), ("kafka-streams", "1="), ("spark", "3"), ("kafka-python", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"saturated": True}, "saturated: no room was left on the machine"),
        (
            {"certificate": replace(HELD, held=False, reason="late by 40 ms")},
            "the generator's certificate did not hold: late by 40 ms",
        ),
        ({"measured_windows": 2}, "2 windows were measured, and a rank needs 20"),
        ({"trend": "the delay rises", "trend_share": 0.5}, "not settled: the delay rises"),
    ],
)
def test_a_rate_that_was_confirmed_by_a_doubtful_trial_is_marked_and_not_ranked(
    bundle: Bundle, changes: dict[str, object], why: str
) -> None:
    first, *rest = bundle.trials
    assert first.record.variant.label == "flink"
    doubted = replace(first, record=replace(first.record, **changes))  # type: ignore[arg-type]
    found = replace(bundle, trials=(doubted, *rest))
    assert ranks(found) == [
        ("kafka-streams", "1="), ("spark", "1="), ("flink", ""), ("kafka-python", ""),
    ]  # fmt: skip
    assert f"Flink SQL 150,000 events/s (not ranked: {why})" in answer(found)
    assert f"Flink SQL is not ranked: {why}." in markdown.render_document(compose(found))
    console = Console(width=80, file=io.StringIO(), no_color=True)
    console.print(render(found))
    printed = " ".join(cast(io.StringIO, console.file).getvalue().split())
    assert f"Flink SQL is not ranked: {why}." in printed


def test_trends_of_probes_and_of_the_confirming_trial_are_told(bundle: Bundle) -> None:
    first, *rest = bundle.trials
    moved = replace(first, record=replace(first.record, trend="the delay rises by 9 ms"))
    begun, *others = bundle.run.searches
    probes = (replace(begun.probes[0], trend="the delay falls by 7 ms"), *begun.probes[1:])
    run = replace(bundle.run, searches=(replace(begun, probes=probes), *others))
    found = replace(bundle, trials=(moved, *rest), run=run)
    text = markdown.render_document(compose(found))
    assert "Flink SQL, rate 150,000, trial 1: the delay rises by 9 ms" in text
    assert "the delay falls by 7 ms" in text
    console = Console(width=80, file=io.StringIO(), no_color=True)
    console.print(render(found))
    printed = " ".join(cast(io.StringIO, console.file).getvalue().split())
    assert "Flink SQL: a trend remained: the delay rises by 9 ms" in printed


def test_a_probe_that_kept_up_and_surely_grew_says_so(bundle: Bundle) -> None:
    begun, *others = bundle.run.searches
    grew = {
        "lag_slope_ms_per_s": 5.0,
        "lag_slope_lower_ms_per_s": 3.0,
        "lag_slope_upper_ms_per_s": 7.0,
        "backlog_end_ms": 0.0,
    }
    probes = (replace(begun.probes[0], measures=grew), *begun.probes[1:])
    run = replace(bundle.run, searches=(replace(begun, probes=probes), *others))
    assert "grows slowly" in markdown.render_document(compose(replace(bundle, run=run)))
    assert "grows slowly" not in markdown.render_document(compose(bundle))


def test_every_probe_is_there_with_its_reason(bundle: Bundle) -> None:
    text = markdown.render_document(compose(bundle))
    for words in (
        "its lag grew by 400.0 ms/s",
        "the load came late",
        "not certified",
        "it fell behind for long",
        "worker-0 died by itself",
        "not held: 153,000; failed: 156,000",
        "the precision was reached",
    ):
        assert words in text
    for figure in plots_of(compose(bundle)):
        assert to_png(figure.draw)
        assert to_svg(figure.draw, narrow=True, prefix="x", title="t")
    page = Page()
    page.feed(html.render_document(compose(bundle)))
    assert page.problems == []
    assert page.open == []


def test_a_rate_that_was_confirmed_lower_than_it_passed_says_so(tmp_path: Path) -> None:
    flink = search("flink", 150_000, None, 240_000.0)
    higher = probe(160_000, Pace.KEPT_UP, "its lag grew by 0.1 ms/s")
    found = bundle_of(
        tmp_path, (replace(flink, probes=(higher,), confirmations=flink.confirmations[1:]),), None
    )
    text = markdown.render_document(compose(found))
    assert "passed for some seconds: 160,000; no higher rate failed" in text


def test_the_terminal_shows_each_engine_within_80_columns(bundle: Bundle) -> None:
    console = Console(width=80, file=io.StringIO(), no_color=True)
    console.print(render(bundle))
    text = cast(io.StringIO, console.file).getvalue()
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "150,000" in text
    assert "240,000" in text


def test_a_run_that_was_interrupted_shows_what_it_found(tmp_path: Path) -> None:
    begun = SearchRecord(Variant("flink", "1.2.3"), drain_per_s=240_000.0)
    found = bundle_of(tmp_path, (begun,), None)
    text = markdown.render_document(compose(found))
    assert "not finished" in text
    assert "240,000" in text
    assert answer(found) == "No rate was confirmed."


def test_an_engine_that_cannot_is_told_with_its_own_reason(tmp_path: Path) -> None:
    run = replace(RUN, search=SearchTerms(None, 0.05, 360), planned=("flink", "spark"))
    writer = BundleWriter.create(tmp_path, run)
    for number, label in ((1, "flink"), (2, "spark")):
        gap = NotRun(Whose.OURS, f"{label} lacks something")
        writer.add_trial(trial(number, label, gap), {})
    text = markdown.render_document(compose(read_bundle(writer.finish())))
    assert "flink lacks something" in text
    assert "spark lacks something" in text


def test_what_no_longer_trial_confirmed_is_told_with_what_passed(tmp_path: Path) -> None:
    tried = replace(
        search("kafka-streams", 936_000, None, 924_000.0),
        lag_bounded_per_s=None,
        confirmations=(
            Confirmation(936_000, 1, False, "it fell behind"),
            Confirmation(851_000, 2, False, "too noisy for so short a time"),
        ),
    )
    text = markdown.render_document(compose(bundle_of(tmp_path, (tried,), None)))
    assert (
        "936,000 events/s passed in the warm job, but no longer trial showed that it bears 936,000 and 851,000"
    ) in text


def test_a_higher_rate_that_was_not_decided_is_named(tmp_path: Path) -> None:
    flink = search("flink", 150_000, None, 240_000.0)
    probes = (
        probe(150_000, Pace.KEPT_UP, "its lag grew by 0.1 ms/s"),
        probe(156_000, Pace.UNDECIDED, "too noisy"),
        probe(180_000, Pace.FELL_BEHIND, "its lag grew by 400.0 ms/s"),
    )

    def told(*shown: RateProbe) -> str:
        record = replace(flink, probes=shown, confirmations=flink.confirmations[1:])
        folder = tmp_path / str(len(shown))
        return markdown.render_document(compose(bundle_of(folder, (record,), None)))

    assert "(not decided: 156,000; failed: 180,000)" in told(*probes)
    assert "(not decided: 156,000)" in told(*probes[:2])
    assert "(no higher rate failed)" in told(probes[0])


def test_a_load_that_rose_is_told_and_claims_no_more_than_it_showed(tmp_path: Path) -> None:
    told = {}
    for onset in (480_000, None):
        one = replace(
            search("flink", 500_000, None, 450_000.0), ramp=RampRecord(270_000, 675_000, onset)
        )
        folder = tmp_path / str(onset)
        folder.mkdir()
        told[onset] = markdown.render_document(compose(bundle_of(folder, (one,), None)))
    rose = "a load rose from 270,000 to 675,000 events/s"
    assert f"{rose}: the lag began to grow at about 480,000 events/s" in told[480_000]
    assert f"{rose}: it is not known that the lag grew" in told[None]
    for text in told.values():
        assert "Around it a load rises first, for a guess of where to begin." in text
