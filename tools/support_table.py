"""Write docs/support.md: which engine has which construct of a workload, by asking each for a plan.

    .venv/bin/python tools/support_table.py

A test keeps the page true (tests/test_support_doc.py). A construct is a change of the workload `clicks`; one that
no engine can be asked for does not belong here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from streambench.engines.registry import CONTENDERS, engine_named
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Plan, Unsupported, Whose
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

PAGE = Path(__file__).parent.parent / "docs" / "support.md"
HEAD = """# What each engine has

Made by `tools/support_table.py`: each engine was asked for a plan of a workload with this construct. A test keeps
this page true. A gap has an owner: *the engine's* where the engine itself refuses, *ours* where streambench does
not make use of it yet. A run with a gap goes on with the other engines.

"""


# Beside each workload that is asked for.
_TABLE = "campaign,owner,budget\nc1,o1,12.50\nc2,o2,\n"


@dataclass(frozen=True)
class Construct:
    """What a user writes, and what it takes the place of in the workload `clicks`."""

    called: str
    old: str
    new: str
    also: tuple[str, str] | None = None


_DEAREST = 'dearest  = "max(price)"'
_MANY = ", ".join(map(str, range(100)))
_GRACE = 'grace    = "100 ms"'
_PRICE = "price    = { int = [1, 500] }"
_WHERE = "where    = \"action = 'view'\""
_LACKING = (
    f"{_WHERE}\n",
    'let = { known = "case when price > 9 then price end" }\nwhere = "known is null or coalesce(known, 1) > 2"\n',
)
_STRINGS = "where = \"action like 'v%' and case when length(action) > 3 then upper(action) else 'X' end > 'A'\""
_WINDOW = 'window   = { tumbling = "500 ms" }'
_LOOKUP = """lookup.campaigns.file = "campaigns.csv"
lookup.campaigns.on = { campaign = "campaign" }
lookup.campaigns.columns = { owner = "string", budget = "decimal(10,2)" }
"""
CONSTRUCTS: Sequence[Construct] = (
    Construct("tumbling windows", _WINDOW, _WINDOW),
    Construct(
        "hopping windows, the length a multiple of the distance",
        _WINDOW,
        'window = { hopping = "500 ms", every = "100 ms" }',
    ),
    Construct(
        "hopping windows of any length",
        _WINDOW,
        'window = { hopping = "500 ms", every = "200 ms" }',
    ),
    Construct(
        "windows with an offset", _WINDOW, 'window = { tumbling = "500 ms", offset = "30 ms" }'
    ),
    Construct("sessions", _WINDOW, 'window = { session = "500 ms" }'),
    Construct(
        "sessions into which events come late",
        _WINDOW,
        'window = { session = "500 ms" }',
        (_GRACE, 'grace = "10 ms"'),
    ),
    Construct("no filter", "where    = \"action = 'view'\"\n", ""),
    Construct("several group-by fields", '["campaign"]', '["campaign", "action"]'),
    Construct("a whole number as group-by field", '["campaign"]', '["price"]'),
    Construct("averages, real division", _DEAREST, 'mean = "avg(price / 3)"'),
    Construct("variances and standard deviations", _DEAREST, 'spread = "stddev_samp(price)"'),
    Construct("the first and the last value by event time", _DEAREST, 'newest = "last(price)"'),
    Construct(
        "the first and the last of doubles by event time",
        _DEAREST,
        'newest = "last(price / 2)"',
    ),
    Construct("counts of distinct values", _DEAREST, 'prices = "count(distinct price)"'),
    Construct(
        "a filter of one aggregate", _DEAREST, 'large = "sum(price) filter (where price > 99)"'
    ),
    Construct("`having`", _GRACE, f'having = "views > 3"\n{_GRACE}'),
    Construct("`LIKE`, `CASE`, functions of strings", _WHERE, _STRINGS),
    Construct(
        "casts and `round`",
        _DEAREST,
        'some = "count(distinct cast(round(price * 0.15, 1) as string))"',
    ),
    Construct(
        "lists of constants in `IN`",
        _DEAREST,
        f'some = "count(*) filter (where price in ({_MANY}))"',
    ),
    Construct(
        "derived fields", "[query.select]", '[query.let]\nhalf = "price / 2"\n[query.select]'
    ),
    Construct("exact decimals", _PRICE, "price = { decimal = [0.01, 500.00] }"),
    Construct("doubles", _PRICE, "price = { double = [0.0, 500.0] }"),
    Construct(
        "timestamps, also the first and the last",
        f"{_PRICE}\n",
        f'{_PRICE}\nsent = {{ timestamp = ["2026-01-01", "2026-02-01"] }}\n',
        (_DEAREST, "newest = \"last(sent) filter (where sent > date '2026-01-15')\""),
    ),
    Construct(
        "booleans, also as group-by fields",
        'campaign = { choice = 1_000, prefix = "c", skew = 0.8 }',
        "campaign = { bool = 0.5 }",
    ),
    Construct("fields that lack values", _PRICE, "price = { int = [1, 500], null = 0.1 }"),
    Construct("`IS NULL`, `coalesce`", *_LACKING),
    Construct(
        "records without a key, left out",
        'campaign = { choice = 1_000, prefix = "c", skew = 0.8 }',
        "campaign = { choice = 1_000, null = 0.1 }",
    ),
    Construct("a join with a small table", f"{_WHERE}\n", f'{_LOOKUP}where = "budget > 1"\n'),
    Construct(
        "a column of a small table as group-by field",
        f'{_WHERE}\ngroup_by = ["campaign"]',
        f'{_LOOKUP}group_by = ["owner"]',
    ),
)


def lines() -> Iterator[str]:
    """The table, a row for each construct; then the reason of each gap."""
    engines = [engine_named(name) for name in CONTENDERS]
    yield "| Construct | " + " | ".join(engine.title for engine in engines) + " |"
    yield "|---" * (len(engines) + 1) + "|"
    gaps: list[str] = []
    for construct in CONSTRUCTS:
        cells = []
        for engine in engines:
            found = _asked(construct, engine.name)
            if isinstance(found, Plan):
                cells.append("yes")
                continue
            gaps.append(f"{engine.title}, {construct.called}: {found.reason}.")
            owner = "the engine's" if found.whose is Whose.UPSTREAM else "ours"
            cells.append(f"gap, {owner} ({len(gaps)})")
        yield f"| {construct.called} | " + " | ".join(cells) + " |"
    yield ""
    for number, gap in enumerate(gaps, start=1):
        yield f"{number}. {gap}"


def _asked(construct: Construct, engine: str) -> Plan | Unsupported:
    text = (shipped_root() / "clicks" / "workload.toml").read_text(encoding="utf-8")
    for old, new in filter(None, ((construct.old, construct.new), construct.also)):
        if old not in text:
            raise ValueError(f"clicks has no {old!r}")
        text = text.replace(old, new)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "clicks"
        place.mkdir()
        (place / "workload.toml").write_text(text)
        (place / "campaigns.csv").write_text(_TABLE)
        workload = load_workload(place)
    chosen = engine_named(engine)
    return chosen.plan(workload, Conditions(), Variant(engine, chosen.version))


def page() -> str:
    """The whole text."""
    return HEAD + "\n".join(lines()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
