"""What Flink and Spark make of their files is what `oracle.sql` says, record by record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from streambench.engines.dry_runs import Tried, tried
from streambench.model.workload import Workload
from streambench.workload.keys import key_text
from streambench.workload.locate import find
from streambench.workload.oracle_sql import shift_ms
from streambench.workload.parse import load_workload
from tests.by_hand.sql_files import flink_rows, spark_rows
from tests.by_hand.test_doc import shown

pytestmark = [pytest.mark.engine, pytest.mark.no_load]
Runs = Callable[[Workload, Tried, Path], list[Mapping[str, Any]]]


def documented(folder: Path, *without: str) -> Workload:
    folder.mkdir()
    for name, text in shown().items():
        if name not in without:
            (folder / name).write_text(text, encoding="utf-8")
    return load_workload(folder)


@pytest.mark.parametrize("run", [flink_rows, spark_rows])
@pytest.mark.parametrize("name", ["spark.sql", "spark.py", "nexmark-q5"])
def test_rows_are_those_of_oracle_sql(tmp_path: Path, run: Runs, name: str) -> None:
    """Of the page's files `name` is left out."""
    if run is flink_rows and name == "spark.py":
        pytest.skip("for Flink the page has one file")
    shipped = name == "nexmark-q5"
    workload = load_workload(find(name)) if shipped else documented(tmp_path / "orders", name)
    given = tried(workload)

    rows = run(workload, given, tmp_path / "run")

    by_hand = workload.query.by_hand
    assert by_hand is not None
    later_ms = shift_ms(workload.query)
    found = {}
    for row in rows:
        key = key_text([row[each.name] for each in by_hand.keys])
        start_ms = row["window_start"] - later_ms
        if start_ms < given.flush_ms - workload.query.window.shortest_ms:
            assert (key, start_ms) not in found
            found[(key, start_ms)] = {each.name: row[each.name] for each in by_hand.columns}
    due = {
        place: {each.name: row[each.name] for each in by_hand.columns}
        for place, row in given.rows.items()
    }
    assert found == due
