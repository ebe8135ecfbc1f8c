"""docs/workloads.md: its example works, on every engine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streambench.engines.registry import ALL, engine_named
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Plan
from streambench.model.windows import Tumbling
from streambench.model.workload import Workload
from streambench.workload.parse import load_workload
from streambench.workload.validate import findings

DOC = (Path(__file__).parent.parent / "docs" / "workloads.md").read_text(encoding="utf-8")


BLOCKS = re.findall(r"```toml\n(.*?)```", DOC, re.DOTALL)
WHOLE, FORM, DIRT, TABLE = BLOCKS


@pytest.fixture
def workload(tmp_path: Path) -> Workload:
    (tmp_path / "workload.toml").write_text(WHOLE)
    return load_workload(tmp_path)


def test_the_example_of_a_small_table_works(tmp_path: Path) -> None:
    head = 'title = "Ads"\n[input]\nrate = 1_000\n[input.fields]\nad = { choice = 2 }\n'
    rest = 'window = { tumbling = "1 s" }\nselect = { n = "count(*)", most = "max(since)" }\n'
    (tmp_path / "workload.toml").write_text(head + TABLE + rest)
    rows = "ad0,north,99.50,2019\nad1,south,150,\n"
    (tmp_path / "campaigns.csv").write_text("Ad ID,campaign,budget,Since\n" + rows)
    workload = load_workload(tmp_path)
    assert [key.name for key in workload.query.group_by] == ["campaign"]
    assert [row.key for row in workload.lookups[0].rows] == ["ad0", "ad1"]


def test_the_example_of_a_form_works(tmp_path: Path) -> None:
    (tmp_path / "workload.toml").write_text(WHOLE + FORM)
    form = load_workload(tmp_path, "original")
    assert form.query.window == Tumbling(10_000)
    assert form.query.aggregates == load_workload(tmp_path).query.aggregates


def test_the_example_of_bad_records_works(tmp_path: Path) -> None:
    (tmp_path / "workload.toml").write_text(WHOLE.replace("[query]", f"{DIRT}[query]", 1))
    dirt = load_workload(tmp_path).dirt
    assert dirt is not None
    assert {each.kind.value: each.share for each in dirt.shares} == {
        "not-json": 0.0001,
        "null-key": 0.001,
    }
    assert dirt.each_ms == 3_000


def test_the_example_stands_as_it_is(workload: Workload) -> None:
    assert findings(workload) == ()


def test_every_engine_gets_a_program_for_it(workload: Workload) -> None:
    for engine in map(engine_named, ALL):
        plan = engine.plan(workload, Conditions(), Variant(engine.name, engine.version))
        assert isinstance(plan, Plan), engine.name
