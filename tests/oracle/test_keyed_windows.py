"""A set in columns answers as a plain set of pairs would."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest

from streambench.oracle.keyed_windows import NO_WINDOWS, KeyedWindows
from tests.oracle.stand_in import keyed_windows, pairs

KEYS = (None, "", "a", "b", "ab", "ä", "key")


def drawn(seed: int, most: int) -> list[tuple[str | None, int]]:
    """Pairs of few keys and windows, so that many come twice; some windows are before the origin."""
    rng = np.random.default_rng(seed)
    some = rng.permutation(len(KEYS))[: rng.integers(1, len(KEYS) + 1)]
    return [
        (KEYS[key], int(start) * 500)
        for key, start in zip(
            rng.choice(some, most), rng.integers(-3, rng.integers(0, 9), most), strict=True
        )
    ]


def rows(places: list[tuple[str | None, int]], *, chunks: int = 1) -> pa.Table:
    """The rows of a reader, which come in several tables."""
    at = np.linspace(0, len(places), chunks + 1).astype(int)
    tables = [
        pa.table(
            {
                "offset": pa.array(range(first, last), pa.int64()),
                "key": pa.array([key for key, _ in places[first:last]], pa.string()),
                "window_start_ms": pa.array([start for _, start in places[first:last]], pa.int64()),
            }
        )
        for first, last in itertools.pairwise(at.tolist())
    ]
    return pa.concat_tables(tables)


@pytest.mark.parametrize("seed", range(40))
def test_it_answers_as_a_plain_set_of_pairs(seed: int) -> None:
    inside, asked = drawn(seed, seed % 20), drawn(seed + 1_000, 30)
    plain = set(inside)
    columns = KeyedWindows.of(rows(inside, chunks=3))
    assert len(columns) == len(plain) == len(pairs(columns))
    assert set(pairs(columns)) == plain
    assert columns.starts_ms.tolist() == [start for _, start in pairs(columns)]
    assert pairs(columns) == list(dict.fromkeys(inside))

    found = columns.find(rows(asked, chunks=1 + seed % 4))
    assert [at >= 0 for at in found] == [place in plain for place in asked]
    for at, place in zip(found, asked, strict=True):
        if at >= 0:
            assert pairs(columns)[at] == place


@pytest.mark.parametrize("by_ms", [0, 1_764_000_000_000, -250])
def test_shifted_it_has_the_same_keys_in_other_windows(by_ms: int) -> None:
    inside = drawn(5, 20)
    columns = keyed_windows(inside)
    moved = columns.shifted(by_ms)
    assert set(pairs(moved)) == {(key, start + by_ms) for key, start in inside}
    there = rows([(key, start + by_ms) for key, start in inside])
    assert moved.find(there).tolist() == columns.find(rows(inside)).tolist()
    assert by_ms == 0 or (moved.find(rows([(None, 1), ("c", by_ms)])) < 0).all()


def test_an_unknown_key_and_a_window_beyond_the_last_are_not_found() -> None:
    columns = keyed_windows([("a", 0), ("b", 500)])
    # The last entry's neighbours, and pairs of a key and a window that never went together.
    asked = [("a", 500), ("b", 0), ("c", 500), (None, 0), ("b", 501), ("b", 10_000), ("a", -1)]
    assert (columns.find(rows(asked)) < 0).all()
    assert columns.find(rows([("b", 500), ("a", 0)])).tolist() == [1, 0]


def test_in_an_empty_set_nothing_is_found_and_of_no_row_nothing_is_told() -> None:
    assert len(NO_WINDOWS) == len(NO_WINDOWS.starts_ms) == len(pairs(NO_WINDOWS)) == 0
    assert NO_WINDOWS.find(rows([("a", 0)])).tolist() == [-1]
    assert NO_WINDOWS.find(rows([])).tolist() == []
    assert keyed_windows([("a", 0)]).find(rows([])).tolist() == []
