"""Keys of a replayed file under numbers: they are its owner's data, and rows are still judged by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from streambench.results.bundle import Bundle
from streambench.results.expectations import FOLDER
from streambench.results.gaps import UNREADABLE

COLUMN = "key"


@dataclass(frozen=True, eq=False)
class KeyNumbers:
    """Each key has its number in the keys' own order, so that what is sorted by them stays so."""

    known: pa.Array

    @classmethod
    def of(cls, bundle: Bundle) -> KeyNumbers:
        """All keys of a bundle's tables."""
        found = pa.array([], pa.string())
        for path in _tables(bundle):
            try:
                if COLUMN in pq.read_schema(path).names:
                    found = _distinct((found, _keys(pq.read_table(path, columns=[COLUMN]))))
            except UNREADABLE:
                continue  # it is not copied either
        return cls(found.take(pc.sort_indices(found)))

    def name(self, key: str) -> str:
        """What a key is called."""
        return str(self.column(pa.array([key], pa.string()))[0].as_py())

    def table(self, table: pa.Table) -> pa.Table:
        """The same table with the names in place of the keys."""
        at = table.column_names.index(COLUMN)
        return table.set_column(at, COLUMN, self.column(_keys(table)))

    def column(self, keys: pa.Array) -> pa.Array:
        """The names of keys; one that no table has is the last and more."""
        digits = len(str(len(self.known)))
        number = pc.index_in(keys, value_set=self.known).fill_null(len(self.known))
        padded = pc.utf8_lpad(number.cast(pa.string()), digits, "0")
        return pc.binary_join_element_wise("key", padded, "-")


def _tables(bundle: Bundle) -> Iterator[Path]:
    """The columns of its trials and loads, and of what they are judged by."""
    for trial in (*bundle.trials, *bundle.loads):
        yield from sorted(trial.folder.glob("*.parquet"))
    yield from sorted((bundle.folder / FOLDER).glob("[!.]*/*.parquet"))


def _keys(table: pa.Table) -> pa.Array:
    return table.column(COLUMN).cast(pa.string()).combine_chunks()


def _distinct(arrays: Iterable[pa.Array]) -> pa.Array:
    return pc.unique(pa.concat_arrays(list(arrays))).drop_null()
