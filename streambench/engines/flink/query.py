"""A workload's query as Flink SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, assert_never

from streambench.engines.common.hand_files import hand_program
from streambench.engines.common.symbols import literal
from streambench.engines.flink.lookups import create_functions, looked_up_columns
from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.by_hand import HandFile
from streambench.model.expression import (
    MOST_DIGITS,
    DecimalType,
    Expression,
    FieldType,
    fields_of,
    type_of,
)
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import Query, Workload
from streambench.workload.sql import FLINK, aggregate_to_sql, filter_to_sql, sql_type, to_sql

_MS = {"DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000}


MOST_DIGITS_BY_TIME: Final = MOST_DIGITS - 2
"""Of a decimal that is first or last; such a text has a digit more, and a sum of decimals another one."""


def can_go_by_time(aggregate: Aggregate) -> bool:
    """Whether a first or last value can be made of texts."""
    assert aggregate.argument is not None, "what is first is something"
    match type_of(aggregate.argument):
        case DecimalType(precision=precision):
            return precision <= MOST_DIGITS_BY_TIME
        case type_:
            return type_ in (FieldType.BIGINT, FieldType.TIMESTAMP)


def query_sql(workload: Workload, source: Mapping[str, str], sink: Mapping[str, str]) -> str:
    """Two tables and the statement that fills the second from the first, after functions that look up.

    `source` and `sink` are the connector options of the two tables.
    """
    query = workload.query
    by_hand = query.by_hand
    time = _unused("event_time", (field.name for field in workload.fields))
    columns = [f"{_quoted(field.name)} {sql_type(field.type, FLINK)}" for field in workload.sent]
    columns += looked_up_columns(workload)
    columns.append(f"{_quoted(time)} TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'")
    watermark = f"WATERMARK FOR {_quoted(time)} AS {_watermark(query, time)}"
    note = "the grace and 1 ms: a window is over when the watermark is at its last millisecond"
    if query.where is not None:
        note += "\n  -- only records that pass the filter move the event clock"
    columns.append(f"-- {note}\n  {watermark}")
    results = [f"{_quoted(key.name)} {sql_type(key.type, FLINK)}" for key in query.row_keys]
    results += [f"`{name}` BIGINT" for name in _edges(query.window)]
    if by_hand is not None:
        given = by_hand.columns
        results += [f"{_quoted(each.name)} {sql_type(each.type, FLINK)}" for each in given]
    results += [f"{_quoted(item.alias)} {sql_type(item.type, FLINK)}" for item in query.aggregates]
    return (
        ";\n\n".join(
            (
                *create_functions(workload),
                _table("records", columns, source),
                _table("results", results, sink),
                *((_insert(query, time),) if by_hand is None else (_events(query),)),
            )
        )
        + ";\n"
        + ("" if by_hand is None else f"\n{hand_program(workload, HandFile.FLINK).text}")
    )


def _events(query: Query) -> str:
    """What a query by hand reads: the records that pass the filter."""
    where = "" if query.where is None else f" WHERE {_sql(query.where)}"
    return f"CREATE TEMPORARY VIEW `events` AS SELECT * FROM `records`{where}"


def interval(milliseconds: int) -> str:
    """An SQL interval literal of exactly this length.

    Flink reads at most two digits of a leading field, so that long ones are spelled out from days, of
    which it is told how many digits they have.
    """
    for unit, unit_ms in _MS.items():
        if milliseconds % unit_ms == 0 and 0 < milliseconds // unit_ms < 100:
            return f"INTERVAL '{milliseconds // unit_ms}' {unit}"
    seconds, rest_ms = divmod(milliseconds, 1_000)
    if seconds < 100:
        return f"INTERVAL '{seconds}.{rest_ms:03}' SECOND"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = f"{hours:02}:{minutes:02}:{seconds:02}.{rest_ms:03}"
    digits = f"({len(str(days))})" if days >= 100 else ""
    return f"INTERVAL '{days} {clock}' DAY{digits} TO SECOND(3)"


def bound_ms(query: Query) -> int:
    """How far the watermark stays behind the greatest time stamp.

    Flink takes a window for over when the watermark reaches its *last* millisecond, end − 1
    (org.apache.flink.table.runtime.util.TimeWindowUtil, isWindowFired). With one millisecond more than
    the grace that is when a time stamp reaches end + grace, as in every other engine.
    """
    return query.grace_ms + 1


def _watermark(query: Query, time: str) -> str:
    """The event clock; records that `where` drops must not move it, as they do not elsewhere.

    Where the expression is NULL Flink keeps the watermark it has.
    """
    bound = f"{_quoted(time)} - {interval(bound_ms(query))}"
    if query.where is None:
        return bound
    return f"CASE WHEN {_sql(query.where)} THEN {bound} END"


def _insert(query: Query, time: str) -> str:
    keys = [_quoted(key.name) for key in query.group_by]
    selected = [*keys, *(f"{_since_epoch(name)} AS `{name}`" for name in _edges(query.window))]
    selected += [f"{_aggregate(item, time)} AS {_quoted(item.alias)}" for item in query.aggregates]
    window = _windowed(query.window, time, keys)
    lines = ["INSERT INTO `results`", "SELECT", _indented(selected), f"FROM TABLE({window})"]
    if query.where is not None:
        lines.append(f"WHERE {_sql(query.where)}")
    lines.append(f"GROUP BY {', '.join(keys)}, `window_start`, `window_end`")
    if query.having is not None:
        # There an alias is not known.
        aggregates = {item.alias: _aggregate(item, time) for item in query.aggregates}
        having = to_sql(query.having, FLINK.with_columns(aggregates.__getitem__))
        lines.append(f"HAVING {having}")
    return "\n".join(lines)


def _edges(window: Window) -> tuple[str, ...]:
    """The columns that tell a window: of a session its end as well."""
    return ("window_start", "window_end") if isinstance(window, Sessions) else ("window_start",)


def _since_epoch(name: str) -> str:
    """A time in ms; EPOCH is in whole seconds."""
    return f"EXTRACT(EPOCH FROM `{name}`) * 1000 + EXTRACT(MILLISECOND FROM `{name}`)"


def _windowed(window: Window, time: str, keys: Sequence[str]) -> str:
    match window:
        case Sessions():
            # Without the groups there would be one stream of sessions for all of them.
            groups = f"PARTITION BY ({', '.join(keys)})"
            gap = interval(window.gap_ms)
            return f"SESSION(TABLE `records` {groups}, DESCRIPTOR({_quoted(time)}), {gap})"
        case Tumbling():
            function, lengths_ms = "TUMBLE", [window.size_ms]
        case Hopping():
            function, lengths_ms = "HOP", [window.every_ms, window.size_ms]
        case _:
            assert_never(window)
    if window.offset_ms:
        lengths_ms.append(window.offset_ms)
    lengths = ", ".join(interval(length_ms) for length_ms in lengths_ms)
    return f"{function}(TABLE `records`, DESCRIPTOR({_quoted(time)}), {lengths})"


def _aggregate(aggregate: Aggregate, time: str) -> str:
    """A constant is an INT to Flink, and so would be its sum; it is widened first."""
    widened = aggregate.function in (
        AggregateFunction.SUM,
        AggregateFunction.MIN,
        AggregateFunction.MAX,
    )
    if not widened or aggregate.argument is None or fields_of(aggregate.argument):
        at_time = FLINK.at_time(f"CAST({_quoted(time)} AS STRING)")
        return literal(aggregate_to_sql(aggregate, at_time))
    kind = sql_type(type_of(aggregate.argument), FLINK)
    call = f"{aggregate.function.value.upper()}(CAST({_sql(aggregate.argument)} AS {kind}))"
    return call + literal(filter_to_sql(aggregate, FLINK))


def _table(name: str, columns: Iterable[str], options: Mapping[str, str]) -> str:
    settings = [f"{_literal(key)} = {_literal(value)}" for key, value in options.items()]
    return (
        f"CREATE TABLE {_quoted(name)} (\n{_indented(columns)}\n) WITH (\n{_indented(settings)}\n)"
    )


def _indented(items: Iterable[str]) -> str:
    return ",\n".join(f"  {item}" for item in items)


def _unused(name: str, taken: Iterable[str]) -> str:
    names = {other.lower() for other in taken}
    while name in names:
        name += "_"
    return name


def _sql(expression: Expression) -> str:
    return literal(to_sql(expression, FLINK))


def _quoted(name: str) -> str:
    return f"`{name}`"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
