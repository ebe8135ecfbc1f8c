"""What a user required, as it is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from streambench.analysis.published.common import says
from streambench.analysis.requirements import Fit, requirements_of
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class RequirementResult:
    """One requirement of one variant."""

    requirement: Annotated[str, says("as it was written")]
    variant: Annotated[str, says("label of the variant")]
    fit: Annotated[Fit, says("whether it is met")]
    why: Annotated[str, says("the figures that this rests on")]
    would_tell: Annotated[
        str | None, says("a command that would tell; null: it is known, or none would")
    ]


def requirement_results(bundle: Bundle) -> tuple[RequirementResult, ...]:
    """Each requirement of each variant, in the order of the report."""
    if not bundle.run.requirements:
        return ()
    found = requirements_of(bundle, bundle.run.requirements)
    return tuple(
        RequirementResult(each.requirement.text, variant.label, each.fit, each.why, each.hint)
        for variant in found.variants
        for each in variant.fitted
    )
