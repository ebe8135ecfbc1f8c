"""`report --json`: valid for every kind of bundle, and everything that the terminal's tables say is in it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.table import Table
from typer.testing import CliRunner

import streambench.analysis.published.document as published
from streambench.cli.main import app
from streambench.model.conditions import Variant
from streambench.model.search import SearchRecord
from streambench.model.trial import Completed, Failed, LeftOut
from streambench.report.chapters.choose import chapter_of
from streambench.results.bundle import Bundle, read_bundle
from tests.report import example, example_recovery, test_drain, test_search, test_sweep

from .json_page import compact, field_lines, small_analysis
from .schema_check import problems
from .tables_from_json import tables_of

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted(path.parent for path in (ROOT / "results").glob("*/run.json"))


def of_the_earlier_method(root: Path) -> Path:
    folder = example_recovery.faulted(root, method=1)
    for parts in folder.glob("trials/*/partitions.parquet"):
        parts.unlink()
    return folder


def one_never_back(root: Path) -> Path:
    """One is late to the end, one has no late window, one has a band that hides the fault."""
    return example_recovery.bundle_with(
        root,
        example_recovery.hit_trial(1, "flink", [example_recovery.never_back()]),
        example_recovery.hit_trial(2, "kafka-streams", [example_recovery.undisturbed()]),
        example_recovery.hit_trial(3, "spark", [example_recovery.hidden()]),
    )


def search_with_failures(root: Path) -> Path:
    lost = SearchRecord(Variant("kafka-python", "1.2.3"), ended="worker-0 died by itself")
    found = (
        test_search.search("flink", 150_000, 150_000, 240_000.0),
        test_search.search("kafka-streams", 146_000, None, 173_000.0),
        lost,
    )
    return test_search.bundle_of(root, found, test_search.LIMIT).folder


def drains_with_failures(root: Path) -> Path:
    return test_drain.bundle_of(
        root,
        test_drain.drained("flink", 0, 4.0),
        test_drain.drained("flink", 1, 5.0),
        test_drain.drained("kafka-streams", 0, 8.0, right=False),
    ).folder


def rates_with_failures(root: Path) -> Path:
    done, died = Completed(example.RIGHT), Failed("load", "it died")
    records = [
        test_sweep.at(1, "flink", 5_000, test_sweep.FLAT, done),
        test_sweep.at(2, "flink", 10_000, test_sweep.STEEP, done),
        test_sweep.at(3, "flink", 20_000, {}, LeftOut("it fell behind at 10,000")),
        test_sweep.at(4, "kafka-streams", 5_000, test_sweep.UNSURE, Completed(example.WRONG)),
        test_sweep.at(5, "kafka-streams", 10_000, {}, died),
    ]
    return test_sweep.bundle_of(root, records).folder


MAKERS: tuple[Callable[[Path], Path], ...] = (
    example.every_result,
    example.exactly_once,
    example.late_flights,
    example.repeated,
    example.interrupted_at_once,
    example_recovery.faulted,
    example_recovery.thrice_killed,
    example_recovery.faulted_exactly_once,
    of_the_earlier_method,
    one_never_back,
    search_with_failures,
    drains_with_failures,
    rates_with_failures,
)
SCHEMA = Path(published.__file__).parent / "schema.json"
PAGE = ROOT / "docs" / "report-json.md"


BUNDLES = [
    *(pytest.param(lambda _, path=path: path, id=path.name) for path in EXAMPLES),
    *(pytest.param(make, id=make.__name__) for make in MAKERS),
]


def refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def check(bundle: Bundle) -> Any:
    """The data that are printed, valid by the schema and read again as they were."""
    text = published.analysis_to_json(published.analysis_of(bundle))
    data = json.loads(text, parse_constant=refuse)
    schema = json.loads(published.json_schema())
    assert list(problems(data, schema, schema)) == []
    assert published.analysis_to_json(published.analysis_from_json(text)) == text
    return data


@pytest.mark.parametrize("make", BUNDLES)
def test_every_bundle_gives_valid_json(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    bundle = read_bundle(make(tmp_path))
    data = check(bundle)
    assert data["version"] == 1
    assert data["result"]["kind"] == bundle.run.experiment.kind
    assert [trial["number"] for trial in data["trials"]] == [
        trial.record.number for trial in bundle.trials
    ]


@pytest.mark.parametrize("make", BUNDLES)
def test_the_terminals_tables_can_be_made_from_the_json(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    bundle = read_bundle(make(tmp_path))
    data = check(bundle)
    tables = [part for part in chapter_of(bundle).summary() if isinstance(part, Table)]
    expected = tables_of(data)
    assert [figures_in(table) for table in tables] == expected
    assert any(expected)


def figures_in(table: Table) -> list[list[str]]:
    """The cells of the columns of figures, row by row."""
    columns = [column for column in table.columns if column.justify == "right"]
    return [
        [str(cell) for cell in row]
        for row in zip(*(column.cells for column in columns), strict=True)
    ]


def test_a_rank_and_why_there_is_none_can_be_read(tmp_path: Path) -> None:
    data = check(read_bundle(example.every_result(tmp_path)))
    variants = {each["variant"]: each for each in data["result"]["variants"]}
    assert variants["kafka-streams"]["place"]["rank"] == 1
    assert variants["kafka-python"]["place"] == {
        "rank": None,
        "not_told_apart_from": [],
        "why_unranked": "wrong",
    }
    assert variants["kafka-python"]["damage"]["lost"] == 6
    assert variants["flink"]["reason"] == "at load: TaskManager 2 died (exit 137)."
    figure = variants["kafka-streams"]["metrics"]["gc_pause_ms"]
    assert (figure["value"], figure["why_none"]) == (None, "not known")


def test_repeats_that_are_not_told_apart_name_one_another(tmp_path: Path) -> None:
    result = check(read_bundle(example.repeated(tmp_path)))["result"]
    places = {each["variant"]: each["place"] for each in result["variants"]}
    assert places["kafka-python"]["not_told_apart_from"] == ["kafka-streams"]
    assert result["rule"]["trials_of_each"] == 3
    figure = result["variants"][0]["metrics"]["delay_p99_ms"]
    assert figure["lowest"] < figure["value"] < figure["highest"]
    assert figure["trials"] == [1, 4, 7]


def test_a_recovery_has_its_late_times_and_the_hits_that_they_come_from(tmp_path: Path) -> None:
    (fault, *_) = check(read_bundle(example_recovery.thrice_killed(tmp_path)))["result"][
        "recoveries"
    ]
    assert fault["fault"] == "worker-kill"
    first = fault["variants"][0]
    assert first["place"]["rank"] == 1
    assert first["decides_ms"]["of"] == len({hit["trial"] for hit in first["hits"]})
    assert first["decides_ms"]["median"] is not None


def test_the_schema_in_the_package_is_that_of_the_values() -> None:
    made = published.json_schema()
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SCHEMA.write_text(made, encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == made


def test_the_page_in_the_docs_has_a_valid_example_and_every_field(tmp_path: Path) -> None:
    data = json.loads(published.analysis_to_json(small_analysis(tmp_path)))
    schema = json.loads(published.json_schema())
    assert list(problems(data, schema, schema)) == []
    text = PAGE.read_text(encoding="utf-8")
    made = re.sub(
        r"```json\n.*?```", lambda _: f"```json\n{compact(data)}\n```", text, flags=re.DOTALL
    )
    head, mark, _ = made.partition("## Every field\n")
    made = f"{head}{mark}\n" + "\n".join(field_lines(schema)).rstrip() + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        PAGE.write_text(made, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == made


def test_every_field_says_what_it_is() -> None:
    schema = json.loads(published.json_schema())
    ours = {name for name in schema["$defs"] if name in dir_of_published()}
    assert len(ours) > 15
    silent = [
        f"{name}.{field}"
        for name in ours
        for field, kept in schema["$defs"][name]["properties"].items()
        if field != "kind" and "description" not in kept
    ]
    assert silent == []


def dir_of_published() -> set[str]:
    folder = Path(published.__file__).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    return set(re.findall(r"^class (\w+)", text, flags=re.MULTILINE))


def test_the_command_prints_nothing_but_json_and_writes_nothing(tmp_path: Path) -> None:
    folder = example.every_result(tmp_path)
    before = sorted(folder.rglob("*"))
    ran = CliRunner().invoke(app, ["report", str(folder), "--json"])
    assert ran.exit_code == 0
    assert json.loads(ran.stdout)["run"]["workload"] == "clicks"
    assert sorted(folder.rglob("*")) == before
