"""A record that belongs to another group: what is looked up for it changes with the field that is compared."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Final

from streambench.model.lookup import Lookup, LookupValue
from streambench.model.workload import Workload
from streambench.workload.groups import Group
from streambench.workload.keys import KeyValue

_Values = Mapping[str, KeyValue | None]

# So many rows of a table with the values of a group are tried, and so many of several tables together.
_ROWS: Final = 16
_TRIED: Final = 64


class Grouped:
    """Records like one, of any group."""

    def __init__(self, workload: Workload, values: _Values) -> None:
        self._values = values
        self._keys = [key.name for key in workload.query.group_by]
        self._tables = [_Table(lookup, self._keys) for lookup in workload.lookups]

    def of(self, group: Group) -> Iterator[_Values]:
        """The record in several forms of this group; none where no record has all its values."""
        wanted = dict(zip(self._keys, group, strict=True))
        tables = [table for table in self._tables if table.asked]
        keys = itertools.product(*(table.keys_of(wanted) for table in tables))
        for found in itertools.islice(keys, _TRIED):
            compared = {table.lookup.on: key for table, key in zip(tables, found, strict=True)}
            record = {**self._values, **wanted, **compared}
            for table in self._tables:
                record |= table.values_of(record[table.lookup.on])
            if all(record[name] == value for name, value in wanted.items()):
                yield record


class _Table:
    """A table, found by its keys and by the columns that a group asks for."""

    def __init__(self, lookup: Lookup, group_by: list[str]) -> None:
        self.lookup = lookup
        names = [column.name for column in lookup.columns]
        self.asked = [name for name in names if name in group_by]
        self._names = names
        self._by_key = {row.key: row.values for row in lookup.rows}
        self._by_values: dict[tuple[LookupValue | None, ...], list[LookupValue]] = {}
        places = [names.index(name) for name in self.asked]
        self._with_key = lookup.on in group_by
        for row in lookup.rows:
            found = tuple(row.values[place] for place in places)
            keys = self._by_values.setdefault((row.key, *found) if self._with_key else found, [])
            if len(keys) < _ROWS:
                keys.append(row.key)

    def keys_of(self, wanted: _Values) -> list[LookupValue]:
        """The keys of some rows with these values."""
        values = tuple(wanted[name] for name in self.asked)
        place = (wanted[self.lookup.on], *values) if self._with_key else values
        return self._by_values.get(place, [])

    def values_of(self, key: KeyValue | None) -> dict[str, LookupValue | None]:
        """What is looked up for a key."""
        nothing = (None,) * len(self._names)
        row = nothing if key is None else self._by_key.get(key, nothing)
        return dict(zip(self._names, row, strict=True))
