"""The live display: one line that moves on a terminal, one line a phase elsewhere."""

from __future__ import annotations

import time

from rich.live import Live
from rich.text import Text

from streambench.cli.console import err
from streambench.model.sweep import Point, point_words
from streambench.model.trial import Completed, Failed, Invalid, LeftOut, NotRun, TrialRecord
from streambench.trial.observer import Phase, Status

_REFRESH_PER_S = 2  # each redraw costs CPU that the engines could use


class LiveDisplay:
    """Shows a run; satisfies experiment.execute.RunObserver."""

    def __init__(self, live: Live | None) -> None:
        self._live = live

    def trial_begins(self, number: int, total: int, title: str, point: Point) -> TrialDisplay:
        """A line for the trial that begins."""
        where = f" at {point_words(point)}" if point else ""
        return TrialDisplay(self._live, f"[{number}/{total}] {title}{where}")

    def trial_ends(self, record: TrialRecord) -> None:
        """One permanent line with the outcome."""
        if self._live is not None:
            self._live.update(Text(""))
        where = f" at {point_words(record.point)}" if record.point else ""
        err.print(f"  {record.variant.label}{where}: {_outcome(record)}", markup=False)


class TrialDisplay:
    """Shows one trial; satisfies trial.observer.Observer."""

    def __init__(self, live: Live | None, heading: str) -> None:
        self._live = live
        self._heading = heading
        self._phase: Phase | None = None
        self._note: str | None = None
        self._since = time.monotonic()

    def status(self, status: Status) -> None:
        """Redraw the line, or print a new one when the phase changed."""
        changed = (status.phase, status.note) != (self._phase, self._note)
        if changed:
            self._phase, self._note = status.phase, status.note
            self._since = time.monotonic()
        if self._live is not None:
            self._live.update(Text(self._line(status), no_wrap=True, overflow="ellipsis"))
        elif changed:
            err.print(self._line(status), markup=False)

    def _line(self, status: Status) -> str:
        parts = [f"{self._heading}: {status.phase.value}"]
        if status.rate_per_s is not None:
            parts.append(f"{status.rate_per_s:,.0f} events/s")
        if status.rows_read is not None:
            parts.append(f"{status.rows_read:,} rows")
        if status.left_s is not None:
            parts.append(f"{status.left_s:.0f} s left")
        elif self._live is not None:
            parts.append(f"{time.monotonic() - self._since:.0f} s")
        if status.note is not None:
            parts.append(status.note)
        return " · ".join(parts)


def live() -> Live | None:
    """A rich Live on a terminal, None elsewhere."""
    if not err.is_terminal:
        return None
    return Live(console=err, refresh_per_second=_REFRESH_PER_S, transient=True)


def _outcome(record: TrialRecord) -> str:
    match record.outcome:
        case Completed(verdict=verdict):
            if verdict.right:
                return f"right, {verdict.right_rows:,} rows"
            damage = verdict.damage
            twice = f", {damage.duplicates:,} twice" if damage.duplicates else ""
            return (
                f"WRONG: {damage.lost:,} lost, {damage.wrong:,} wrong{twice} "
                f"of {verdict.expected_rows:,}"
            )
        case Invalid(reason=reason):
            return f"invalid: {reason}"
        case Failed(stage=stage, reason=reason):
            return f"failed ({stage}): {reason}"
        case NotRun(reason=reason):
            return f"unsupported: {reason}"
        case LeftOut(reason=reason):
            return f"left out: {reason}"
