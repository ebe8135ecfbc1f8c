"""A bundle that was cut off is rendered as far as it goes, and names what it lacks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from streambench.report import markdown
from streambench.report.lone_trials import render_lone
from streambench.report.terminal import render
from streambench.report.write import document_of, write
from streambench.results.bundle import Bundle, read

from . import example, example_recovery

pytestmark = pytest.mark.drawn

MAKERS = (example.every_result, example.late_flights, example.repeated, example_recovery.faulted)


def cut(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def on_terminal(folder: Path) -> str:
    console = Console(width=80, no_color=True)
    found = read(folder)
    with console.capture() as captured:
        console.print(render(found) if isinstance(found, Bundle) else render_lone(found))
    return captured.get()


def said(folder: Path) -> tuple[str, str]:
    """What the report and the terminal say, each on one line; nothing is drawn."""
    report = markdown.render_document(document_of(read(folder)))
    return " ".join(report.split()), " ".join(on_terminal(folder).split())


def drawn(folder: Path) -> None:
    """Write the whole report with its plots."""
    write(folder)
    assert "not whole" in (folder / "report.html").read_text()


def test_a_whole_bundle_says_nothing_of_it(tmp_path: Path) -> None:
    for number, make in enumerate(MAKERS):
        for words in said(make(tmp_path / str(number))):
            assert "not whole" not in words


@pytest.mark.parametrize("damage", [Path.unlink, cut], ids=["missing", "cut"])
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("file", ["windows", "series", "partitions", "load", "rows", "usage"])
def test_a_table_that_is_lacking_is_named_and_the_rest_is_rendered(
    tmp_path: Path, make: Callable[[Path], Path], file: str, damage: Callable[[Path], None]
) -> None:
    folder = make(tmp_path)
    tables = sorted(folder.glob(f"trials/*/{file}.parquet"))
    if not tables:
        assert (file, make is example_recovery.faulted) == ("partitions", False)
        return
    damage(tables[0])
    verb = "cannot be read" if damage is cut else "is missing"
    for words in said(folder):
        assert f"{file}.parquet {verb} in {tables[0].parent.name}." in words


@pytest.mark.parametrize("damage", [Path.unlink, cut], ids=["missing", "cut"])
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_where_every_table_is_lacking_the_records_still_are_rendered(
    tmp_path: Path, make: Callable[[Path], Path], damage: Callable[[Path], None]
) -> None:
    folder = make(tmp_path)
    for table in folder.glob("trials/*/*.parquet"):
        damage(table)
    drawn(folder)
    for words in said(folder):
        assert re.search(r"This bundle is not whole: .*windows\.parquet", words)


@pytest.mark.parametrize("damage", [Path.unlink, cut], ids=["missing", "cut"])
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_trial_that_is_lacking_is_named_and_the_others_are_rendered(
    tmp_path: Path, make: Callable[[Path], Path], damage: Callable[[Path], None]
) -> None:
    folder = make(tmp_path)
    first, *others = sorted(folder.glob("trials/*/trial.json"))
    damage(first)
    assert len(read(folder).trials) == len(others)
    verb = "cannot be read" if damage is cut else "is missing"
    for words in said(folder):
        assert f"trial.json {verb} in {first.parent.name}." in words


def test_an_engine_whose_only_record_is_lost_was_reached(tmp_path: Path) -> None:
    folder = example.every_result(tmp_path)
    cut(folder / "trials" / "02-spark" / "trial.json")
    for words in said(folder):
        assert "record is missing or damaged" in words
        assert "not reached" not in words


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_where_every_trial_is_lacking_the_run_still_is_rendered(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    folder = make(tmp_path)
    for record in folder.glob("trials/*/trial.json"):
        cut(record)
    drawn(folder)
    for words in said(folder):
        assert "trial.json cannot be read in" in words


@pytest.mark.parametrize("damage", [Path.unlink, cut], ids=["missing", "cut"])
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_without_its_run_each_trial_is_shown_and_none_is_ranked(
    tmp_path: Path, make: Callable[[Path], Path], damage: Callable[[Path], None]
) -> None:
    folder = make(tmp_path)
    damage(folder / "run.json")
    report, terminal = said(folder)
    why = "run.json cannot be read" if damage is cut else "run.json is missing."
    for words in (report, terminal):
        assert f"What was run is not known: {why}" in words
        assert "none is ranked" in words
    for trial in read(folder).trials:
        assert trial.record.variant.label in report
    assert max(len(line) for line in on_terminal(folder).splitlines()) <= 80


def test_a_trial_alone_says_why_it_has_no_figures(tmp_path: Path) -> None:
    folder = example.every_result(tmp_path)
    (folder / "run.json").unlink()
    write(folder)
    assert (folder / "report.html").is_file()
    for words in said(folder):
        for reason in (
            "TaskManager 2 died (exit 137)",
            "it has no transactions",
            "the clock stepped",
        ):
            assert reason in words
        assert "1,812" in words
