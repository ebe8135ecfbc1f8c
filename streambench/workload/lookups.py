"""`[query.lookup.NAME]` becomes fields that records are joined with, and what is wrong with it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.lookup import LookedUp, Lookup, LookupColumn, LookupRow
from streambench.model.workload import ColumnName, Field, FileColumn
from streambench.model.written import quoted
from streambench.workload.draft import Draft
from streambench.workload.field_schema import value_type
from streambench.workload.file.lookup import read_lookup
from streambench.workload.from_spec import file_column
from streambench.workload.limits import MOST_FIELDS, MOST_LOOKUPS
from streambench.workload.mistakes import Mistake
from streambench.workload.names import did_you_mean, lawful_name, nearest, problem_with_name
from streambench.workload.schema import LookupSpec, QuerySpec


class Lookups:
    """The tables of a query, read one after the other; `fields` are those of a record."""

    def __init__(
        self, query: QuerySpec, fields: Sequence[Field], folder: Path, draft: Draft
    ) -> None:
        self.mistakes: list[Mistake] = []
        self._sent = {field.name: field for field in fields}
        self._query = query
        self._folder = folder
        self._draft = draft

    def fields(self) -> tuple[Field, ...]:
        """The fields that are looked up; their tables are empty where something is wrong with one."""
        if len(self._query.lookup) > MOST_LOOKUPS:
            what = (
                f"records are joined with at most {MOST_LOOKUPS} tables, and these are "
                f"{len(self._query.lookup)}"
            )
            self._wrong(("query", "lookup"), what, "put what has one key into one table")
        found: dict[str, Field] = {}
        for name, spec in self._query.lookup.items():
            for field in self._fields_of(name, spec):
                path = ("query", "lookup", name, "columns", field.name)
                if (problem := self._problem_with(field.name, found)) is not None:
                    other = lawful_name(f"{name}_{field.name}", [*self._sent, *found])
                    column = spec.columns[field.name].column or field.name
                    instead = (
                        f"call it {other}, in the query as well: {other} = {{ column = "
                        f'{_toml(column)}, type = "{field.type.value}" }}'
                    )
                    self._wrong(path, problem, instead)
                found.setdefault(field.name, field)
        if len(self._sent) + len(found) > MOST_FIELDS:
            what = (
                f"a query reads at most {MOST_FIELDS} fields, and these are {len(self._sent)} of a record"
                f" and {len(found)} that are looked up"
            )
            self._wrong(("query", "lookup"), what, "look up only those that the query asks for")
        return tuple(found.values())

    def _wrong(self, path: tuple[str, ...], what: str, instead: str) -> None:
        self.mistakes.append(Mistake(path, what, instead))

    def _problem_with(self, name: str, others: dict[str, Field]) -> str | None:
        if name in self._sent:
            return "a record has a field of this name already"
        if name in others:
            return "another column that is looked up has this name"
        if name in self._query.select:
            return "an aggregate has this name"
        return problem_with_name(name)

    def _fields_of(self, name: str, spec: LookupSpec) -> Iterator[Field]:
        path = ("query", "lookup", name)
        if (problem := problem_with_name(name)) is not None:
            self._wrong(path, problem, "write [query.lookup.campaigns], or another such name")
        ((on, column),) = spec.on.items()
        key = None if self._draft.stands_in(*path, "on") else self._key(path, on, column)
        columns = tuple(
            LookupColumn(each, value_type(declared.type)) for each, declared in spec.columns.items()
        )
        read = [
            Field(
                each,
                value_type(declared.type),
                None,
                file_column(each, declared),
                nullable=True,
            )
            for each, declared in spec.columns.items()
        ]
        rows: tuple[LookupRow, ...] = ()
        if key is not None and not self._draft.stands_in(*path):
            compared = Field(f"{on}:key", key.type, None, FileColumn(column))
            rows = self._rows((*path, "file"), self._folder / spec.file, compared, read)
        key_type = FieldType.STRING if key is None else key.type
        lookup = Lookup(name, on, key_type, columns, rows)
        for at, field in enumerate(read):
            yield Field(field.name, field.type, LookedUp(lookup, at), nullable=True)

    def _key(self, path: tuple[str, ...], on: str, column: ColumnName) -> Field | None:
        """The field of the records that is compared; None where there is none that can be."""
        key = self._sent.get(on)
        if key is None:
            if on in self._draft.unknown_fields() or self._draft.stands_in("input", "fields"):
                return None
            near = nearest(on, self._sent) or next(iter(self._sent), "user")
            what = f"records have no field {quoted(on)}{did_you_mean(on, self._sent)}"
            self._wrong((*path, "on"), what, f"write on = {{ {near} = {_toml(column)} }}")
        elif key.type is FieldType.DOUBLE:
            what = f"{quoted(on)} is a double; look up by what can be told to be the same"
            self._wrong((*path, "on"), what, f"make {on} a bigint, a string or a decimal")
            return None
        return key

    def _rows(
        self, path: tuple[str, ...], file: Path, key: Field, fields: Sequence[Field]
    ) -> tuple[LookupRow, ...]:
        try:
            return read_lookup(file, key, fields)
        except UsageError as error:
            self._wrong(path, str(error), error.hint or "")
            return ()


def _toml(column: ColumnName) -> str:
    return json.dumps(column, ensure_ascii=False)
