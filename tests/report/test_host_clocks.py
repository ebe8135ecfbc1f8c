"""What a report says of the clocks by which a run was timed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from streambench.analysis.host_clocks import compared_clocks
from streambench.analysis.plans import warnings
from streambench.experiment.clock_notes import clock_notes
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound, ClocksSeen, UnknownClock
from streambench.model.conditions import Variant
from streambench.model.search import SearchRecord
from streambench.model.trial import Completed, LoadKind
from streambench.report import markdown
from streambench.report.document import Document
from streambench.report.sections.host_clocks import clock_blocks
from streambench.report.sections.terms import instrument_section
from streambench.results.bundle import Bundle, BundleWriter, read_bundle

from .example import HELD, RIGHT, RUN, completed, measures, tables, trial
from .test_drain import drained


def of(broker: int, low_ms: float, high_ms: float) -> ClockBound:
    return ClockBound(RUN_HOST_CLOCK, "bench-1", low_ms, high_ms, broker)


def bundle_of(tmp_path: Path, *clocks: tuple[ClockBound, ...]) -> Bundle:
    writer = BundleWriter.create(tmp_path, replace(RUN, planned=("flink",)))
    for number, each in enumerate(clocks, 1):
        record = completed(number, "flink", RIGHT, measures(1, 2, 3))
        record = replace(record, certificate=replace(HELD, clocks=each))
        writer.add_trial(record, tables(1, 2))
    return read_bundle(writer.folder)


def test_each_broker_has_one_line_that_holds_for_all_loads(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path,
        (of(0, -0.2, 0.3), of(1, 1.0, 1.4)),
        (of(0, -0.4, 0.1), of(1, 2.5, 2.9), of(2, -0.1, 0.6)),
    )
    assert [(each.bound, each.loads) for each in compared_clocks(bundle)] == [
        (of(0, -0.4, 0.3), 2),
        (of(1, 1.0, 2.9), 2),
        (of(2, -0.1, 0.6), 1),
    ]
    section = instrument_section(bundle)
    text = markdown.render_document(Document("", "", "", (), (), (section,)))
    assert "The clocks beside the brokers'" in text
    assert "| the run's host | bench-1 | broker 1 | +1.000 | +2.900 | 2 |" in text


def test_where_all_have_one_clock_nothing_is_shown(tmp_path: Path) -> None:
    assert clock_blocks(bundle_of(tmp_path, ())) == ()


def test_loads_that_came_at_once_have_their_bounds_in_their_records(tmp_path: Path) -> None:
    run = replace(RUN, planned=("flink",), drains=(drained("flink", 0, 4.0),))
    writer = BundleWriter.create(tmp_path, run)
    load = replace(trial(1, "flink", Completed(RIGHT)), certificate=None)
    for number, low_ms in ((1, -0.5), (2, -0.7)):
        seen = ClocksSeen((of(0, low_ms, 0.3),), (UnknownClock(1, "gone"),))
        kept = replace(load, number=number, kind=LoadKind.WARM, job=1, clocks=seen)
        writer.add_load(kept, {})
        assert read_bundle(writer.folder).loads[-1].record.clocks == seen
    bundle = read_bundle(writer.finish())
    assert [(each.bound, each.loads) for each in compared_clocks(bundle)] == [(of(0, -0.7, 0.3), 2)]
    text = markdown.render_document(Document("", "", "", (), (), (instrument_section(bundle),)))
    assert "| the run's host | bench-1 | broker 0 | -0.700 | +0.300 | 2 |" in text


def test_a_search_tells_what_its_loads_say_of_the_clocks_and_nothing_else(tmp_path: Path) -> None:
    clocks = (of(0, -0.6, 0.9),)
    (said,) = clock_notes(clocks, (), None)
    search = SearchRecord(Variant("flink", "2.3.0"), ended="enough")
    run = replace(RUN, planned=(search.label,), searches=(search,))
    writer = BundleWriter.create(tmp_path, run)
    load = replace(trial(1, "flink", Completed(RIGHT)), variant=search.variant)
    load = replace(load, kind=LoadKind.PROBE, job=1, warnings=("it was busy", said))
    writer.add_load(replace(load, certificate=replace(HELD, clocks=clocks)), {})
    found = warnings(read_bundle(writer.finish()))
    assert [each for each in found if said in each or "busy" in each] == [f"Flink SQL: {said}"]


def test_a_drain_tells_what_its_loads_say_of_the_clocks(tmp_path: Path) -> None:
    said = "delays go by two clocks: this machine's was -1 to +1 ms from broker 0's"
    run = replace(RUN, planned=("flink",), drains=(drained("flink", 0, 4.0),))
    writer = BundleWriter.create(tmp_path, run)
    load = trial(1, "flink", Completed(RIGHT))
    for number in (1, 2):
        kept = replace(load, number=number, kind=LoadKind.WARM, job=1, warnings=(said,))
        writer.add_load(kept, {})
    assert f"Flink SQL: {said}" in warnings(read_bundle(writer.finish()))
