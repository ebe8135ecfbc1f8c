"""Searches, curves and drains of an engine whose processes nobody sees: no figure of cost, and no word of one."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from streambench.analysis.requirements import Fit, requirements_of
from streambench.analysis.sweeps import swept
from streambench.model.conditions import Conditions, ForeignCluster
from streambench.model.drain import Drain, DrainRecord
from streambench.model.sweep import Axis, AxisName
from streambench.model.trial import Completed, TrialRecord
from streambench.report import html, markdown
from streambench.report.compose import answer, compose
from streambench.report.document import Plot, plots_of
from streambench.report.plots.drawing import to_png, to_svg
from streambench.report.sections.fits import fits_words
from streambench.report.sections.sweep import _panels
from streambench.report.terminal import render
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from tests.report import test_drain as drains
from tests.report import test_search as searches
from tests.report import test_sweep as sweeps
from tests.report.example import RIGHT, RUN
from tests.report.page import Page

ENDPOINT = "http://jobmanager:8081"
THERE = Conditions(foreign_clusters=(ForeignCluster("flink", ENDPOINT),))
COSTS = ("engine_cpu_s_per_million", "engine_memory_peak_bytes", "engine_memory_mean_bytes")
KEYS = Axis(AxisName.KEYS, (100.0, 10_000.0))


def away(record: TrialRecord) -> TrialRecord:
    """The same of an engine elsewhere."""
    unknown = dict.fromkeys(COSTS)
    return replace(record, measures={**record.measures, **unknown}, engine_seen=False)


def curve(folder: Path, *axes: Axis, here: bool = False) -> Bundle:
    """Flink elsewhere, and where `here` Kafka Streams on this machine."""
    axis = axes[0] if axes else Axis(AxisName.RATE, sweeps.RATES)
    run = replace(RUN, axes=(axis,), planned=("flink", "kafka-streams"), conditions=THERE)
    writer = BundleWriter.create(folder, run)
    number = 0
    for label in ("flink", *(("kafka-streams",) if here else ())):
        for value in axis.values:
            number += 1
            record = sweeps.at(number, label, value, sweeps.FLAT, Completed(RIGHT))
            record = replace(record, point=((axis.name, value),))
            writer.add_trial(away(record) if label == "flink" else record, {})
    return read_bundle(writer.finish())


def searched(folder: Path) -> Bundle:
    found = searches.search("flink", 150_000, None, 240_000.0)
    found = replace(found, probes=tuple(replace(each, idle_share=None) for each in found.probes))
    record = away(searches.confirming(1, "flink", 150_000))
    whole = searches.bundle_of(folder / "made", (found,), None)
    run = replace(whole.run, conditions=THERE, planned=("flink",))
    writer = BundleWriter.create(folder / "searched", run)
    writer.add_trial(record, {})
    return read_bundle(writer.finish())


def drained(folder: Path, *, here: bool = False) -> Bundle:
    def unseen(drain: Drain) -> Drain:
        return replace(drain, cpu_s=None)

    flink = drains.drained("flink", 0, 4.0)
    records: tuple[DrainRecord, ...] = (replace(flink, drains=tuple(map(unseen, flink.drains))),)
    if here:
        records += (drains.drained("kafka-streams", 0, 8.0),)
    planned = tuple(each.label for each in records)
    run = replace(
        RUN, drain_records=drains.MILLION, drains=records, planned=planned, conditions=THERE
    )
    return read_bundle(BundleWriter.create(folder, run).finish())


def printed(bundle: Bundle) -> str:
    console = Console(width=80, file=io.StringIO(), no_color=True)
    console.print(render(bundle))
    return cast(io.StringIO, console.file).getvalue()


def row_of(bundle: Bundle, figure: str) -> list[str]:
    """The words of the table's row with this figure, as a terminal shows it."""
    *_, row = (line for line in printed(bundle).splitlines() if figure in line)
    return row.split()


def assert_whole(bundle: Bundle) -> str:
    """Every form of the report can be made, and every picture of a cost drawn; its text."""
    document = compose(bundle)
    for figure in plots_of(document):
        if figure.name in ("sweep-cost", "sweep-memory", "search", "drain"):
            assert to_png(figure.draw)
            assert to_svg(figure.draw, narrow=True, prefix="x", title="t")
    page = Page()
    page.feed(html.render_document(document))
    assert page.problems == []
    assert all(len(line) <= 80 for line in printed(bundle).splitlines())
    text = markdown.render_document(document)
    assert ENDPOINT in text
    assert "room" not in text
    return text


def plot(bundle: Bundle, name: str) -> Plot:
    return next(each for each in plots_of(compose(bundle)) if each.name == name)


def test_a_search_has_rates_and_no_costs(tmp_path: Path) -> None:
    bundle = searched(tmp_path)
    text = assert_whole(bundle)
    assert answer(bundle) == "Sustainable, confirmed: Flink SQL 150,000 events/s."
    assert row_of(bundle, "150,000")[-1] == "–"
    (row,) = (
        each for each in text.splitlines() if each.startswith("| 150,000/s") and "0.1" in each
    )
    assert row.rstrip(" |").split("|")[-1].strip() == "–"  # the machine's idle share


@pytest.mark.parametrize("here", [False, True])
def test_a_curve_has_no_point_where_a_cost_is_not_known(tmp_path: Path, here: bool) -> None:
    bundle = curve(tmp_path, here=here)
    assert_whole(bundle)
    for name in ("sweep-cost", "sweep-memory"):
        for row in plot(bundle, name).table.rows:
            _, flink, streams = (cell.text for cell in row.cells)
            assert flink == "–"
            assert (streams == "–") is not here
    for metric in COSTS[:2]:
        drawn = {
            line.name for panel in _panels(bundle, swept(bundle), metric) for line in panel.lines
        }
        assert drawn == ({"Kafka Streams"} if here else set())
    assert all(
        cell.text != "–"
        for row in plot(bundle, "sweep-median").table.rows
        for cell in row.cells[:2]
    )


def test_a_sweep_says_how_cost_went_only_of_those_of_which_it_is_known(tmp_path: Path) -> None:
    alone = curve(tmp_path / "alone", KEYS)
    assert_whole(alone)
    assert answer(alone) == ("The cost at both ends of the sweep by keys is known of no engine.")
    both = curve(tmp_path / "both", KEYS, here=True)
    assert "Kafka Streams" in answer(both)
    assert "Flink" not in answer(both)


def test_a_drain_has_rates_and_no_cost(tmp_path: Path) -> None:
    bundle = drained(tmp_path / "alone")
    assert_whole(bundle)
    assert answer(bundle) == "Worked off, warm: Flink SQL 250,000 events/s."
    assert row_of(bundle, "250,000")[-1] == "–"


def test_nobody_is_the_cheapest_beside_one_whose_cost_is_not_known(tmp_path: Path) -> None:
    bundle = drained(tmp_path, here=True)
    found = requirements_of(bundle, ("cpu < 50", "drain > 1k"))
    assert found.least_cpu is None
    assert "least" not in fits_words(requirements_of(bundle, ("lost = 0",)))
    cpu = found.variants[0].fitted[0]
    assert (cpu.fit, cpu.hint) == (Fit.NOT_KNOWN, None)
    assert cpu.why.endswith(f"what it uses at {ENDPOINT} is not seen")
    # Of who runs here more drains would tell.
    (streams,) = (each for each in found.variants if each.label == "kafka-streams")
    assert streams.fitted[0].hint is not None or streams.fitted[0].fit is not Fit.NOT_KNOWN
