"""The matrix of dirt, from a stored bundle whose effects a script wrote."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from streambench.analysis.dirt import dirt_matrix, exact_words, short_words
from streambench.analysis.published.document import SingleResult, analysis_of
from streambench.model.dirt import (
    CameBack,
    ChangedRow,
    ChangedValue,
    DirtEffect,
    DirtKind,
    DirtOutcome,
    DirtyInstant,
    NotTold,
    OthersLost,
    PassedOver,
    StoppedForGood,
    TakenIn,
)
from streambench.model.trial import Completed, Failed
from streambench.report.chapters.dirt import DirtChapter
from streambench.report.compose import compose
from streambench.report.html import render as render_html
from streambench.report.markdown import render as render_markdown
from streambench.report.plots.dirt import LOOKS
from streambench.report.sections.dirt import look_of
from streambench.report.terminal import render
from streambench.results.anonymous.mask import Mask
from streambench.results.anonymous.records import Masking
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from streambench.runtime.identity import Identity

from .example import RUN, WRONG, trial

KINDS = tuple(DirtKind)
ROW = ChangedRow(
    "s7", 1_764_000_003_000, (ChangedValue("orders", "2", "3"), ChangedValue("smallest", "5", "0"))
)
SAID = "its own counter rose by 1; its log: WARN left out record 3"
OUTCOMES: tuple[DirtOutcome, ...] = (
    PassedOver(SAID),
    PassedOver(None),
    TakenIn((ROW,), rightly=False),
    TakenIn((ROW,), rightly=True),
    OthersLost(31, 1_204),
    CameBack(2_500, 1, PassedOver(None)),
    StoppedForGood("its processes ended 3 times", 6_400),
    NotTold("of sessions it is not told"),
)
LABELS = ("flink", "flink:tolerant", "kafka-python")
TITLES = {
    "flink": "Flink SQL",
    "flink:tolerant": "Flink SQL, tolerant of dirt",
    "kafka-python": "Python consumer (kafka-python)",
}


def effect(number: int, kind: DirtKind, outcome: DirtOutcome) -> DirtEffect:
    return DirtEffect(kind, number % 4, 3_000 * (number + 1), outcome)


def bundle_in(folder: Path) -> Bundle:
    instants = tuple(DirtyInstant(kind, 3_000 * at) for at, kind in enumerate(KINDS, start=1))
    run = replace(RUN, workload="dirt", planned=LABELS, titles=TITLES, dirt=instants)
    writer = BundleWriter.create(folder, run)
    first = tuple(effect(n, k, OUTCOMES[n]) for n, k in enumerate(KINDS[:7]))
    stopped = Failed("dirt", "one record stopped it for good (null-number)")
    writer.add_trial(trial(1, "flink", stopped, dirt=first), {})
    # Another job has what is left.
    rest = tuple(effect(n, k, PassedOver(SAID)) for n, k in enumerate(KINDS[7:]))
    writer.add_trial(trial(2, "flink", Completed(WRONG), dirt=rest), {})
    every = tuple(effect(n, k, PassedOver(None)) for n, k in enumerate(KINDS))
    record = trial(3, "flink", Completed(WRONG), dirt=every)
    tolerant = replace(record, variant=replace(record.variant, name="tolerant"))
    writer.add_trial(tolerant, {})
    return read_bundle(writer.finish())


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return bundle_in(tmp_path_factory.mktemp("bundle"))


def test_every_outcome_comes_back_from_the_bundle(bundle: Bundle) -> None:
    matrix = dirt_matrix(bundle)
    assert (matrix.kinds, matrix.labels) == (KINDS, LABELS)
    assert [each.outcome for each in matrix.of("flink")] == [
        *OUTCOMES[:7],
        *[PassedOver(SAID)] * 5,
    ]
    assert [type(each.outcome) for each in matrix.of("flink:tolerant")] == [PassedOver] * 12
    assert matrix.of("kafka-python") == ()


def test_a_cell_says_what_happened_in_a_few_words(bundle: Bundle) -> None:
    matrix = dirt_matrix(bundle)
    words = [short_words(matrix.cells["flink", kind]) for kind in KINDS[:7]]
    assert words == [
        "left out, said so",
        "left out, silently",
        "counted wrongly",
        "counted",
        "1,204 others lost",
        "late for 2.5 s, left out",
        "stopped for good",
    ]
    assert short_words(matrix.cells["flink:tolerant", DirtKind.NULL_KEY]) == "not counted, silently"
    assert short_words(matrix.cells.get(("kafka-python", DirtKind.NOT_JSON))) == "not reached"
    assert short_words(effect(0, DirtKind.NOT_JSON, NotTold("why"))) == "not known"


def test_the_exact_words_name_the_row_and_by_how_much(bundle: Bundle) -> None:
    matrix = dirt_matrix(bundle)
    said = [exact_words(matrix.cells["flink", kind]) for kind in KINDS[:7]]
    assert said[2] == "counted, which is wrong: s7: orders 2 → 3, smallest 5 → 0"
    assert said[3] == "counted: s7: orders 2 → 3, smallest 5 → 0"
    assert said[4] == "31 rows of others were lost or miss records, 1,204 good records"
    assert said[5] == "results of 2.5 s came late, 1 process ended; the record was left out"
    assert said[6] == "stopped for good: its processes ended 3 times, told after 6.4 s"


def test_no_two_meanings_look_alike() -> None:
    looks = {
        look_of(effect(0, DirtKind.NOT_JSON, outcome)).means for outcome in OUTCOMES if outcome
    }
    assert len(looks) == 7
    assert len({look.sign for look in LOOKS}) == len({look.fill for look in LOOKS}) == len(LOOKS)


def test_the_report_has_the_matrix_first(bundle: Bundle) -> None:
    document = compose(bundle)
    assert document.sections[0].anchor == "dirt"
    assert document.answer == (
        "Stopped for good by one bad record, of 12 kinds: Flink SQL by 1, "
        "Flink SQL, tolerant of dirt by 0."
    )
    page, text = render_html(bundle), render_markdown(bundle)
    for words in ("stopped for good", "1,204 good records", "counted, without the value"):
        assert words in page
        assert words in text


@pytest.mark.drawn
def test_the_picture_has_the_words_in_its_cells(bundle: Bundle) -> None:
    page = render_html(bundle)
    picture = page[page.index("<svg") : page.rindex("</svg>")]
    for words in (
        "stopped for",
        "good records are lost",
        "as shipped",
        "tolerant of dirt",
        "tombstone",
    ):
        assert words in picture


def test_a_terminal_of_80_columns_has_all_of_it(bundle: Bundle) -> None:
    console = Console(file=StringIO(), width=80)
    console.print(render(bundle))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.count("far-ahead") == 1
    assert "✗" in text
    assert isinstance(DirtChapter(bundle).trials_wanted(), type(None))


def test_a_copy_to_give_away_has_no_line_of_a_log(bundle: Bundle) -> None:
    found = dirt_matrix(bundle).cells["flink", DirtKind.NOT_JSON]
    masking = Masking(Mask(Identity()), lambda key: f"key-{len(key)}", {})
    masked = masking.record(replace(found, said=SAID))
    assert masked.outcome == PassedOver("…")
    assert masked.said == "…"
    taken = masking.record(dirt_matrix(bundle).cells["flink", DirtKind.TOMBSTONE])
    assert isinstance(taken.outcome, TakenIn)
    assert [row.key for row in taken.outcome.rows] == ["key-2"]
    assert not taken.outcome.rightly


def test_a_program_is_told_the_same(bundle: Bundle) -> None:
    found = analysis_of(bundle).result
    assert isinstance(found, SingleResult)
    assert len(found.dirt) == 36
    first = found.dirt[0]
    assert (first.label, first.kind, first.outcome, first.right) == (
        "flink",
        "not-json",
        "left-out",
        True,
    )
    assert {each.outcome for each in found.dirt if each.label == "kafka-python"} == {"not-reached"}
    assert [each.right for each in found.dirt if each.kind == "null-key"] == [True, False, None]
