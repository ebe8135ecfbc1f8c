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
    """Distinct pairs of a key and a window start in ms, in the order in which they were given.

    Entry i has the key `_keys[_code[i] % len(_keys)]` and the start `_starts_ms[_code[i] // len(_keys)]`.
    """

    _keys: pa.Array
    _starts_ms: Int64s
    _code: pa.Array

    @classmethod
    def of(cls, table: pa.Table) -> KeyedWindows:
        """Those of a table's columns key and window_start_ms, each once."""
        coded = pc.dictionary_encode(_keys(table), null_encoding="encode")
        starts_ms, window = np.unique(_starts_ms(table), return_inverse=True)
        code = window * len(coded.dictionary) + coded.indices.to_numpy()
        return cls(coded.dictionary, starts_ms, pc.unique(pa.array(code, pa.int64())))

    def __len__(self) -> int:
        return len(self._code)

    @property
    def starts_ms(self) -> Int64s:
        """The window start of each entry."""
        window: Int64s = self._code.to_numpy() // max(1, len(self._keys))
        return self._starts_ms[window]

    @property
    def table(self) -> pa.Table:
        """The columns key and window_start_ms."""
        keys = self._keys.take(pa.array(self._code.to_numpy() % max(1, len(self._keys))))
        return pa.table({"key": keys, "window_start_ms": self.starts_ms})

    def shifted(self, by_ms: int) -> KeyedWindows:
        """The same keys, all windows later by so much."""
        return replace(self, _starts_ms=self._starts_ms + by_ms)

    def find(self, table: pa.Table) -> Int64s:
        """Which entry each row of a table is, by its columns key and window_start_ms; −1: none."""
        key = _indices(_keys(table), self._keys)
        window = _indices(pa.array(_starts_ms(table)), pa.array(self._starts_ms))
        code = np.where((key < 0) | (window < 0), -1, window * len(self._keys) + key)
        return _indices(pa.array(code), self._code)


def _indices(values: pa.Array, distinct: pa.Array) -> Int64s:
    """Where each value stands; −1: nowhere."""
    found = pc.index_in(values, value_set=distinct).fill_null(-1)
    return np.asarray(found.to_numpy(), dtype=np.int64)


def _keys(table: pa.Table) -> pa.Array:
    return table.column("key").cast(pa.string()).combine_chunks()


def _starts_ms(table: pa.Table) -> Int64s:
    return np.asarray(table.column("window_start_ms").to_numpy(), dtype=np.int64)


NO_WINDOWS = KeyedWindows.of(
    pa.table({"key": pa.array([], pa.string()), "window_start_ms": pa.array([], pa.int64())})
)
