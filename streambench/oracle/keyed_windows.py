"""A set of (key, window), kept and looked up in columns: no Python object an entry."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class KeyedWindows:
    """Distinct pairs of a key and a window start in ms, by window and then in a fixed order of keys.

    Entry i has the key `_keys[_code[i] % len(_keys)]` and the start `_starts_ms[_code[i] // len(_keys)]`;
    `_starts_ms` and `_code` rise.
    """

    _keys: pa.Array
    _starts_ms: Int64s
    _code: Int64s

    @classmethod
    def of(cls, table: pa.Table) -> KeyedWindows:
        """Those of a table's columns key and window_start_ms, each once."""
        coded = pc.dictionary_encode(_keys(table), null_encoding="encode")
        starts_ms, window = np.unique(_starts_ms(table), return_inverse=True)
        key = coded.indices.to_numpy().astype(np.int64)
        return cls(coded.dictionary, starts_ms, np.unique(window * len(coded.dictionary) + key))

    def __len__(self) -> int:
        return len(self._code)

    @property
    def starts_ms(self) -> Int64s:
        """The window start of each entry, rising."""
        return self._starts_ms[self._code // max(1, len(self._keys))]

    @property
    def table(self) -> pa.Table:
        """The columns key and window_start_ms."""
        keys = self._keys.take(pa.array(self._code % max(1, len(self._keys))))
        return pa.table({"key": keys, "window_start_ms": self.starts_ms})

    def shifted(self, by_ms: int) -> KeyedWindows:
        """The same keys, all windows later by so much."""
        return replace(self, _starts_ms=self._starts_ms + by_ms)

    def find(self, table: pa.Table) -> Int64s:
        """Which entry each row of a table is, by its columns key and window_start_ms; −1: none."""
        if not len(self):
            return np.full(table.num_rows, -1, dtype=np.int64)
        starts_ms = _starts_ms(table)
        key = pc.index_in(_keys(table), value_set=self._keys).fill_null(-1).to_numpy()
        window, known = _positions(self._starts_ms, starts_ms)
        found, there = _positions(self._code, window * len(self._keys) + key)
        return np.where(known & there & (key >= 0), found, -1)


def _positions(rising: Int64s, values: Int64s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """Where each value stands in what rises, and whether it is there."""
    at = np.minimum(np.searchsorted(rising, values), len(rising) - 1)
    return at, rising[at] == values


def _keys(table: pa.Table) -> pa.Array:
    return table.column("key").cast(pa.string()).combine_chunks()


def _starts_ms(table: pa.Table) -> Int64s:
    return np.asarray(table.column("window_start_ms").to_numpy(), dtype=np.int64)


NO_WINDOWS = KeyedWindows.of(
    pa.table({"key": pa.array([], pa.string()), "window_start_ms": pa.array([], pa.int64())})
)
