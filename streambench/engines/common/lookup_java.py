"""What Java needs of the tables that records are joined with."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from streambench.engines.common.lookup_tables import text_name
from streambench.model.expression import DecimalType, FieldType, ValueType
from streambench.model.lookup import Lookup
from streambench.model.plan import TABLES, Program
from streambench.model.workload import Workload
from streambench.workload.java import java_type
from streambench.workload.sql import FLINK, sql_type

_TABLE = "LookupTable.java"


@dataclass(frozen=True)
class JavaColumn:
    """A column of a table: its name, its type in SQL, and the class of its values."""

    name: str
    sql: str
    type: str
    at: int


@dataclass(frozen=True)
class JavaLookup:
    """A table: the name of the constant that holds it, its resource and the types in it."""

    constant: str
    resource: str
    types: str
    on: str
    key_sql: str
    key_type: str
    columns: tuple[JavaColumn, ...]


def java_lookups(workload: Workload) -> tuple[JavaLookup, ...]:
    """The tables of a workload, for a template."""
    return tuple(_lookup(lookup) for lookup in workload.lookups)


def lookup_class() -> Program:
    """The class that reads a table; what calls it has to have the table among its resources."""
    text = files(__package__).joinpath(_TABLE).read_text(encoding="utf-8")
    return Program(_TABLE, "java", text)


def _lookup(lookup: Lookup) -> JavaLookup:
    types = (lookup.key_type, *(column.type for column in lookup.columns))
    return JavaLookup(
        constant=lookup.name.upper(),
        resource=f"/{TABLES}/{text_name(lookup)}",
        types=", ".join(f'"{_kind(type_)}"' for type_ in types),
        on=lookup.on,
        key_sql=sql_type(lookup.key_type, FLINK),
        key_type=java_type(lookup.key_type, nullable=True),
        columns=tuple(
            JavaColumn(
                column.name, sql_type(column.type, FLINK), java_type(column.type, nullable=True), at
            )
            for at, column in enumerate(lookup.columns)
        ),
    )


def _kind(type_: ValueType) -> str:
    if isinstance(type_, DecimalType):
        return "decimal"
    return str((FieldType.BIGINT if type_ is FieldType.TIMESTAMP else type_).value)
