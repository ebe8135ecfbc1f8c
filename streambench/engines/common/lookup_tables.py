"""The tables that records are joined with, as files beside an engine's program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from streambench.engines.common.symbols import literal
from streambench.model.lookup import Lookup, LookupValue
from streambench.model.plan import TABLES, Program
from streambench.model.workload import Workload


def json_tables(workload: Workload) -> tuple[Program, ...]:
    """A file of JSON lines for each table; the key is called as the field that it is compared with."""
    return tuple(
        Program(f"{TABLES}/{json_name(lookup)}", "json", literal("".join(_json_lines(lookup))))
        for lookup in workload.lookups
    )


def text_tables(workload: Workload) -> tuple[Program, ...]:
    """A file for each table that needs no parser of JSON: key and values of a row with tabs between them.

    Null is `\\N`; a backslash, a tab and the ends of lines are escaped, as in PostgreSQL's COPY.
    """
    return tuple(
        Program(f"{TABLES}/{text_name(lookup)}", "text", literal("".join(_text_lines(lookup))))
        for lookup in workload.lookups
    )


def json_name(lookup: Lookup) -> str:
    """The file of `json_tables` within TABLES."""
    return f"{lookup.name}.jsonl"


def text_name(lookup: Lookup) -> str:
    """The file of `text_tables` within TABLES."""
    return f"{lookup.name}.tsv"


def _json_lines(lookup: Lookup) -> Iterator[str]:
    names = [lookup.on, *(column.name for column in lookup.columns)]
    for row in lookup.rows:
        members = (
            f"{json.dumps(name)}: {_json(value)}"
            for name, value in zip(names, (row.key, *row.values), strict=True)
        )
        yield f"{{{', '.join(members)}}}\n"


def _json(value: LookupValue | None) -> str:
    # Escaped, so that a line ends where it should for every reader.
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value)


def _text_lines(lookup: Lookup) -> Iterator[str]:
    for row in lookup.rows:
        yield "\t".join(map(_text, (row.key, *row.values))) + "\n"


def _text(value: LookupValue | None) -> str:
    match value:
        case None:
            return "\\N"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case str():
            text = value.replace("\\", "\\\\").replace("\t", "\\t")
            return text.replace("\n", "\\n").replace("\r", "\\r")
        case _:
            return repr(value)
