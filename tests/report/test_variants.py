"""What named variants are is told from the bundle alone, in each form of a report and a comparison."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from streambench.analysis.compare.comparison import compare
from streambench.analysis.compare.sides import pairs_of, read_sides
from streambench.analysis.published.comparison import comparison_to_json
from streambench.analysis.published.document import analysis_of
from streambench.model.conditions import NamedVariant, Variant
from streambench.report.comparison.document import compose_comparison
from streambench.report.comparison.terminal import render_comparison
from streambench.report.comparison.write import comment
from streambench.report.compose import compose
from streambench.report.markdown import render_document
from streambench.report.words.variants import variant_words
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from tests.report.example import RIGHT, RUN, completed, measures, tables

TUNED = NamedVariant(
    "tuned",
    "tuned [b]*x*[/]",
    "It has more memory",
    (("state.backend.type", "rocksdb"), ("heartbeat.interval", "700 ms")),
    version="2.2.1",
    based_on="rocksdb",
    declared_in="workloads/clicks/variants.toml",
)
SPARE = NamedVariant("spare", "spare worker", "One TaskManager more.", (("a", "1"),))
NAMED = {"flink:tuned": TUNED, "flink:spare": SPARE}


def bundle_of(folder: Path, named: dict[str, NamedVariant]) -> Bundle:
    titles = {label: f"Apache Flink, {each.title}" for label, each in NAMED.items()}
    run = replace(RUN, planned=tuple(NAMED), titles=titles, warnings=(), named=named)
    writer = BundleWriter.create(folder, run)
    for number, (label, each) in enumerate(NAMED.items(), 1):
        record = completed(number, "flink", RIGHT, measures(13, 28, 41))
        declared = each if each.declared_in else None
        variant = Variant("flink", "2.2.1", name=each.name, declared=declared)
        assert variant.label == label
        writer.add_trial(replace(record, variant=variant), tables(13, 28, seed=number))
    return read_bundle(writer.finish())


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return bundle_of(tmp_path_factory.mktemp("results"), NAMED)


TOLD = (
    "It has more memory. Declared in workloads/clicks/variants.toml, based on rocksdb: version 2.2.1, "
    "state.backend.type = rocksdb and heartbeat.interval = 700 ms."
)


def test_a_report_says_what_its_variants_are(bundle: Bundle) -> None:
    text = render_document(compose(bundle)).replace("\\", "")
    assert f"Apache Flink, tuned [b]*x*[/]: {TOLD}" in text
    assert "Apache Flink, spare worker: One TaskManager more." in text
    assert bundle.trials[0].record.variant.declared == TUNED


def test_a_comparison_says_it_too(bundle: Bundle) -> None:
    sides = (f"{bundle.folder}:flink:tuned", f"{bundle.folder}:flink:spare")
    found = compare(pairs_of(read_sides(sides)))
    console = Console(width=300, no_color=True)
    with console.capture() as capture:
        console.print(render_comparison(found))
    assert f"A, Apache Flink, tuned [b]*x*[/]: {TOLD}" in capture.get()
    assert "One TaskManager more." in comment(compose_comparison(found))
    (pair,) = json.loads(comparison_to_json(found, ()))["pairs"]
    assert pair["first"]["named"]["declared_in"] == "workloads/clicks/variants.toml"
    assert pair["second"]["named"]["note"] == "One TaskManager more."


def test_the_json_of_a_report_has_title_note_and_settings(bundle: Bundle) -> None:
    named = analysis_of(bundle).run.named
    assert named["flink:tuned"].title == TUNED.title
    assert named["flink:tuned"].settings == dict(TUNED.settings)
    assert named["flink:spare"].declared_in is None


def test_a_run_that_recorded_none_says_nothing_of_them(tmp_path: Path) -> None:
    earlier = bundle_of(tmp_path, {})
    assert "What the variants are" not in render_document(compose(earlier))
    assert analysis_of(earlier).run.named == {}


def test_a_bundle_of_before_variants_could_be_declared_is_read(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path, NAMED).folder
    for file in (folder / "run.json", *folder.glob("trials/*/trial.json")):
        data = json.loads(file.read_text())
        data.pop("named", None)
        data.get("variant", {}).pop("declared", None)
        file.write_text(json.dumps(data))
    again = read_bundle(folder)
    assert again.labels == ("flink:tuned", "flink:spare")
    assert not again.run.named
    assert not again.gaps


@pytest.mark.parametrize(
    ("named", "words"),
    [
        (NamedVariant("a", "a", "", ()), None),
        (NamedVariant("a", "a", "Done!", ()), "Done!"),
        (
            NamedVariant("a", "a", "", (), declared_in="variants.toml"),
            "Declared in variants.toml: nothing is set.",
        ),
    ],
)
def test_what_nobody_said_is_not_said(
    bundle: Bundle, named: NamedVariant, words: str | None
) -> None:
    changed = replace(bundle, run=replace(bundle.run, named={"flink:a": named}))
    assert variant_words(changed, "flink:a") == words
    assert variant_words(changed, "flink") is None
