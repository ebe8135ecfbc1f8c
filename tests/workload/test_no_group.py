"""A `having` that no group can pass is found before anything runs; one that some group may pass is not refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.workload.parse import load_workload
from streambench.workload.validate import findings

GENERATED = """
title = "T"
[input]
rate = 2_000
partitions = 2
[input.fields]
shop   = { choice = 50 }
price  = { int = [1, 500] }
change = { decimal = [-2.5, 0.0], null = 0.5 }
[query]
where    = "price <= 100"
group_by = ["shop"]
window   = { tumbling = "500 ms" }
having   = "HAVING"
[query.select]
n     = "count(*)"
some  = "count(change)"
kinds = "count(distinct price)"
total = "sum(price)"
lost  = "sum(change)"
mean  = "avg(price)"
most  = "max(price * 2)"
off   = "stddev_pop(price)"
"""
REPLAYED = """
title = "T"
[input]
replay     = "d.csv"
event_time = "at"
partitions = 1
[input.fields]
shop  = "string"
price = "bigint"
[query]
group_by = ["shop"]
window   = { tumbling = "1 s" }
having   = "HAVING"
select   = { n = "count(*)", most = "max(price)" }
"""


def refused(folder: Path, text: str, having: str) -> bool:
    (folder / "d.csv").write_text("at,shop,price\n2026-01-01,a,3\n2026-01-01 00:00:02,b,7\n")
    (folder / "workload.toml").write_text(text.replace("HAVING", having))
    told = [f for f in findings(load_workload(folder)) if f.path == ("query", "having")]
    assert all(finding.fatal and "no group passes" in finding.message for finding in told)
    return bool(told)


@pytest.mark.parametrize(
    ("having", "never"),
    [
        ("n < 1", True),
        ("n < 2", False),
        ("not (n >= 1)", True),
        ("n in (0, -1)", True),
        ("kinds = 0", True),
        ("some < 1", False),
        ("some < 0", True),
        ("total < 1", True),
        ("total > 1000000", False),
        ("lost > 0", True),
        ("lost is null", False),
        ("lost > 0 or lost is null", False),
        ("lost >= 0 and n > 3", False),
        ("mean > 100", True),  # where leaves no greater price
        ("mean >= 100", False),
        ("most between 201 and 900", True),
        ("most = 200", False),
        ("off < 0", True),
        ("off = 0", False),
        ("n > total", False),
    ],
)
def test_generated_groups(tmp_path: Path, having: str, never: bool) -> None:
    assert refused(tmp_path, GENERATED, having) is never


@pytest.mark.parametrize(
    ("having", "never"),
    [("most > 7", True), ("most >= 7", False), ("n = 0", True), ("n = 1", False)],
)
def test_groups_of_a_file(tmp_path: Path, having: str, never: bool) -> None:
    assert refused(tmp_path, REPLAYED, having) is never
