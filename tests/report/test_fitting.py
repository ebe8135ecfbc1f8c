"""Tables on narrow terminals: no figure is cut or broken, whatever the width."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from rich.text import Text
from typer.testing import CliRunner

from streambench.analysis.compare.comparison import compare
from streambench.analysis.compare.conditions import parse_condition
from streambench.analysis.compare.gates import judge_gate
from streambench.analysis.compare.sides import pairs_of, read_sides
from streambench.analysis.timing import timings_of
from streambench.cli.main import app
from streambench.report.comparison.terminal import render_comparison, render_gates
from streambench.report.fitting import FittingTable
from streambench.report.history.terminal import render_history
from streambench.report.lone_trials import render_lone
from streambench.report.terminal import render
from streambench.report.timing import render_timings
from streambench.results.bundle import LoneTrials, read, read_bundle
from tests.analysis.history.runs import history, nightly

from .example import every_result, late_flights
from .example_recovery import faulted

RESULTS = Path(__file__).parents[2] / "results"
WIDTHS = (40, 60, 80)
BUNDLES = sorted(folder.name for folder in RESULTS.glob("example-*"))
REQUIRED = ("delay_p99 < 500ms", "late_time < 5s", "lost = 0", "rate > 50k")


def lines_of(shown: RenderableType, width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), no_color=True)
    with console.capture() as capture:
        console.print(shown)
    return capture.get().splitlines()


def figures(lines: list[str]) -> set[str]:
    """All words that begin with a digit, as a reader sees them; not names that hold one."""
    words = (word.strip("();:,.") for line in lines for word in line.split())
    return {word for word in words if re.fullmatch(r"[+±<>-]?\d[\d,.]*\D{0,8}", word)}


def assert_readable(shown: RenderableType, width: int) -> None:
    lines = lines_of(shown, width)
    assert max(map(len, lines)) <= width
    wide = lines_of(shown, 400)
    assert figures(wide) - figures(lines) == set()
    # What is cut off ends so; a copy without names has some of its own.
    assert "".join(lines).count("…") <= "".join(wide).count("…")


@cache
def summary(name: str) -> RenderableType:
    bundle = read_bundle(RESULTS / name)
    return render(replace(bundle, run=replace(bundle.run, requirements=REQUIRED)))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", BUNDLES)
def test_the_summary_of_a_run(name: str, width: int) -> None:
    assert_readable(summary(name), width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("make", [every_result, late_flights, faulted])
def test_the_summary_of_every_result(tmp_path: Path, make: object, width: int) -> None:
    assert callable(make)
    assert_readable(render(read_bundle(make(tmp_path))), width)


@pytest.mark.parametrize("width", WIDTHS)
def test_trials_without_their_run(tmp_path: Path, width: int) -> None:
    folder = every_result(tmp_path)
    (folder / "run.json").unlink()
    lone = read(folder)
    assert isinstance(lone, LoneTrials)
    assert_readable(render_lone(lone), width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", BUNDLES)
def test_a_comparison_and_its_gates(name: str, width: int) -> None:
    folder = RESULTS / name
    first, second = read_bundle(folder).labels[:2]
    found = compare(pairs_of(read_sides((f"{folder}:{first}", f"{folder}:{second}"))))
    assert_readable(render_comparison(found), width)
    texts = ("p99 > +10%", "p99 > 2s", "lost", "drain < 50k")
    gates = [judge_gate(parse_condition(text), pair) for text in texts for pair in found.pairs]
    assert_readable(render_gates(gates), width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_history(tmp_path: Path, width: int) -> None:
    nightly(tmp_path, {"flink": [80.0] * 6 + [104.0] * 6, "kafka-streams": [76.0] * 12})
    assert_readable(render_history(history(tmp_path)), width)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_took_how_long(width: int) -> None:
    timings = timings_of(read_bundle(RESULTS / "example-rates"))
    assert timings
    assert_readable(render_timings(timings), width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("command", ["engines", "workloads"])
def test_lists(command: str, width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def printed(columns: int) -> list[str]:
        done = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, [command])
        assert done.exit_code == 0, done.output
        return done.stdout.splitlines()

    lines = printed(width)
    assert max(map(len, lines)) <= width
    assert figures(printed(400)) <= figures(lines)
    assert "…" not in "".join(lines)
    wide = {word for line in printed(400) for word in line.split()}
    narrow = {word for line in lines for word in (*line.split(), *line.replace(":", "").split())}
    addresses = {
        word for word in wide if "/" in word and len(word) > width - 4
    }  # longer than a line
    # What names a row needs no heading.
    assert wide - narrow - addresses <= {"engine", "variant", "workload"}


def table(**options: int) -> FittingTable:
    shown = FittingTable(**options)  # type: ignore[arg-type]
    shown.add_column("rate", justify="right", no_wrap=True)
    shown.add_column("engine", overflow="fold")
    shown.add_column("delay\np99 ms", justify="right", no_wrap=True)
    shown.add_column("why", overflow="fold")
    shown.add_row("5,000", "[b]Flink[/b]", "1,234", Text("it kept up"))
    shown.add_row("", "Spark", "", Text("it [fell] behind\nby far"))
    return shown


def test_rows_stand_below_each_other_where_they_do_not_fit() -> None:
    assert lines_of(table(named=1, carried=1), 20) == [
        "rate 5,000 · Flink",
        "  delay p99 ms:",
        "    1,234",
        "  why: it kept up",
        "",
        "rate 5,000 · Spark",
        "  why: it [fell]",
        "    behind by far",
    ]


def test_a_sentence_is_not_squeezed_into_a_column_of_words() -> None:
    shown = FittingTable(named=0)
    shown.add_column("engine", no_wrap=True)
    shown.add_column("why", overflow="fold")
    shown.add_row("kafka-streams", "it was at no time as far behind as others were")
    assert lines_of(shown, 24)[0] == "kafka-streams"
    assert "engine" in lines_of(shown, 40)[0]


def test_they_stand_side_by_side_where_they_fit() -> None:
    lines = lines_of(table(named=1, carried=1), 34)
    assert lines[3].split() == ["5,000", "Flink", "1,234", "it", "kept", "up"]
