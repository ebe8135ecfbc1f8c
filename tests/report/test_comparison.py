"""A comparison of every kind of run: the page, the terminal and the JSON say the same of the same figures."""

from __future__ import annotations

import html as entities
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from streambench.analysis.compare.comparison import SideBySide, compare
from streambench.analysis.compare.difference import DifferenceVerdict
from streambench.analysis.compare.sides import pairs_of, read_sides
from streambench.analysis.published.comparison import comparison_to_json
from streambench.report import html
from streambench.report.comparison.document import compose_comparison
from streambench.report.comparison.terminal import render_comparison
from streambench.report.comparison.words import percent_words
from streambench.report.comparison.write import COMMENT_CHARACTERS, comment
from streambench.report.document import Grid, plots_of

RESULTS = Path(__file__).parents[2] / "results"
KINDS = {
    "example-worker-kill-5x": ("delay_max_ms", "late_time_ms after worker-kill"),
    "example-rates": ("delay_p99_ms at rate 40,000", "delay_p99_ms at rate 80,000"),
    "example-find-rate": ("rate_per_s",),
    "example-drain": ("warm_drain_per_s",),
}


def compared(bundle: str) -> SideBySide:
    folder = RESULTS / bundle
    return compare(pairs_of(read_sides((f"{folder}:flink", f"{folder}:kafka-python"))))


def test_the_least_difference_is_never_told_as_none() -> None:
    told = [percent_words(factor) for factor in (1.0, 1.004, 1.01, 1.31, 3.16, 400.0)]
    assert told == [
        "less than 1 %",
        "less than 1 %",
        "1 %",
        "31 %",
        "a factor of 3.16",
        "a factor of more than 100",
    ]


def printed(found: SideBySide) -> str:
    console = Console(width=80, no_color=True)
    with console.capture() as capture:
        console.print(render_comparison(found))
    return capture.get()


@pytest.mark.parametrize(("bundle", "keys"), KINDS.items())
def test_every_kind_has_its_primary_figures_in_every_form(
    bundle: str, keys: tuple[str, ...]
) -> None:
    found = compared(bundle)
    (pair,) = found.pairs
    assert set(keys) <= {row.figure.key for row in pair.primary}
    document = compose_comparison(found)
    page, text = entities.unescape(html.render_document(document)), printed(found)
    data = json.loads(comparison_to_json(found, ()))
    assert max(map(len, text.splitlines())) <= 80
    assert len(comment(document)) <= COMMENT_CHARACTERS
    flat = " ".join(text.split())
    for row, published in zip(pair.rows, data["pairs"][0]["figures"], strict=True):
        assert published["verdict"] == row.judged.value
        assert row.figure.label in page
        if row.figure.primary and row.judged is not DifferenceVerdict.NOT_COMPARABLE:
            assert f"{row.judged.value}" in flat
    grid = next(b for b in document.sections[0].blocks if isinstance(b, Grid))
    assert len(grid.rows) == len(pair.rows)


def test_delays_and_lags_of_both_sides_are_drawn_on_one_axis() -> None:
    names = {plot.name for plot in plots_of(compose_comparison(compared("example-worker-kill-5x")))}
    assert names == {"forest-1", "delay-1", "lag-worker-kill-1"}
    names = {plot.name for plot in plots_of(compose_comparison(compared("example-rates")))}
    assert names == {"forest-1", "curve-1"}


def test_no_sentence_is_left_with_a_hole() -> None:
    for bundle in KINDS:
        text = comment(compose_comparison(compared(bundle)))
        assert not re.search(r"\bNone\b|\bnan\b|\binf\b|  \.|\(\)", text), bundle
