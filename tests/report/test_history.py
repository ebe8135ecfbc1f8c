"""A history of every kind of run: the page, the terminal and the JSON say the same of the same figures."""

from __future__ import annotations

import html as entities
import json
import re
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from streambench.analysis.history.history import History
from streambench.analysis.published.history import history_to_json
from streambench.report import html
from streambench.report.document import plots_of
from streambench.report.history.document import compose_history
from streambench.report.history.terminal import render_history
from streambench.report.history.words import answer, verdict_words
from tests.analysis.history.runs import figure, history, nightly
from tests.report.example import RUN

RESULTS = Path(__file__).parents[2] / "results"
KINDS = {
    "example-worker-kill-5x": ("delay_max_ms", "late_time_ms after worker-kill"),
    "example-rates": ("delay_p99_ms at rate 40,000", "delay_p99_ms at rate 80,000"),
    "example-find-rate": ("rate_per_s",),
    "example-drain": ("warm_drain_per_s",),
}
STEP = {"flink": [80.0] * 6 + [104.0] * 6, "kafka-streams": [76.0] * 12}
XEON = {**RUN.environment, "processor": "Xeon A"}


def printed(found: History) -> str:
    console = Console(width=80, no_color=True)
    with console.capture() as capture:
        console.print(render_history(found))
    return capture.get()


def page(found: History) -> str:
    return entities.unescape(html.render_document(compose_history(found)))


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def stepped(tmp_path: Path) -> History:
    changed = {0: {"environment": XEON}, 6: {"environment": {**XEON, "processor": "Xeon B"}}}
    nightly(tmp_path, STEP, changed=changed)
    return history(tmp_path)


def test_a_change_is_told_alike_in_every_form(stepped: History) -> None:
    one = figure(stepped, "delay_p99_ms")
    told = verdict_words(one)
    assert re.fullmatch(r"worse from run 7 on: \d\d → 1\d\d ms, × 1\.[23]\d", told)
    text, shown = printed(stepped), page(stepped)
    for said in (text, shown):
        assert f"flink: {told}" in flat(said)
        assert "processor: Xeon A → Xeon B" in flat(said)
        assert "From run 7 on (2026-10-07 02:30) Flink SQL is worse in result delay p99" in flat(
            said
        )
        assert "2026-10-07 02:30" in flat(said)
    assert max(map(len, text.splitlines())) <= 80
    data = json.loads(history_to_json(stepped))
    (series,) = [
        each
        for each in data["series"]
        if (each["figure"], each["variant"]) == ("delay_p99_ms", "flink")
    ]
    (change,) = series["changes"]
    assert (change["run"], change["verdict"]) == (7, "worse")
    assert change["beside"][0]["after"] == "Xeon B"
    assert change["factor"] == pytest.approx(one.shifts[0].factor)


def test_a_plot_for_each_figure_marks_what_changed_in_words(stepped: History) -> None:
    document = compose_history(stepped)
    plots = plots_of(document)
    keys = dict.fromkeys(each.series.figure.key for each in stepped.figures)
    assert len(plots) == len(keys)
    for narrow in (True, False):
        drawn = plots[0].draw(narrow)
        above, axes = drawn.axes
        words = " ".join(" ".join(text.get_text().split()) for text in above.texts)
        assert words == "processor: Xeon A → Xeon B"
        labels = [label.get_text() for label in axes.get_xticklabels()]
        assert labels[-1] == "2026-10-12\n02:30"
        assert len(labels) <= (3 if narrow else 9)
        assert {text.get_text() for text in above.get_legend().get_texts()} == set(STEP)
    assert page(stepped).count("<svg") == 2 * len(plots)


def test_marks_that_are_too_many_for_words_keep_their_numbers(tmp_path: Path) -> None:
    changed = {
        at: {"environment": {**XEON, "processor": f"a processor with a long name, {at}"}}
        for at in range(14)
    }
    nightly(tmp_path, {"flink": [80.0] * 14}, changed=changed)
    found = history(tmp_path)
    above, _ = plots_of(compose_history(found))[0].draw(False).axes
    assert [text.get_text() for text in above.texts] == [str(at + 1) for at in range(1, 14)]
    assert "a processor with a long name, 12 → a processor with a long name, 13" in page(found)


@pytest.mark.parametrize(("bundle", "keys"), KINDS.items())
def test_every_kind_of_run_has_its_figures(
    tmp_path: Path, bundle: str, keys: tuple[str, ...]
) -> None:
    for at in range(8):
        copy = shutil.copytree(RESULTS / bundle, tmp_path / f"{at}")
        record = json.loads((copy / "run.json").read_text())
        record["started_at"] = f"2026-10-0{at + 1}T02:30:00+00:00"
        (copy / "run.json").write_text(json.dumps(record))
    found = history(tmp_path)
    assert len(found.runs) == 8
    assert set(keys) <= {each.series.figure.key for each in found.figures}
    known = [each for each in found.figures if each.series.known]
    assert known
    assert not any(each.too_few or each.shifts for each in known)
    text, shown = printed(found), page(found)
    assert answer(found) in flat(text)
    assert max(map(len, text.splitlines())) <= 80
    for each in found.figures:
        assert each.series.figure.label in shown
        assert each.series.figure.label in flat(text)
    for said in (text, re.sub(r"<(style|svg).*?</\1>", "", shown, flags=re.DOTALL)):
        assert not re.search(r"\bNone\b|\bnan\b|\binf\b|  \.|\(\)", said)


def test_contenders_that_do_not_fit_beside_each_other_stand_below(tmp_path: Path) -> None:
    labels = [f"kafka-streams@4.{minor}.0" for minor in range(6)]
    nightly(tmp_path, {label: [80.0] * 3 for label in labels})
    text = printed(history(tmp_path))
    assert max(map(len, text.splitlines())) <= 80
    for minor in range(6):
        assert f"4.{minor}.0" in text


def test_of_many_runs_the_newest_are_on_the_terminal_and_all_on_the_page(tmp_path: Path) -> None:
    nightly(tmp_path, {"flink": [80.0] * 25})
    found = history(tmp_path)
    assert "5 earlier runs: see the page" in flat(printed(found))
    assert page(found).count("2026-10-01 02:30") > 1


def test_nothing_known_is_said_in_a_sentence(tmp_path: Path) -> None:
    nightly(tmp_path, {"flink": [80.0] * 2}, changed={0: {"quick": True}})
    found = history(tmp_path)
    assert answer(found) == "No figure has a value in these 2 runs."
    assert "flink: no value in any run" in printed(found)
    assert "cold: too short to be ranked" in page(found)
