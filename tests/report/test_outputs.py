from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from streambench.model.errors import UsageError
from streambench.report import markdown, terminal
from streambench.report.write import write
from streambench.results.bundle import read_bundle

from . import example, example_recovery

pytestmark = pytest.mark.drawn

PNG = b"\x89PNG\r\n\x1a\n"
MAKERS = (
    example.every_result,
    example.exactly_once,
    example.late_flights,
    example.repeated,
    example.interrupted_at_once,
    example_recovery.faulted,
    example_recovery.thrice_killed,
    example_recovery.faulted_exactly_once,
)


def on_terminal(folder: Path, *, width: int = 80, no_color: bool = False) -> str:
    console = Console(
        width=width, force_terminal=True, no_color=no_color, color_system="standard", record=True
    )
    with console.capture() as captured:
        console.print(terminal.render(read_bundle(folder)))
    return captured.get()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("make", MAKERS)
def test_the_summary_fits_80_columns_and_cuts_nothing_off(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    said = plain(on_terminal(make(tmp_path)))
    assert max(len(line) for line in said.splitlines()) <= 80
    assert "…" not in said


def test_the_summary_names_every_result_and_reason(tmp_path: Path) -> None:
    said = plain(on_terminal(example.every_result(tmp_path)))
    for words in ("✓ right", "✗ wrong", "✗ failed", "! invalid", "○ unsupported", "1,812", "28"):
        assert words in said
    assert "Flink SQL: failed: at load: TaskManager 2 died (exit 137)." in said


def test_the_summary_has_a_column_for_the_kill_and_one_for_the_burst(tmp_path: Path) -> None:
    said = plain(on_terminal(example_recovery.faulted(tmp_path)))
    flink = next(line for line in said.splitlines() if re.match(r"\s*\d=?\s+Flink SQL", line))
    assert flink.split()[-3:] == ["3.50", "223,000", "21.00"]
    assert "! right," in said
    assert "24 over-counted in 3 windows after the fault" in said
    assert "late s" not in plain(on_terminal(example.every_result(tmp_path / "without")))


@pytest.mark.parametrize(
    "title", ["Spark Structured Streaming", "A-name-that-has-no-space-and-is-very-long"]
)
def test_the_summary_of_the_worst_case_fits_80_columns(tmp_path: Path, title: str) -> None:
    slow = example.measures(12_345, 123_456, 234_567, cpu_s=1_234.56)
    hits = [
        example_recovery.recovery(123.45, example_recovery.OVER),
        example_recovery.burst(100, 999_400.0),
    ]
    records = [
        example_recovery.hit_trial(1, "spark", hits, slow),
        example_recovery.not_run("flink", "it has no transactions"),
    ]
    folder = example_recovery.bundle_with(tmp_path, *records, titles={"spark": title})
    said = plain(on_terminal(folder))
    assert max(len(line) for line in said.splitlines()) <= 80
    assert "…" not in said
    assert "999,000" in said


def test_the_summary_without_colour_says_the_same(tmp_path: Path) -> None:
    folder = example.every_result(tmp_path)
    coloured, bare = on_terminal(folder), on_terminal(folder, no_color=True)
    assert plain(coloured) == plain(bare)
    assert "\x1b[32m" in coloured
    assert not re.search(r"\x1b\[(?:3|4|9)\d", bare)


def test_the_summary_honours_no_color_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(width=80, force_terminal=True)
    with console.capture() as captured:
        console.print(terminal.render(read_bundle(example.every_result(tmp_path))))
    assert not re.search(r"\x1b\[(?:3|4|9)\d", captured.get())


def test_the_summary_labels_a_maximum_in_a_percentiles_place(tmp_path: Path) -> None:
    said = plain(on_terminal(example.late_flights(tmp_path)))
    assert "max 100" in said
    assert "max: too few windows to earn the percentile" in said
    assert "640..873" in said


@pytest.mark.parametrize("make", MAKERS)
def test_every_row_of_a_markdown_table_has_all_its_cells(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    text = markdown.render(read_bundle(make(tmp_path)))
    width = None
    rows = 0
    for line in re.sub(r"```.*?```", "", text, flags=re.DOTALL).splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1
        width = width or cells
        assert cells == width, line
        rows += 1
    assert rows > 3


def test_data_do_not_become_markup_in_markdown(tmp_path: Path) -> None:
    text = markdown.render(read_bundle(example.every_result(tmp_path)))
    assert "`<b>c3</b>`" in text
    assert "*" not in re.sub(
        r"\*\*[^*|]+\*\*|^\*[^*\n]+\*$|`[^`]*`|```.*?```", "", text, flags=re.DOTALL | re.MULTILINE
    )


@pytest.mark.parametrize(
    ("make", "plots"), [(example.every_result, 5), (example_recovery.faulted, 7)]
)
def test_a_report_is_written_into_its_bundle_with_every_plot_that_it_names(
    tmp_path: Path, make: Callable[[Path], Path], plots: int
) -> None:
    folder = make(tmp_path)
    written = write(folder)
    assert written[0] == folder / "report.html"
    named = re.findall(r"\]\((plots/[a-z-]+\.png)\)", (folder / "report.md").read_text())
    assert len(named) == plots
    assert {folder / name for name in named} <= set(written)
    for name in named:
        assert (folder / name).read_bytes().startswith(PNG)


def test_a_copied_bundle_renders_to_the_same_page(tmp_path: Path) -> None:
    folder = example.exactly_once(tmp_path / "here")
    write(folder)
    first = (folder / "report.html").read_text()
    moved = folder.rename(tmp_path / "elsewhere")
    (moved / "report.html").unlink()
    write(moved)
    assert (moved / "report.html").read_text() == first


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write(tmp_path)
