"""When clocks end a search: a lower rate would not bring them together, and would be a wrong answer."""

from __future__ import annotations

from typing import Final

from streambench.model.errors import ClocksApart
from streambench.model.trial import Invalid, TrialRecord

_IN_A_ROW: Final = 2


def spoilt_by_clocks(record: TrialRecord) -> bool:
    """Whether a load is invalid for no other reason than its clocks."""
    return isinstance(record.outcome, Invalid) and record.outcome.by_clocks


class ClockPatience:
    """Hears of each load. One that clocks spoilt may be an accident of the way to a broker."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def heard(self, record: TrialRecord) -> None:
        """A load is judged and kept. Raises ClocksApart at the second in a row that clocks spoilt."""
        match record.outcome:
            case Invalid(reason=reason, by_clocks=True):
                self._in_a_row += 1
                if self._in_a_row >= _IN_A_ROW:
                    raise ClocksApart(reason)
            case _:
                self._in_a_row = 0
