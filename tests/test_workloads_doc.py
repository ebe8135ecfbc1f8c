"""docs/workloads.md: its example works, on every engine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streambench.engines.registry import ALL, engine_named
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Plan
from streambench.model.workload import Workload
from streambench.workload.parse import load_workload
from streambench.workload.validate import findings

DOC = (Path(__file__).parent.parent / "docs" / "workloads.md").read_text(encoding="utf-8")


@pytest.fixture
def workload(tmp_path: Path) -> Workload:
    (text,) = re.findall(r"```toml\n(.*?)```", DOC, re.DOTALL)
    (tmp_path / "workload.toml").write_text(text)
    return load_workload(tmp_path)


def test_the_example_stands_as_it_is(workload: Workload) -> None:
    assert findings(workload) == ()


def test_every_engine_gets_a_program_for_it(workload: Workload) -> None:
    for engine in map(engine_named, ALL):
        plan = engine.plan(workload, Conditions(), Variant(engine.name, engine.version))
        assert isinstance(plan, Plan), engine.name
