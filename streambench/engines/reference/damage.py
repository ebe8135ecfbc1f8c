"""Which rows the scripted engine damages, and how: each kind counts all rows for itself."""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from streambench.engines.common.query_module import GroupKey, Totals
from streambench.model.windows import Window

# Rows that are invented belong to windows so long before the load, or after it.
OUTSIDE_MS: Final = 3_600_000


class OutputRow(NamedTuple):
    """One row of output, before it is encoded."""

    partition: int
    key: GroupKey
    window_start_ms: int
    totals: Totals


class Damager:
    """Turns a row into the rows that are written in its place.

    `every` holds for each kind the N of "every N-th row" (0: none). The kinds are spread over N, so that
    with the same N of at least six no row is due for two of them; what is due is done to the next row
    that has nothing done to it yet.
    """

    KINDS: Final = ("lose", "double", "raise", "lower", "move", "invent")

    def __init__(self, every: dict[str, int], window: Window) -> None:
        self._every = [(kind, every.get(kind, 0)) for kind in self.KINDS]
        self._window = window
        self._moves = every.get("move", 0) > 0
        self._rows = 0
        self._to_move = 0
        # By partition: the newest window and its keys, and those of the one before it.
        self._keys: dict[int, tuple[int, set[GroupKey], set[GroupKey]]] = {}
        self.done: Counter[str] = Counter()

    def written(self, row: OutputRow) -> list[OutputRow]:
        """What is written for `row`."""
        self._rows += 1
        if self._moves:
            self._note(row)
        rows = [row]
        for place, (kind, every) in enumerate(self._every):
            # Spread: kind k at k sixths of the way.
            if every and self._rows % every == place * every // len(self.KINDS) % every:
                rows = self._damaged(kind, rows, row)
        if self._to_move and rows == [row] and self._absent_before(row):
            self._to_move -= 1
            self.done["move"] += 1
            rows = [row._replace(window_start_ms=self._window.shifted(row.window_start_ms, -1))]
        return rows

    def _damaged(self, kind: str, rows: list[OutputRow], row: OutputRow) -> list[OutputRow]:
        if kind == "move":  # done to the next row whose place would be empty
            self._to_move += 1
            return rows
        if not rows:  # lost
            return rows
        self.done[kind] += 1
        match kind:
            case "lose":
                return []
            case "double":
                return [rows[0], rows[0]]
            case "raise":
                return [each._replace(totals=_moved(each.totals, 1)) for each in rows]
            case "lower":
                return [each._replace(totals=_moved(each.totals, -1)) for each in rows]
            case _:
                far_ms = OUTSIDE_MS if self.done[kind] % 2 else -OUTSIDE_MS
                return [*rows, row._replace(window_start_ms=row.window_start_ms + far_ms)]

    def _note(self, row: OutputRow) -> None:
        newest_ms, keys, before = self._keys.get(row.partition, (-1, set(), set()))
        if row.window_start_ms != newest_ms:
            follows = row.window_start_ms == self._window.shifted(newest_ms, 1)
            keys, before = set(), keys if follows else set()
        keys.add(row.key)
        self._keys[row.partition] = (row.window_start_ms, keys, before)

    def _absent_before(self, row: OutputRow) -> bool:
        """Whether the window before has rows, and none of this key: there the moved row is nobody's."""
        before = self._keys[row.partition][2]
        return bool(before) and row.key not in before


def _moved(totals: Totals, by: int) -> Totals:
    """Other totals than these; a set gets or loses a value, and what has none stays so."""
    moved: Totals = []
    for total in totals:
        if isinstance(total, set):
            moved.append(total | {None} if by > 0 else set(list(total)[1:]))
        elif isinstance(total, tuple):  # a time and a value
            moved.append((total[0], total[1] + by))
        else:
            moved.append(None if total is None else total + by)
    return moved
