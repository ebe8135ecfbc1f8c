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


def large() -> tuple[Workload, ...]:
    """As many constants, operators, levels and aggregates as there may be."""
    fields = f'n = {{ int = [0, 9] }}\ns = {{ choice = ["a", "v7", "v{MOST_VALUES // 2 - 1}"] }}'
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


def all_of_them() -> tuple[Workload, ...]:
    """Every one."""
    return (*names(), *large(), *long())
