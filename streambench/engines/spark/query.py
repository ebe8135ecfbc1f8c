"""A workload's query as a PySpark program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final, assert_never

from streambench.engines.common.lookup_tables import json_name
from streambench.engines.common.symbols import literal
from streambench.engines.spark.trigger import as_spark_writes_it
from streambench.model.by_hand import HandFile
from streambench.model.expression import Expression, FieldType
from streambench.model.lookup import Lookup
from streambench.model.plan import TABLES
from streambench.model.windows import Aligned, Hopping, Sessions, Tumbling, Window
from streambench.model.workload import Workload
from streambench.workload.sql import SPARK, aggregate_to_sql, sql_type, to_sql


def query_program(
    workload: Workload,
    source: Mapping[str, str],
    sink: Mapping[str, str],
    trigger_ms: int | None = None,
    *,
    elsewhere: bool = False,
    observed: bool = False,
) -> str:
    """Python text that starts `query`; it finds a session under the name `spark`.

    With `observed`, records that cannot be read are counted and left out.

    `source` and `sink` are options of the Kafka source and sink. Without `trigger_ms` one batch follows
    the other. Executors `elsewhere` cannot read files of this host.
    """
    trigger = ""
    if trigger_ms is not None:
        trigger = f'    .trigger(processingTime="{as_spark_writes_it(trigger_ms)}")\n'
    query = workload.query
    if query.by_hand is not None:
        return _by_hand(workload, source, sink, trigger, elsewhere=elsewhere, observed=observed)
    names = [field.name for field in workload.fields]
    time = _unused("event_time", names)
    window = _unused("window", [*names, *(aggregate.alias for aggregate in query.aggregates)])
    aggregates = "".join(
        f"        F.expr({_text(_escaped(aggregate_to_sql(item, SPARK.at_time(f'`{time}`'))))}).alias({_text(item.alias)}),\n"
        for item in query.aggregates
    )
    edges = ("start", "end") if isinstance(query.window, Sessions) else ("start",)
    times = [f"F.unix_millis({_text(f'{window}.{edge}')}).alias('window_{edge}')" for edge in edges]
    keys = [_text(key.name) for key in query.group_by]
    row = ", ".join([*keys, *times, *(_text(item.alias) for item in query.aggregates)])
    having = "" if query.having is None else f"    .where({_text(_sql(query.having))})\n"
    nulls = ""
    if any(item.may_be_null for item in query.aggregates):
        nulls = ', {"ignoreNullFields": "false"}'
    groups = "".join(f"        {key},\n" for key in keys)
    if [key.type for key in query.group_by] == [FieldType.STRING]:
        key_of_row = f"F.col({keys[0]})"
    else:
        key_of_row = f"F.to_json(F.struct({', '.join(keys)}))"
    return f'''\
{_records(workload, source, time, elsewhere=elsewhere, observed=observed)}
results = (
    records.withWatermark({_text(time)}, "{query.grace_ms} milliseconds")
    .groupBy(
{groups}        {_windowed(query.window, time)}.alias({_text(window)}),
    )
    .agg(
{aggregates}    )
{having})

query = (
    results.select(
        {key_of_row}.alias("key"),
        F.to_json(F.struct({row}){nulls}).alias("value"),
    )
    .writeStream.format("kafka")
{_options(sink)}{trigger}    .outputMode("append")
    .start()
)
'''


_CORRUPT: Final = "corrupt_record"


def _records(
    workload: Workload, source: Mapping[str, str], time: str, *, elsewhere: bool, observed: bool
) -> str:
    """The program's head: the stream of records that pass `where`, each with its event time."""
    where = workload.query.where
    schema = ", ".join(f"`{field.name}` {sql_type(field.type, SPARK)}" for field in workload.sent)
    tables = "".join(_table(each, elsewhere=elsewhere) for each in workload.lookups)
    joins = "".join(
        f'    .join(F.broadcast({_table_name(each)}), {_text(each.on)}, "left")\n'
        for each in workload.lookups
    )
    passing = "" if where is None else f"    .where({_text(_sql(where))})\n"
    read, corrupt = f"{_text(schema)}", ""
    if observed:
        column = _unused(_CORRUPT, [field.name for field in workload.fields])
        options = f'{{"mode": "PERMISSIVE", "columnNameOfCorruptRecord": {_text(column)}}}'
        read = f"{_text(f'{schema}, `{column}` STRING')}, {options}"
        unreadable = _text(f"record IS NULL OR record.`{column}` IS NOT NULL")
        # `count_if` of what is never NULL: each record is one or the other.
        corrupt = (
            f'    .observe("unreadable", F.count_if(F.expr({unreadable})).alias("records"))\n'
            f"    .where(~F.expr({unreadable}))\n"
        )
    dropped = f".drop({_text(column)})" if observed else ""
    return f"""\
from pyspark.sql import functions as F
{tables}
records = (
    spark.readStream.format("kafka")
{_options(source)}    .load()
    .select(
        F.from_json(F.col("value").cast("string"), {read}).alias("record"),
        F.col("timestamp").alias({_text(time)}),
    )
{corrupt}    .select("record.*", {_text(time)}){dropped}
{joins}{passing})
"""


def _by_hand(
    workload: Workload,
    source: Mapping[str, str],
    sink: Mapping[str, str],
    trigger: str,
    *,
    elsewhere: bool,
    observed: bool,
) -> str:
    """The same around `spark.py` or `spark.sql`, which make the rows of `events`."""
    query = workload.query
    assert query.by_hand is not None, "it is by hand"
    time = _unused("event_time", [field.name for field in workload.fields])
    edges = ("window_start", "window_end")[: 2 if isinstance(query.window, Sessions) else 1]
    columns = [
        *((key.name, key.type) for key in query.by_hand.keys),
        *((edge, FieldType.BIGINT) for edge in edges),
        *((each.name, each.type) for each in query.by_hand.columns),
    ]
    row = "".join(
        f"            F.col({_text(name)}).cast({_text(sql_type(type_, SPARK))}).alias({_text(name)}),\n"
        for name, type_ in columns
    )
    keys = [key.name for key in query.by_hand.keys]
    if [key.type for key in query.by_hand.keys] == [FieldType.STRING]:
        key_of_row = f"F.col({_text(keys[0])})"
    else:
        key_of_row = f"F.to_json(F.struct({', '.join(map(_text, keys))}))"
    if query.by_hand.text_of(HandFile.SPARK) is not None:
        made = f"""\
with open("${{job_dir}}/{HandFile.SPARK.value}", encoding="utf-8") as file:
    written = {{"spark": spark}}
    exec(compile(file.read(), file.name, "exec"), written)
rows = written["query"](events)
"""
    else:
        made = f"""\
events.createOrReplaceTempView("events")
with open("${{job_dir}}/{HandFile.SPARK_SQL.value}", encoding="utf-8") as file:
    rows = spark.sql(file.read())
"""
    return f'''\
{_records(workload, source, time, elsewhere=elsewhere, observed=observed)}
events = records.withWatermark({_text(time)}, "{query.grace_ms} milliseconds")
{made}
query = (
    rows.select(
        {key_of_row}.alias("key"),
        F.to_json(F.struct(
{row}        ), {{"ignoreNullFields": "false"}}).alias("value"),
    )
    .writeStream.format("kafka")
{_options(sink)}{trigger}    .outputMode("append")
    .start()
)
'''


def _table_name(lookup: Lookup) -> str:
    """A variable that none of the program's own is called as."""
    return f"{lookup.name}_table"


def _table(lookup: Lookup, *, elsewhere: bool) -> str:
    """A static table; the key is called as the field that it is compared with.

    For executors elsewhere the driver puts its text into the plan: `spark.read` would look for the file there,
    and `createDataFrame` needs a Python there.
    """
    columns = [(lookup.on, lookup.key_type), *((each.name, each.type) for each in lookup.columns)]
    schema = ", ".join(f"`{name}` {sql_type(type_, SPARK)}" for name, type_ in columns)
    path = f"${{job_dir}}/{TABLES}/{json_name(lookup)}"
    if not elsewhere:
        return f"\n{_table_name(lookup)} = spark.read.schema({_text(schema)}).json({_text(path)})\n"
    return f"""
with open({_text(path)}, encoding="utf-8") as rows:
    {_table_name(lookup)} = (
        spark.range(1)
        .select(F.explode(F.split(F.lit(rows.read().rstrip("\\n")), "\\n")).alias("row"))
        .select(F.from_json("row", {_text(schema)}).alias("row"))
        .select("row.*")
    )
"""


def _windowed(window: Window, time: str) -> str:
    match window:
        case Sessions():
            return f'F.session_window({_text(time)}, "{window.gap_ms} milliseconds")'
        case Tumbling() | Hopping():
            return f"F.window({_lengths(window, time)})"
        case _:
            assert_never(window)


def _lengths(window: Aligned, time: str) -> str:
    """The time, and the lengths that `window` takes: size, distance of two starts, offset."""
    lengths_ms = [window.size_ms]
    if window.offset_ms or window.advance_ms != window.size_ms:
        lengths_ms.append(window.advance_ms)
    if window.offset_ms:
        lengths_ms.append(window.offset_ms)
    return ", ".join((_text(time), *(f'"{each} milliseconds"' for each in lengths_ms)))


def _sql(expression: Expression) -> str:
    return _escaped(to_sql(expression, SPARK))


def _escaped(sql: str) -> str:
    """Spark's SQL: inside a string a backslash escapes, so that it is doubled."""
    return literal(sql).replace("\\", "\\\\")


def _options(options: Mapping[str, str]) -> str:
    return "".join(
        f"    .option({_text(name)}, {_text(value)})\n" for name, value in options.items()
    )


def _text(value: str) -> str:
    """A Python literal, in double quotes where that is the same."""
    return json.dumps(value, ensure_ascii=False)


def _unused(name: str, taken: Iterable[str]) -> str:
    names = {other.lower() for other in taken}
    while name in names:
        name += "_"
    return name
