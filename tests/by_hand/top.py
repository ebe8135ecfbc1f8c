"""A small workload by hand: the shops with the most orders of each window."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from streambench.model.workload import Workload
from streambench.workload.parse import load_workload

DECLARED: Final = """\
title = "The busiest shops of each second"

[input]
rate = 2_000
key = "shop"
partitions = 2
[input.fields]
shop   = { int = [1, 20] }
amount = { int = [1, 100] }
[input.time]
disorder = "20 ms"

[query]
where    = "amount > 10"
group_by = ["shop"]
window   = { tumbling = "500 ms" }
grace    = "50 ms"
[query.columns]
orders = "bigint"
"""
ORACLE: Final = """\
WITH counted AS (
    SELECT shop, event_ms // 500 * 500 AS window_start, count(*) AS orders
    FROM events
    GROUP BY ALL
)
SELECT shop, window_start, orders
FROM counted
QUALIFY orders = max(orders) OVER (PARTITION BY window_start)
"""
CONSUMER: Final = """\
def add(window, event):
    window[event["shop"]] = window.get(event["shop"], 0) + 1


def part(window):
    most = max(window.values())
    return [[shop, orders] for shop, orders in window.items() if orders == most]


def rows(parts, window_start):
    counted = [each for part in parts for each in part]
    most = max(orders for _, orders in counted)
    for shop, orders in counted:
        if orders == most:
            yield {"shop": shop, "window_start": window_start, "orders": orders}
"""
FILES: Final[Mapping[str, str]] = {
    "workload.toml": DECLARED,
    "oracle.sql": ORACLE,
    "consumer.py": CONSUMER,
}


def written(folder: Path, **changed: str | None) -> Path:
    """The workload's folder, with files `changed` (dots are `_`), or left out where None."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {name.replace(".", "_"): name for name in (*FILES, *OTHERS)}
    files = {**FILES, **{names[key]: text for key, text in changed.items()}}
    for name, text in files.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


OTHERS: Final = ("flink.sql", "spark.sql", "spark.py", "KafkaStreams.java")


def top(folder: Path, **changed: str | None) -> Workload:
    """The same, read."""
    return load_workload(written(folder, **changed))
