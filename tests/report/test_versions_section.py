"""Versions of one engine in one run: the report says what moved between them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from streambench.model.conditions import Variant
from streambench.model.plan import Origin, Setting
from streambench.report.document import Fold
from streambench.report.sections.versions import version_blocks
from streambench.results.bundle import BundleWriter, read_bundle
from tests.report.example import RIGHT, RUN, completed, measures, tables

SETTINGS = (Setting("job", "poll.ms", "100", Origin.ENGINE_DEFAULT),)


def titles(root: Path, *labels: str) -> list[str]:
    writer = BundleWriter.create(root, replace(RUN, planned=labels))
    for number, label in enumerate(labels, 1):
        engine, _, version = label.partition("@")
        record = completed(number, engine, RIGHT, measures(30.0, 31.0, 32.0))
        variant = Variant(engine, version or "4.4.0", pinned=bool(version))
        writer.add_trial(replace(record, variant=variant, settings=SETTINGS), tables(30.0, 31.0))
    blocks = version_blocks(read_bundle(writer.finish()))
    return [block.title for block in blocks if isinstance(block, Fold)]


def test_what_moved_between_two_versions_stands_in_the_report(tmp_path: Path) -> None:
    found = titles(tmp_path, "flink@2.1.3", "flink@2.2.1")
    assert len(found) == 3
    assert found[0].endswith("1 setting in effect that the two do not share")
    assert "that moved between the versions, set by neither" in found[1]
    assert found[2].endswith("that only one of the two versions knows")


def test_without_two_versions_nothing_is_said(tmp_path: Path) -> None:
    assert titles(tmp_path, "kafka-streams", "flink@2.2.1") == []
