"""What is published of a run whose rounds were repeated until a figure was known well enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from streambench.analysis.published.common import says
from streambench.analysis.until import until_found
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class WidthResult:
    """How well one variant's figure is known."""

    variant: Annotated[str, says("label of the variant")]
    figure: Annotated[str, says("its name in a report")]
    trials: Annotated[int, says("number of trials that know it")]
    half_width: Annotated[
        float | None, says("half width of its interval by its mean; null: not known")
    ]
    not_waited_for: Annotated[
        str | None, says("why more rounds would not tell; null: it was waited for")
    ]


@dataclass(frozen=True)
class UntilResult:
    """What was asked for, and what was reached."""

    condition: Annotated[str, says("as it was asked for")]
    half_width: Annotated[float, says("half width that was asked for, by the mean")]
    rounds: Annotated[int, says("how many were made")]
    rounds_at_most: Annotated[int, says("how many were allowed")]
    reached: Annotated[bool, says("whether every variant that was waited for is known so well")]
    variants: Annotated[tuple[WidthResult, ...], says("in the order of the report")]


def until_result(bundle: Bundle) -> UntilResult | None:
    """None where rounds were not repeated until anything."""
    found = until_found(bundle)
    if found is None:
        return None
    return UntilResult(
        found.condition.text,
        found.condition.share,
        found.rounds,
        found.rounds_at_most,
        found.reached,
        tuple(
            WidthResult(each.label, each.figure, each.trials, each.share, each.hopeless)
            for each in found.widths
        ),
    )
