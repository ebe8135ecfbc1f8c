"""A generator on several hosts: which share of the partitions each plays."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """Of `of` shards the one of number `index` (from 0): it has the partitions p with p mod `of` = `index`."""

    index: int
    of: int

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"

    def partitions(self, partitions: int) -> int:
        """How many of so many partitions are its own."""
        return len(range(self.index, partitions, self.of))
