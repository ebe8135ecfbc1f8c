"""What the judge says of an engine's output."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from streambench.model.conditions import Guarantee


class RowClass(enum.Enum):
    """What a row, or its absence, is (docs/method.md, classes of rows)."""

    RIGHT = "right"
    LOST = "lost"
    DUPLICATE = "duplicate"
    OVER_COUNTED = "over-counted"
    UNDER_COUNTED = "under-counted"
    CONFLICTING = "conflicting"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True)
class Example:
    """One concrete finding: which row, what was due, what came."""

    row_class: RowClass
    key: str
    window_start_ms: int  # since the epoch, as in the output
    expected: str | None
    got: str | None
    corrected_later: bool = False


@dataclass(frozen=True)
class Damage:
    """Counts over all judged (key, window) pairs; `duplicates` counts surplus rows."""

    lost: int = 0
    duplicates: int = 0
    over_counted: int = 0
    under_counted: int = 0
    conflicting: int = 0
    unexpected: int = 0
    early: int = 0
    corrected_later: int = 0  # of the wrong ones: those of which a right row came afterwards
    windows: int = 0  # windows with any damage

    @property
    def wrong(self) -> int:
        """Rows with a value that never should have been written."""
        return self.over_counted + self.under_counted + self.conflicting + self.unexpected

    @property
    def clean(self) -> bool:
        """Whether nothing is lost, wrong or early; duplicates are the price of at-least-once."""
        return self.lost == 0 and self.wrong == 0 and self.early == 0

    def clean_under(self, guarantee: Guarantee) -> bool:
        """Whether it is clean by what was promised: under exactly-once a duplicate is wrong, too."""
        return self.clean and (guarantee is Guarantee.AT_LEAST_ONCE or self.duplicates == 0)


@dataclass(frozen=True)
class Verdict:
    """Two questions answered apart: is it right, and did the engine honour its guarantee?

    `exact` is False where records may lawfully be late and only bounds could be checked.
    """

    expected_rows: int
    right_rows: int
    damage: Damage
    examples: tuple[Example, ...]
    right: bool
    guarantee_honoured: bool
    exact: bool
    uncommitted_rows: int | None = None  # rows of aborted transactions, exactly-once only
    guarantee: Guarantee = Guarantee.AT_LEAST_ONCE  # under which it was judged
