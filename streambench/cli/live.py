"""The live display: bars on a terminal, one line a phase elsewhere.

On a terminal the first bar is the run's: how many trials are over, and about how long it still takes.
The second is that of the load that is played. Below it stand what comes in, what came out, and how far
behind the job seems.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from streambench.cli.console import err
from streambench.model.sweep import Point, point_words
from streambench.model.trial import Completed, Failed, Invalid, LeftOut, NotRun, TrialRecord
from streambench.model.verdict import Verdict
from streambench.trial.observer import Phase, Status
from streambench.workload.durations import about

_REFRESH_PER_S = 2  # each redraw costs CPU that the engines could use
_BAR_CELLS = 22
_NAME_CELLS = 5


class RunClock:
    """How much of a run is over; `expected_s` is what it was thought to take, None: nobody knew.

    `at_most`: it may end before all of its parts are made.
    """

    def __init__(
        self,
        expected_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        at_most: bool = False,
    ) -> None:
        self.at_most = at_most
        self._expected_s = expected_s
        self._clock = clock
        self._begun_s = clock()
        self._first_s: float | None = None
        self._last_s = self._begun_s
        self.finished = 0
        self.total = 0

    def begins(self, number: int, total: int) -> None:
        """Part `number` of so many begins."""
        now_s = self._clock()
        self.total = total
        if self._first_s is None:
            self._first_s = now_s
        if number - 1 > self.finished:
            self.finished, self._last_s = number - 1, now_s

    @property
    def left_s(self) -> float | None:
        """About how long it still takes: by the parts that are over, else as it was thought to."""
        now_s = self._clock()
        if self.finished and self._first_s is not None:
            each_s = (self._last_s - self._first_s) / self.finished
            return max(0.0, each_s * (self.total - self.finished) - (now_s - self._last_s))
        if self._expected_s is None:
            return None
        return max(0.0, self._expected_s - (now_s - self._begun_s))


class LiveDisplay:
    """Shows a run; satisfies experiment.session.RunObserver. `at_most`: it may end before its last trial."""

    def __init__(
        self, live: Live | None, expected_s: float | None = None, *, at_most: bool = False
    ) -> None:
        self._live = live
        self._clock = RunClock(expected_s, at_most=at_most)

    def trial_begins(self, number: int, total: int, title: str, point: Point) -> TrialDisplay:
        """What follows is of this trial."""
        self._clock.begins(number, total)
        where = f" at {point_words(point)}" if point else ""
        shown, clock = self._live, self._clock
        if shown is None:
            which = f"{number} of at most {total}" if clock.at_most else f"{number}/{total}"
            return TrialDisplay(_printing(f"[{which}] {title}{where}"))
        of = "of at most" if clock.at_most else "of"
        heading = f"{number} {of} {total}: {title}{where}"
        return TrialDisplay(
            lambda status, since_s, _: shown.update(bars(clock, heading, status, since_s))
        )

    def trial_ends(self, record: TrialRecord) -> None:
        """One permanent line with the outcome."""
        if self._live is not None:
            self._live.update(Text(""))
        where = f" at {point_words(record.point)}" if record.point else ""
        err.print(f"  {record.variant.label}{where}: {_outcome(record)}", markup=False)


Show = Callable[[Status, float, bool], None]
"""Is given each status, for how long its phase has lasted (s), and whether it is new."""


class TrialDisplay:
    """Shows one trial; satisfies trial.observer.Observer."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._phase: Phase | None = None
        self._note: str | None = None
        self._since = time.monotonic()

    def status(self, status: Status) -> None:
        """Show it."""
        changed = (status.phase, status.note) != (self._phase, self._note)
        if changed:
            self._phase, self._note = status.phase, status.note
            self._since = time.monotonic()
        self._show(status, time.monotonic() - self._since, changed)


def _printing(heading: str) -> Show:
    """One line a phase, for whatever is no terminal."""

    def show(status: Status, since_s: float, changed: bool) -> None:
        if changed:
            err.print(f"{heading}: {_line(status)}", markup=False)

    return show


def bars(clock: RunClock, heading: str, status: Status, since_s: float) -> RenderableType:
    """The display on a terminal: at most 80 columns, and readable without colour."""
    rows = Table.grid(padding=(0, 1), expand=True)
    rows.add_column(min_width=_NAME_CELLS, max_width=_NAME_CELLS)
    rows.add_column(min_width=_BAR_CELLS, max_width=_BAR_CELLS)
    rows.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    left_s = clock.left_s
    roughly = "at most" if clock.at_most else "about"
    left = [] if left_s is None else [f"{roughly} {about(left_s)} left"]
    rows.add_row("run", _bar(clock.finished, clock.total), Text(" · ".join([*left, heading])))
    rows.add_row(
        "load" if status.load_s else "",
        _bar(_played_s(status), status.load_s) if status.load_s else "",
        Text(" · ".join([status.phase.value, _left(status, since_s)])),
    )
    told = [Text(words, no_wrap=True, overflow="ellipsis") for words in _facts(status)]
    return Group(rows, *told)


def _bar(done: float, total: float) -> ProgressBar:
    return ProgressBar(total=max(total, 1e-9), completed=done, width=_BAR_CELLS)


def _played_s(status: Status) -> float:
    return max(0.0, (status.load_s or 0.0) - (status.left_s or 0.0))


def _left(status: Status, since_s: float) -> str:
    return f"for {since_s:.0f} s" if status.left_s is None else f"{status.left_s:.0f} s left"


def _facts(status: Status) -> list[str]:
    """What comes in and out, and why this is played: nothing of what is not known."""
    parts = []
    if status.rate_per_s is not None:
        parts.append(f"{status.rate_per_s:,.0f} events/s offered")
    if status.rows_read is not None:
        of = "" if status.rows_due is None else f" of {status.rows_due:,}"
        parts.append(f"{status.rows_read:,}{of} rows came")
    if status.behind_s is not None:
        parts.append(f"{status.behind_s:.1f} s behind")
    lines = [" · ".join(parts)] if parts else []
    return [*lines, *([status.note] if status.note else [])]


def _line(status: Status) -> str:
    parts = [status.phase.value]
    if status.rate_per_s is not None:
        parts.append(f"{status.rate_per_s:,.0f} events/s")
    if status.rows_read is not None:
        parts.append(f"{status.rows_read:,} rows")
    if status.left_s is not None:
        parts.append(f"{status.left_s:.0f} s left")
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
            return _rows(verdict)
        case Invalid(reason=reason, verdict=verdict):
            rows = "" if verdict is None else f"{_rows(verdict)}; times "
            return f"{rows}invalid: {reason}"
        case Failed(stage=stage, reason=reason):
            return f"failed ({stage}): {reason}"
        case NotRun(reason=reason):
            return f"unsupported: {reason}"
        case LeftOut(reason=reason):
            return f"left out: {reason}"


def _rows(verdict: Verdict) -> str:
    if verdict.right:
        return f"right, {verdict.right_rows:,} rows"
    damage = verdict.damage
    twice = f", {damage.duplicates:,} twice" if damage.duplicates else ""
    return (
        f"WRONG: {damage.lost:,} lost, {damage.wrong:,} wrong{twice} of {verdict.expected_rows:,}"
    )
