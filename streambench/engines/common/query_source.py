"""The query as a Python program, as a user of kafka-python would write it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import assert_never

from streambench.model.expression import Aggregate, AggregateFunction, FieldType
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import Query, Workload
from streambench.workload.python import to_python

_TEMPLATE = "query.py.j2"


@dataclass(frozen=True)
class _PythonStep:
    alias: str
    initial: str
    update: tuple[str, ...]
    merge: str


def query_source(workload: Workload) -> str:
    """The text of `query.py`: `where`, `accumulate` and `row`, and the window's lengths."""
    import jinja2  # only a program is made with it

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
        keys=_keys(query),
        names=", ".join(key.name for key in query.group_by),
        **_lengths(query.window),
        grace_ms=query.grace_ms,
        where="True" if query.where is None else to_python(query.where, variable=_variable),
        aggregates=[_step(index, aggregate) for index, aggregate in enumerate(query.aggregates)],
    )


def _lengths(window: Window) -> dict[str, int]:
    """Of sessions the gap; else length, distance of two starts and offset. All in ms."""
    match window:
        case Sessions():
            return {"gap_ms": window.gap_ms, "size_ms": 0, "advance_ms": 0}
        case Tumbling() | Hopping():
            return {
                "gap_ms": 0,
                "size_ms": window.size_ms,
                "advance_ms": window.advance_ms,
                "offset_ms": window.offset_ms,
            }
        case _:
            assert_never(window)


@dataclass(frozen=True)
class _PythonKey:
    """A field by which the query groups: its name, how it is read of an event and of a group."""

    name: str
    event: str
    group: str
    is_text: bool


def _keys(query: Query) -> list[_PythonKey]:
    one = len(query.group_by) == 1
    return [
        _PythonKey(
            key.name,
            _variable(key.name),
            "key" if one else f"key[{at}]",
            key.type is FieldType.STRING,
        )
        for at, key in enumerate(query.group_by)
    ]


def _variable(name: str) -> str:
    return f'event["{name}"]'


def _step(index: int, aggregate: Aggregate) -> _PythonStep:
    total = f"totals[{index}]"
    argument = (
        "" if aggregate.argument is None else to_python(aggregate.argument, variable=_variable)
    )
    other = f"other[{index}]"
    match aggregate.function:
        case AggregateFunction.COUNT:
            return _PythonStep(aggregate.alias, "1", (f"{total} += 1",), f"{total} += {other}")
        case AggregateFunction.SUM:
            return _PythonStep(
                aggregate.alias, argument, (f"{total} += {argument}",), f"{total} += {other}"
            )
        case AggregateFunction.MIN | AggregateFunction.MAX:
            name = aggregate.function.value
            return _PythonStep(
                aggregate.alias,
                argument,
                (f"{total} = {name}({total}, {argument})",),
                f"{total} = {name}({total}, {other})",
            )
        case _:
            assert_never(aggregate.function)
