"""The report of drains: cold and warm told apart, medians over rounds, a failure in its place."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from streambench.analysis.drains import rank_drains
from streambench.model.conditions import Variant
from streambench.model.drain import Drain, DrainRecord
from streambench.report import html, markdown
from streambench.report.compose import answer, compose
from streambench.report.document import plots_of
from streambench.report.plots.drawing import to_png, to_svg
from streambench.report.terminal import render
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from tests.report.example import RUN
from tests.report.page import Page

pytestmark = pytest.mark.drawn

MILLION = 1_000_000


def drained(engine: str, round_number: int, warm_s: float, *, right: bool = True) -> DrainRecord:
    return DrainRecord(
        Variant(engine, "1.2.3"),
        round_number,
        (
            Drain(False, MILLION, 20.0, 8.0, 120_000.0, 30.0, True),
            Drain(True, MILLION, warm_s * 2, 0.6, 90_000.0, 18.0, True),
            Drain(True, MILLION, warm_s, 0.5, 260_000.0, 12.0, right),
        ),
    )


def bundle_of(folder: Path, *records: DrainRecord) -> Bundle:
    planned = ("flink", "kafka-streams", "spark")
    run = replace(RUN, drain_records=MILLION, drains=records, planned=planned)
    return read_bundle(BundleWriter.create(folder, run).finish())


def test_the_last_warm_drain_counts_and_rounds_are_medians(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path,
        drained("flink", 0, 4.0),
        drained("flink", 1, 5.0),
        drained("flink", 2, 10.0),
        drained("kafka-streams", 0, 8.0, right=False),
        DrainRecord(Variant("spark", "1.2.3"), ended="spark-driver died by itself"),
    )
    assert answer(bundle) == (
        "Worked off, warm, medians over rounds: Flink SQL 200,000 events/s, Kafka Streams 125,000 events/s; "
        "1 of the drains came out wrong."
    )
    text = markdown.render_document(compose(bundle))
    assert "spark-driver died by itself" in text
    assert "✗ wrong" in text
    assert "50,000" in text  # cold, from the launch on
    for figure in plots_of(compose(bundle)):
        assert to_png(figure.draw)
        assert to_svg(figure.draw, narrow=True, prefix="x", title="t")
    page = Page()
    page.feed(html.render_document(compose(bundle)))
    assert page.problems == []
    console = Console(width=80, file=io.StringIO(), no_color=True)
    console.print(render(bundle))
    printed = cast(io.StringIO, console.file).getvalue()
    assert all(len(line) <= 80 for line in printed.splitlines())
    assert "200,000" in printed


def places(bundle: Bundle) -> dict[str, str]:
    return {place.label: place.text for place in rank_drains(bundle).places}


def test_drains_are_ranked_by_the_one_rule(tmp_path: Path) -> None:
    once = bundle_of(tmp_path / "once", drained("flink", 0, 4.0), drained("kafka-streams", 0, 40.0))
    assert places(once) == {"flink": "1=", "kafka-streams": "1=", "spark": ""}
    assert answer(once).endswith("Kafka Streams 25,000 events/s (not told apart).")
    assert "One trial: not told apart" in markdown.render_document(compose(once))
    rounds = [
        record
        for number, (slow, fast) in enumerate([(8.0, 4.0), (8.5, 4.1), (7.9, 4.2)])
        for record in (drained("kafka-streams", number, slow), drained("flink", number, fast))
    ]
    bundle = bundle_of(tmp_path / "rounds", *rounds)
    assert places(bundle) == {"flink": "1", "kafka-streams": "2", "spark": ""}
    assert "not told apart)" not in answer(bundle)


def test_a_drain_that_was_wrong_or_not_finished_is_not_ranked(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path,
        drained("flink", 0, 4.0, right=False),
        drained("kafka-streams", 0, 8.0),
        replace(drained("spark", 0, 2.0), ended="spark-driver died by itself"),
    )
    assert places(bundle) == {"kafka-streams": "1", "flink": "", "spark": ""}
    reasons = {place.label: place.why for place in rank_drains(bundle).places}
    assert reasons["flink"] == "wrong"
    assert reasons["spark"] == "spark-driver died by itself"
