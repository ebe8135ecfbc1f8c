"""The query as a Python program, as a user of kafka-python would write it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import assert_never

import jinja2

from streambench.model.expression import Aggregate, AggregateFunction
from streambench.model.workload import Workload
from streambench.workload.python import to_python

_TEMPLATE = "query.py.j2"


@dataclass(frozen=True)
class _PythonStep:
    alias: str
    initial: str
    update: tuple[str, ...]


def query_source(workload: Workload) -> str:
    """The text of `query.py`: `where`, `accumulate` and `row`, and the window's sizes."""
    query = workload.query
    environment = jinja2.Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    template = files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(template).render(
        # Below the first two lines, where Python would read `coding: …` as the file's encoding.
        title=" ".join(workload.title.split()).replace("${", "$ {"),
        key=query.group_by,
        quoted_key=json.dumps(query.group_by),
        size_ms=query.window.size_ms,
        grace_ms=query.grace_ms,
        where="True" if query.where is None else to_python(query.where, variable=_variable),
        aggregates=[_step(index, aggregate) for index, aggregate in enumerate(query.aggregates)],
    )


def _variable(name: str) -> str:
    return f'event["{name}"]'


def _step(index: int, aggregate: Aggregate) -> _PythonStep:
    total = f"totals[{index}]"
    argument = (
        "" if aggregate.argument is None else to_python(aggregate.argument, variable=_variable)
    )
    match aggregate.function:
        case AggregateFunction.COUNT:
            return _PythonStep(aggregate.alias, "1", (f"{total} += 1",))
        case AggregateFunction.SUM:
            return _PythonStep(aggregate.alias, argument, (f"{total} += {argument}",))
        case AggregateFunction.MIN:
            return _PythonStep(aggregate.alias, argument, (f"{total} = min({total}, {argument})",))
        case AggregateFunction.MAX:
            return _PythonStep(aggregate.alias, argument, (f"{total} = max({total}, {argument})",))
        case _:
            assert_never(aggregate.function)
