"""Workloads at the limits of what can be declared: every engine must have a program of them that compiles."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from streambench.model.workload import Workload
from streambench.workload.limits import MOST_AGGREGATES, MOST_DEEP, MOST_NESTED, MOST_VALUES
from streambench.workload.names import problem_with_name
from streambench.workload.parse import load_workload

# Words that mean something to SQL, to an engine, or within its program.
_WORDS: Final = """window value key record records event_time timestamp topic offset partition_of headers
    select from where group order by table date time interval user users current_date rowtime proctime
    row rows results result count sum min max avg all any distinct end begin start exists in_ is_ not_
    wait notify clone finalize hash serde json totals event events in out name string object system main
    args input output size retention builder properties streams spark f query trigger watermark source
    type day hour minute second month year values groups over partition_by matches system_time pivot
    lateral unnest qualify sample limit_of fetch_of array map multiset position_of char varchar integer
    bigint decimal numeric bytes json_of uuid self print len ord dict list str id hex""".split()  # noqa: SIM905
NAMES: Final = tuple(
    dict.fromkeys(word for word in _WORDS if problem_with_name(word) is None and word != "key")
)
TITLE: Final = (
    "coding: latin-9 */ \\u000a \"\"\" ''' {{ x }} {% y %} ${z} %s -- [bold] [/] :bug: # '; /* `q`"
)


def workload(text: str) -> Workload:
    """The workload that this workload.toml declares."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "workload.toml").write_text(text, encoding="utf-8")
        return load_workload(Path(folder))


def _declared(
    *, fields: str, query: str, title: str = "Hard", window: str = "1 s", grace: str = "0 ms"
) -> Workload:
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    return workload(
        f'title = "{quoted}"\n[input]\nrate = 100\n[input.fields]\nkey = {{ choice = 100 }}\n{fields}\n'
        f'[query]\ngroup_by = ["key"]\nwindow = {{ tumbling = "{window}" }}\ngrace = "{grace}"\n{query}\n'
    )


def names() -> tuple[Workload, ...]:
    """Every such word as a field, then every such word as the name of an aggregate."""
    half = NAMES[: len(NAMES) // 2], NAMES[len(NAMES) // 2 :]
    found = []
    for group in half:
        fields = "\n".join(f"{name} = {{ int = [1, 9] }}" for name in group)
        where = " AND ".join(f'"{name}" >= 1' for name in group)
        select = "\n".join(f"a{n} = 'sum(\"{name}\")'" for n, name in enumerate(group))
        found.append(
            _declared(
                fields=fields, query=f"where = '{where}'\n[query.select]\n{select}", title=TITLE
            )
        )
    for at in range(0, len(NAMES), MOST_AGGREGATES):
        select = "\n".join(f'{name} = "sum(n)"' for name in NAMES[at : at + MOST_AGGREGATES])
        found.append(
            _declared(fields="n = { int = [1, 9] }", query=f"[query.select]\n{select}", title=TITLE)
        )
    return tuple(found)


def large(null: str = "") -> tuple[Workload, ...]:
    """As many constants, operators, levels and aggregates as there may be."""
    last = f"v{MOST_VALUES // 2 - 1}"
    fields = f'n = {{ int = [0, 9]{null} }}\ns = {{ choice = ["a", "v7", "{last}"]{null} }}'
    select = '[query.select]\nrows_of = "count(*)"'
    texts = ", ".join(f"'v{number}'" for number in range(MOST_VALUES // 2))
    numbers = ", ".join(str(number - 5) for number in range(MOST_VALUES // 2))
    lists = f"s IN ({texts}) AND NOT n * 2 IN ({numbers.replace('0', '1000', 1)})"
    chain = " OR ".join(f"(s = 'x{number}' AND n <> {number})" for number in range(140))
    chain = f"NOT ({chain})"
    deep = "(" * MOST_NESTED + "n" + " + 1)" * MOST_NESTED
    deeper = " + ".join(["1"] * (MOST_DEEP - MOST_NESTED - 4))
    levels = f"{deeper} + {deep} > 0"
    sums = "\n".join(
        f'a{number} = "sum(n + {" * ".join(["2"] * 5)})"' for number in range(MOST_AGGREGATES)
    )
    return (
        _declared(fields=fields, query=f'where = "{lists}"\n{select}'),
        _declared(fields=fields, query=f'where = "{chain}"\n{select}'),
        _declared(fields=fields, query=f'where = "{levels}"\n{select}'),
        _declared(fields=fields, query=f"[query.select]\n{sums}"),
    )


def lacking() -> tuple[Workload, ...]:
    """The same of fields that may lack values; and every aggregate that leaves nulls out."""
    functions = ("first", "last", "stddev_samp", "var_pop", "avg", "min", "sum", "count")
    select = "\n".join(
        f'a{number} = "{functions[number % len(functions)]}(n * 0.5 + {number})"'
        for number in range(MOST_AGGREGATES)
    )
    having = " OR ".join(f"a{number} IS NULL OR a{number} > 3" for number in range(16))
    return (
        *large(", null = 0.1"),
        _declared(
            fields="n = { int = [0, 9], null = 0.1 }",
            query=f'having = "{having.replace("a7 IS NULL OR ", "").replace("a15 IS NULL OR ", "")}"\n'
            f"[query.select]\n{select}",
        ),
    )


def long() -> tuple[Workload, ...]:
    """Windows and graces beyond what fits into 32 bits of milliseconds, or into two digits of days."""
    return tuple(
        _declared(
            fields="n = { int = [0, 9] }",
            query='where = "n > 1"\n[query.select]\nrows_of = "count(*)"',
            window=window,
            grace=grace,
        )
        for window, grace in (
            ("24 d", "25 d"),
            ("30 d", "100 d"),
            ("100 d", "99 d"),
            ("999 d", "1 ms"),
            ("999 d", "998 d"),
        )
    )


def typed() -> tuple[Workload, ...]:
    """Decimals among constants alone, of every type all that there is, long lists in every place."""
    numbers = ", ".join(map(str, range(20)))
    texts = ", ".join(f"'v{number}'" for number in range(20))
    fields = (
        'n = { int = [0, 9] }\ns = { choice = ["a", "v7"] }\nd = { decimal = [0.01, 9.5] }\n'
        "x = { double = [0.5, 9.5] }\nb = { bool = 0.5 }"
    )
    shown = {
        "decimals": ("n * 1.5 > 2.25", "sum(n * 0.5)", "avg(n - 0.25) filter (where n < 3.5)"),
        "averages": ("n > 2.5", "count(*)", "avg(n + 0.5)"),
        "lists": (
            f"n in ({numbers}) and s in ({texts})",
            f"count(*) filter (where s in ({texts}) or n in ({numbers}))",
            f"sum(case when n in ({numbers}) then n else 0 end)",
        ),
        "kinds": (
            "b and lower(s) like 'v_%' and d / x < 1e2 and abs(n) % 3 <> 1",
            "count(distinct substring(s || upper(s), 1, 2)) filter (where not b)",
            "max(case when x > 2 then d else 1.5 end) filter (where length(s) between 1 and 9)",
        ),
    }
    return tuple(
        _declared(
            fields=fields if name == "kinds" else "\n".join(fields.splitlines()[:2]),
            query=f'where = "{where}"\nhaving = "one in ({numbers}) or one > 2.5"\n[query.select]\n'
            f'one = "{one}"\ntwo = "{two}"',
        )
        for name, (where, one, two) in shown.items()
    )


def all_of_them() -> tuple[Workload, ...]:
    """Every one."""
    return (*names(), *large(), *lacking(), *long(), *typed())
