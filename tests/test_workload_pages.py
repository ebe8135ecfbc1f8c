"""docs/workloads: what is made of the pages is up to date, every canonical workload has one, and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streambench.results.bundle import read_bundle
from streambench.workload.forms import forms_of
from streambench.workload.locate import shipped_root
from streambench.workload.parse import workload_file
from tools import workload_pages

PROJECT = Path(__file__).parent.parent
EXAMPLE = PROJECT / "results" / "example-clicks-quick"
HEADINGS = (
    "Where it comes from",
    "The declaration",
    "Forms and parameters",
    "Engines",
    "What is otherwise than in the original",
    "What it showed here",
)


EACH_PAGE = pytest.mark.parametrize("page", workload_pages.pages(), ids=lambda page: page.stem)


@EACH_PAGE
def test_what_is_made_of_a_page_is_up_to_date(page: Path) -> None:
    assert workload_pages.renewed(page) == page.read_text(encoding="utf-8")


def test_the_index_is_up_to_date() -> None:
    assert workload_pages.renewed_index() == workload_pages.INDEX.read_text(encoding="utf-8")


@EACH_PAGE
def test_a_page_says_all_that_is_asked_of_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# `{page.stem}`: ")
    assert f"    streambench run {page.stem}\n" in text
    found = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [each for each in found if each in HEADINGS] == list(HEADINGS)
    for word in ("declaration", "parameters", "engines", "showed"):
        assert f"<!-- made: {word} -->" in text
    for link in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (page.parent / link).exists(), link


@EACH_PAGE
def test_forms_that_a_page_names_are_there(page: Path) -> None:
    forms = forms_of(workload_file(shipped_root() / page.stem).data)
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(rf"`(?:{page.stem})?:([a-z-]+)`", text))
    assert named == set(forms)


def test_what_declares_a_source_or_a_form_has_a_page() -> None:
    told = {
        folder.name
        for folder in shipped_root().iterdir()
        if {"source", "forms"} & workload_file(folder).data.keys()
    }
    assert told <= {page.stem for page in workload_pages.pages()}


def test_a_run_is_shown_with_its_command_its_rows_and_a_picture() -> None:
    page = next(each for each in workload_pages.pages() if each.stem == "ysb")
    text, picture = workload_pages.showed(page, read_bundle(EXAMPLE))
    (block,) = [found[2] for found in workload_pages.BLOCK.finditer(text) if found[1] == "showed"]
    assert "$ streambench run" in block
    assert "Kafka Streams" in block
    assert "](ysb.png)" in block
    assert max(map(len, block.splitlines())) < 130
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
    # All else stays as it was.
    assert workload_pages.BLOCK.sub("", text) == workload_pages.BLOCK.sub(
        "", page.read_text(encoding="utf-8")
    )
