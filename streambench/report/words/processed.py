"""How many records were processed, beside how many were offered, and what more than that means."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.analysis.eligible import worked_off_a_backlog
from streambench.analysis.metrics import summarise
from streambench.model.numbers import number
from streambench.model.trial import TrialRecord
from streambench.report.document import Cell
from streambench.report.words.figures import figure_cell, spread_of, text_of


def processed_cell(records: Sequence[TrialRecord]) -> Cell:
    """The processed rate; below it its range, the offered one, and whether a backlog was worked off."""
    processed, offered = (summarise(f"{it}_per_s", records) for it in ("processed", "offered"))
    if processed.value is None:
        return figure_cell(processed)
    notes = (
        spread_of(processed),
        None if offered.value is None else f"of {number(offered.value)}",
        backlog_words(records),
    )
    return Cell(text_of(processed), ", ".join(note for note in notes if note) or None)


def backlog_words(records: Sequence[TrialRecord]) -> str | None:
    """Why more was processed than came; None where it was not, by more than two windows' load."""
    more = sum(worked_off_a_backlog(record) for record in records)
    if not more:
        return None
    where = "" if len(records) == 1 else f" in {more} of {len(records)} trials"
    return f"more than came: a backlog of before was worked off{where}"
