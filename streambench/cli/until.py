"""`--until`: what is to be known how well before rounds end, and where that can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from streambench.model.errors import UsageError
from streambench.model.fault import FaultKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streambench.experiment.execute import Enough
    from streambench.experiment.request import Request
    from streambench.model.trial import TrialRecord

UNTIL_ROUNDS: Final = 20
"""How many rounds `--until` makes at most, where nobody said."""
UntilOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="CONDITION",
        help="Repeat until it is known so well, e.g. 'p99 ±10%'; at most --repeat "
        f"times, else {UNTIL_ROUNDS}.",
    ),
]


def rounds_until(text: str, repeat: int | None, *, quick: bool) -> tuple[str, int]:
    """(the condition as it is kept, the most rounds). Raises UsageError for what makes no sense."""
    from streambench.analysis.until import EARLIEST_END, parse_until

    condition = parse_until(text)
    again = f"streambench run --until '{condition.text}'"
    if quick:
        raise UsageError(
            "--until does not fit --quick: its engines are cold, and their figures are not compared",
            hint=again,
        )
    if repeat is not None and repeat < EARLIEST_END:
        raise UsageError(
            f"--until can end after {EARLIEST_END} rounds at the earliest, and --repeat allows {repeat}",
            hint=f"{again} --repeat {UNTIL_ROUNDS}",
        )
    return condition.text, UNTIL_ROUNDS if repeat is None else repeat


def refuse_unknowable(request: Request) -> None:
    """Raise UsageError where the run cannot have the figure that it is to be repeated for."""
    from streambench.analysis.until import LATE_TIME, MEDIANS, parse_until
    from streambench.results.statistics import WINDOWS_FOR_ANY_PERCENTILE

    if request.until is None:
        return
    condition = parse_until(request.until)
    if condition.name == LATE_TIME and all(
        fault.kind is FaultKind.BURST for fault in request.faults
    ):
        raise UsageError(
            "--until asks for a late time, and nothing fails in this run",
            hint=f"streambench run --fault worker-kill@25s --until '{condition.text}'",
        )
    if condition.name in MEDIANS and not request.is_replay:
        windows = request.workload.played_window.count_in(round(request.measured_s * 1000))
        if windows < WINDOWS_FOR_ANY_PERCENTILE:
            raise UsageError(
                f"--until asks for a median, which needs {WINDOWS_FOR_ANY_PERCENTILE} windows: "
                f"{windows} are measured",
                hint=f"streambench run --until 'p99 ±{100 * condition.share:g}%', or a longer --duration",
            )


def ending_by(folder: Path, until: str) -> Enough:
    """Whether the rounds of the bundle in `folder` may end."""
    from streambench.analysis.until import may_end, parse_until
    from streambench.results.bundle import read_bundle

    condition = parse_until(until)

    def enough(_: Sequence[TrialRecord]) -> bool:
        return may_end(read_bundle(folder), condition)

    return enough


def ends_words(until: str) -> str:
    """When the rounds of a run end, for whoever waits for them."""
    from streambench.analysis.until import EARLIEST_END, parse_until

    condition = parse_until(until)
    return (
        f"it ends earlier, after {EARLIEST_END} rounds or more, once {condition.name} is known within "
        f"±{100 * condition.share:g} % for every engine that comes out right"
    )
