from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from streambench.model.metrics import METRICS
from streambench.report.html import render
from streambench.results.bundle import read_bundle

from . import example, example_recovery
from .page import Page, page_of

pytestmark = pytest.mark.drawn

MAKERS = {
    "every result": example.every_result,
    "exactly once": example.exactly_once,
    "late": example.late_flights,
    "repeated": example.repeated,
    "empty": example.interrupted_at_once,
    "faulted": example_recovery.faulted,
    "thrice killed": example_recovery.thrice_killed,
    "faulted exactly once": example_recovery.faulted_exactly_once,
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The page of an example by its name; each is rendered once."""

    @cache
    def of(name: str) -> str:
        return render(read_bundle(MAKERS[name](tmp_path_factory.mktemp("bundle"))))

    return of


@pytest.fixture(params=MAKERS)
def html(request: pytest.FixtureRequest, rendered: Callable[[str], str]) -> str:
    return rendered(request.param)


@pytest.fixture
def page(rendered: Callable[[str], str]) -> Page:
    return page_of(rendered("every result"))


def test_the_page_is_well_formed_and_its_ids_are_unique(html: str) -> None:
    page = page_of(html)
    assert page.problems == []
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_the_page_needs_neither_network_nor_script(html: str) -> None:
    page = page_of(html)
    assert not page.tags & {"script", "link", "iframe", "object", "embed", "img", "base", "form"}
    assert "http" not in html
    assert "@import" not in html
    assert [value for _, name, value in page.attributes if name in ("src", "srcset")] == []
    assert [name for _, name, _ in page.attributes if name.startswith("on")] == []
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))


def test_every_link_leads_to_something_on_the_page(html: str) -> None:
    page = page_of(html)
    references = {v for _, name, v in page.attributes if name.endswith("href")}
    assert references
    assert {target.removeprefix("#") for target in references} <= set(page.ids)


def test_plots_follow_the_readers_colour_scheme(html: str) -> None:
    drawings = "".join(re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL))
    assert not re.findall(r"#[0-9a-fA-F]{6}\b", drawings)
    assert "prefers-color-scheme: dark" in html


def test_every_metric_is_defined_with_its_place_in_the_method(page: Page) -> None:
    for metric in METRICS:
        assert f"m-{metric.name}" in page.ids
        assert f"docs/method.md#{metric.anchor}" in page.words


def test_every_result_has_its_place_and_its_words(page: Page) -> None:
    for words in (
        "✓ right",
        "✗ wrong",
        "✗ failed",
        "! invalid",
        "○ unsupported",
        "TaskManager 2 died (exit 137).",
        "The clock stepped by 40 ms",
        "It has no transactions",
        "6 lost and 4 over-counted in 3 windows",
    ):
        assert words in page.words


def test_damage_is_shown_by_key_window_expected_and_got(page: Page) -> None:
    assert "c17 2025-11-24 16:00:30.500 1764000030500 views=31, revenue=7712" in page.words
    assert "<b>c3</b>" in page.words  # data are text, whatever they hold
    assert "b" not in page.tags


def test_a_failed_trials_log_is_in_the_report_as_text(page: Page) -> None:
    assert "ERROR Could not allocate <Slot> in time" in page.words


def test_programs_settings_and_the_instruments_own_use_are_shown(page: Page) -> None:
    for words in (
        "SELECT count(*) AS views -- a < b",
        "parallelism.default",
        "fairness rule",
        "the engine does not report this",
        "A slot is not a core",
        "What streambench used, by role",
        "0.094",
    ):
        assert words in page.words


def test_each_plot_says_how_to_read_it_and_shows_its_numbers(html: str) -> None:
    figures = re.findall(r"<figure.*?</figure>", html, flags=re.DOTALL)
    for figure in figures:
        caption = re.search(r"<figcaption>(.+?)</figcaption>", figure)
        assert caption is not None
        assert caption[1].endswith(".")
        assert "<table>" in figure
        assert figure.count("<svg") == 2  # for a desk and for a phone


def test_the_same_bundle_gives_the_same_bytes(
    tmp_path: Path, rendered: Callable[[str], str]
) -> None:
    again = render(read_bundle(example.exactly_once(tmp_path)))
    assert again == rendered("exactly once")


def test_late_records_come_first_and_delay_is_not_ranked(rendered: Callable[[str], str]) -> None:
    words = page_of(rendered("late")).words
    assert words.index("Records silently dropped") < words.index("✓ right")
    assert "Late records silently dropped: Flink SQL 20.7 %" in words
    assert "at 1,800 times real time, over 4 partitions, grace 0 min" in words
    assert "late partial rows" in words
    assert "record × window" in words
    assert "640 to 873" in words
    assert "Result delay is not ranked here" in words
    assert "Ranked by" not in words


def test_an_interrupted_run_says_so(rendered: Callable[[str], str]) -> None:
    words = page_of(rendered("empty")).words
    assert "Partial: the run was interrupted after 0 of 6 trials." in words
    assert "not reached" in words


def test_a_fault_is_told_in_verdict_picture_and_terms(rendered: Callable[[str], str]) -> None:
    words = page_of(rendered("faulted")).words
    for said in (
        "! right, then wrong 24 over-counted in 3 windows after the fault",
        "late after kill, s",
        "burst worked off, events/s",
        "all of them before the first fault",
        "Ranked by result delay p99, among those that were right until the first fault.",
        "Recovery: a worker is killed",
        "not ranked: 24 over-counted",
        "each window's delay at the instant when it was due",
        "Full stroke: a fault.",
    ):
        assert said in words, said
    assert (
        "Drawn in full is the hit with the median late time"
        in page_of(rendered("thrice killed")).words
    )
