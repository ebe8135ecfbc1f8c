"""The files that docs/by-hand-workloads.md shows do what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from streambench.engines.dry_runs import dry_run, plans_of
from streambench.model.by_hand import HandFile
from streambench.model.plan import Plan
from streambench.model.workload import Workload
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from streambench.workload.validate import findings

PAGE: Final = Path(__file__).parents[2] / "docs" / "by-hand-workloads.md"
_SECTION: Final = re.compile(r"^## `([\w.]+)`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK: Final = re.compile(r"^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown() -> dict[str, str]:
    """The first block of each section that is called as a file."""
    found = {}
    for name, text in _SECTION.findall(PAGE.read_text(encoding="utf-8")):
        block = _BLOCK.search(text)
        assert block is not None, name
        found[name] = block[1]
    return found


@pytest.fixture
def orders(tmp_path: Path) -> Workload:
    folder = tmp_path / "orders"
    folder.mkdir()
    for name, text in shown().items():
        (folder / name).write_text(text, encoding="utf-8")
    return load_workload(folder)


def test_each_file_has_its_page() -> None:
    assert set(shown()) == {"workload.toml", *(file.value for file in HandFile)}


def test_the_files_are_sound_and_make_the_rows_that_oracle_sql_has(orders: Workload) -> None:
    plans = list(plans_of(orders))

    assert [plan.engine for plan, _ in plans] == ["flink", "spark", "kafka-streams", "kafka-python"]
    assert findings(orders) == ()
    dry_run(orders, plans)


@pytest.mark.parametrize("name", ["nexmark-q5"])
def test_the_workloads_by_hand_that_ship_are_sound(name: str) -> None:
    workload = load_workload(find(name))
    plans = list(plans_of(workload))

    assert not [each for each in findings(workload) if each.fatal]
    dry_run(workload, plans)
    for plan, _ in plans:
        assert isinstance(plan, Plan)
        assert "oracle.sql" in [program.name for program in plan.programs]
