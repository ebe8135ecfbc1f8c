"""A workload whose records are joined with two small tables: what is not there is null."""

from __future__ import annotations

from pathlib import Path

LOOKED_UP = """
title = "What campaigns take, by region"
[input]
rate       = 2_000
partitions = 4
[input.fields]
ad    = { choice = 60, prefix = "ad", skew = 0.3, null = 0.05 }
place = { int = [0, 11] }
paid  = { decimal = [0.00, 9.99] }
[input.time]
disorder = "50 ms"
[query.lookup.ads]
file    = "ads.csv"
on      = { ad = "Ad ID" }
columns = { campaign = "string", budget = "decimal(10,2)", since = { column = "Since", type = "bigint" }, live = "boolean", weight = "double" }
[query.lookup.places]
file    = "places.jsonl"
on      = { place = "id" }
columns = { region = "string", tax = "decimal(4,3)" }
[query]
where    = "paid > 0.5 and (region <> 'né' or budget > 20)"
group_by = ["campaign"]
window   = { tumbling = "500 ms" }
grace    = "100 ms"
having   = "n > 3"
[query.let]
due = "paid * tax"
[query.select]
n       = "count(*)"
known   = "count(region)"
regions = "count(distinct region)"
most    = "max(budget)"
total   = "sum(due)"
old     = "count(*) filter (where since < 5)"
lives   = "count(*) filter (where live)"
none    = "count(*) filter (where region is null)"
heavy   = "sum(weight)"
odd     = "count(*) filter (where coalesce(region, '?') like '%|%')"
"""

CAMPAIGNS = ("c0", 'a"b', "x,y", "né", "t\tb", "b\\s", "l\nf", "${job_dir}", "\\N", "𝌆")


def ads_csv() -> str:
    """Of 60 ads 50, each with a campaign but every seventh, whose cell is empty."""
    lines = ['"Ad ID",campaign,budget,Since,live,weight']
    for ad in range(50):
        campaign = CAMPAIGNS[ad % len(CAMPAIGNS)].replace('"', '""')
        cells = (
            f"ad{ad}",
            "" if ad % 7 == 3 else f'"{campaign}"',
            f"{ad}.{ad % 10}5" if ad % 6 else "",
            f"{ad % 9}" if ad % 5 else "",
            ("true", "false", "")[ad % 3],
            f"{ad / 8}" if ad % 4 else "",
        )
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def places_jsonl() -> str:
    """Of twelve places ten, two of which have no region, and one no tax."""
    rows = [
        f'{{"id": {place}, "region": "{("né", "north|", "south")[place % 3]}", "tax": 0.{place}25}}'
        for place in range(8)
    ]
    rows += ['{"id": 8, "region": null, "tax": 0.5}', '{"id": 9}']
    return "\n".join(rows) + "\n"


def write_looked_up(folder: Path, text: str = LOOKED_UP) -> None:
    """The workload with its tables, into a folder that is there."""
    (folder / "workload.toml").write_text(text, encoding="utf-8")
    (folder / "ads.csv").write_text(ads_csv(), encoding="utf-8")
    (folder / "places.jsonl").write_text(places_jsonl(), encoding="utf-8")
