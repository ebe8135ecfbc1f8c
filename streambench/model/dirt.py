"""Dirt: single records that are not as the workload declares them, and what an engine did with each.

What each kind is made of, and which result is right with it, stands in docs/method.md, "Dirt".
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias


class DirtKind(enum.Enum):
    """What is wrong with a record; all else of it is as the workload declares."""

    NOT_JSON = "not-json"
    CUT_OFF = "cut-off"
    TOMBSTONE = "tombstone"
    NULL_KEY = "null-key"
    MISSING_FIELD = "missing-field"
    NULL_NUMBER = "null-number"
    TEXT_NUMBER = "text-number"
    FRACTION_IN_WHOLE = "fraction-in-whole"
    UNKNOWN_FIELD = "unknown-field"
    HUGE_RECORD = "huge-record"
    FAR_BEHIND = "far-behind"
    FAR_AHEAD = "far-ahead"  # the last one: a clock that it drags does not come back


class RightResult(enum.Enum):
    """What a result has to do with a dirty record."""

    LEFT_OUT = "left out"
    COUNTED = "counted"
    WITHOUT_VALUE = "counted, without the value"  # count(*) takes it, sum(x) leaves it out


RIGHT_RESULTS: Final[Mapping[DirtKind, RightResult]] = {
    DirtKind.NOT_JSON: RightResult.LEFT_OUT,
    DirtKind.CUT_OFF: RightResult.LEFT_OUT,
    DirtKind.TOMBSTONE: RightResult.LEFT_OUT,
    DirtKind.NULL_KEY: RightResult.COUNTED,
    DirtKind.MISSING_FIELD: RightResult.WITHOUT_VALUE,
    DirtKind.NULL_NUMBER: RightResult.WITHOUT_VALUE,
    DirtKind.TEXT_NUMBER: RightResult.LEFT_OUT,
    DirtKind.FRACTION_IN_WHOLE: RightResult.LEFT_OUT,
    DirtKind.UNKNOWN_FIELD: RightResult.COUNTED,
    DirtKind.HUGE_RECORD: RightResult.COUNTED,
    DirtKind.FAR_BEHIND: RightResult.LEFT_OUT,
    DirtKind.FAR_AHEAD: RightResult.LEFT_OUT,
}
"""Of far-ahead: its own window never closes within the load, and no other record is late for its sake."""

FAR_MS: Final = 86_400_000
"""A day: how far ahead or behind a time stamp is."""

HUGE_BYTES: Final = 900_000
"""Of the padding in a huge record: with its batch it passes a broker that takes a mebibyte, as they ship."""


@dataclass(frozen=True)
class DirtyInstant:
    """A single dirty record at an instant: of the measured part where it is asked for, of the load where
    it is compiled.
    """

    kind: DirtKind
    at_ms: int

    def __str__(self) -> str:
        at = f"{self.at_ms // 1000}s" if self.at_ms % 1000 == 0 else f"{self.at_ms}ms"
        return f"{self.kind.value}@{at}"


@dataclass(frozen=True)
class DirtShare:
    """So many dirty records of a kind, by the number of good ones."""

    kind: DirtKind
    share: float


@dataclass(frozen=True)
class Dirt:
    """The dirty records of a load: single ones, and shares of it.

    `each_ms`: a run has one record of each kind that the workload can have, so far apart; it asks for that
    by instants.
    """

    instants: tuple[DirtyInstant, ...] = ()
    shares: tuple[DirtShare, ...] = ()
    each_ms: int | None = None

    def __bool__(self) -> bool:
        return bool(self.instants or self.shares or self.each_ms)


NO_DIRT: Final = Dirt()


# --- what an engine did ---


@dataclass(frozen=True)
class ChangedValue:
    """An aggregate of a row, without the dirty record and as it came: texts; None: there is no such row."""

    alias: str
    clean: str | None
    got: str | None


@dataclass(frozen=True)
class ChangedRow:
    """A row that is not as it is without the dirty record; its window's start in ms since the epoch."""

    key: str
    window_start_ms: int
    values: tuple[ChangedValue, ...]


@dataclass(frozen=True)
class PassedOver:
    """No row shows the record. `said`: what counter or log line of the engine's own tells of it."""

    said: str | None
    kind: Literal["left-out"] = "left-out"


@dataclass(frozen=True)
class TakenIn:
    """Rows show the record: `rightly` where that is the right result."""

    rows: tuple[ChangedRow, ...]
    rightly: bool
    kind: Literal["counted"] = "counted"


@dataclass(frozen=True)
class OthersLost:
    """Good records were left out from then on; `records` None: not known, as nothing counts them."""

    rows: int
    records: int | None
    kind: Literal["others-lost"] = "others-lost"


@dataclass(frozen=True)
class CameBack:
    """It stopped and went on: results of so much event time came late, so many processes ended."""

    late_ms: int
    ended: int
    then: PassedOver | TakenIn
    kind: Literal["came-back"] = "came-back"


@dataclass(frozen=True)
class StoppedForGood:
    """Nothing came any more: `why` in words, told `after_ms` behind the record."""

    why: str
    after_ms: int
    kind: Literal["stopped"] = "stopped"


@dataclass(frozen=True)
class NotTold:
    """What it did is not known, and why."""

    why: str
    kind: Literal["not-told"] = "not-told"


@dataclass(frozen=True)
class ShareTold:
    """Of a share of the load: so many bad records of the kind, and rows that differ for the sake of all kinds."""

    records: int
    wrong_rows: int
    lost_rows: int
    kind: Literal["share"] = "share"


DirtOutcome: TypeAlias = (
    PassedOver | TakenIn | OthersLost | CameBack | StoppedForGood | ShareTold | NotTold
)


@dataclass(frozen=True)
class DirtEffect:
    """What one dirty record did, or those of a share; `due_ms` since T0 of the (first) one.

    `said` are the engine's own words, if it had any.
    """

    dirt: DirtKind
    partition: int
    due_ms: int
    outcome: DirtOutcome
    said: str | None = None

    @property
    def right(self) -> bool | None:
        """Whether the result is as it should be and came in time; None: not known."""
        match self.outcome:
            case PassedOver():
                return RIGHT_RESULTS[self.dirt] is RightResult.LEFT_OUT
            case TakenIn(rightly=rightly):
                return rightly
            case OthersLost() | CameBack() | StoppedForGood():
                return False
            case ShareTold(wrong_rows=wrong, lost_rows=lost):
                left_out = RIGHT_RESULTS[self.dirt] is RightResult.LEFT_OUT
                return not wrong + lost if left_out else None
            case NotTold():
                return None
