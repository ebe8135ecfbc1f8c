"""What is published of drains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from streambench.analysis.drains import DrainedVariant, rank_drains
from streambench.analysis.published.common import RankPlace, RankRule, says
from streambench.analysis.variants import title_of
from streambench.model.drain import Drain
from streambench.model.experiment import BacklogDrain
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class OneDrain:
    """One lot of records, worked off."""

    round: Annotated[int, says("round of the drain")]
    warm: Annotated[bool, says("false: the records were there before the job was launched")]
    records: Annotated[int, says("number of records")]
    took_s: Annotated[float, says("time until the last window was complete")]
    first_s: Annotated[float, says("time until the first window was complete")]
    per_s: Annotated[float, says("records per second until the last window was complete")]
    peak_per_s: Annotated[float, says("records in the busiest second")]
    engine_cpu_s: Annotated[
        float | None,
        says("processor time of all the engine's processes; null: they run elsewhere"),
    ]
    right: Annotated[bool, says("whether every row was right")]


@dataclass(frozen=True)
class VariantDrains:
    """One variant; figures are medians over the rounds, null: not finished in any."""

    variant: Annotated[str, says("label of the variant")]
    title: Annotated[str, says("name in the report")]
    place: Annotated[RankPlace, says("rank by the warm rate")]
    ended: Annotated[str | None, says("what went wrong, in words")]
    wrong: Annotated[int, says("number of drains that came out wrong")]
    first_window_s: Annotated[float | None, says("time from the launch to the first window, cold")]
    cold_per_s: Annotated[float | None, says("records per second, cold")]
    warm_per_s: Annotated[float | None, says("records per second, warm")]
    peak_per_s: Annotated[float | None, says("records in the busiest second, warm")]
    engine_cpu_s_per_million: Annotated[
        float | None, says("processor time for a million records, warm")
    ]
    drains: Annotated[tuple[OneDrain, ...], says("every finished one")]


@dataclass(frozen=True)
class DrainResult:
    """How fast each engine works off what is there at once."""

    kind: Annotated[Literal["drain"], says("kind of experiment")]
    records: Annotated[int, says("number of records in one drain")]
    records_per_window: Annotated[
        float | None, says("mean number of records in a window; null: not known")
    ]
    rule: Annotated[RankRule, says("how ranks came about")]
    variants: Annotated[tuple[VariantDrains, ...], says("ranked ones first")]


def drain_result(bundle: Bundle, experiment: BacklogDrain) -> DrainResult:
    """Drains as they are published."""
    found = rank_drains(bundle)
    return DrainResult(
        "drain",
        experiment.records,
        experiment.records_per_window,
        RankRule.of(found.basis, "warm_per_s", "events/s", "higher"),
        tuple(_variant(bundle, one) for one in found.variants),
    )


def _variant(bundle: Bundle, one: DrainedVariant) -> VariantDrains:
    return VariantDrains(
        one.label,
        title_of(bundle, one.label),
        RankPlace(one.place.rank, one.place.alike, one.place.why),
        one.ended,
        one.wrong,
        one.first_s,
        one.cold_per_s,
        one.warm_per_s,
        one.peak_per_s,
        one.cpu_s_per_million,
        tuple(_drain(each.round, drain) for each in one.rounds for drain in each.drains),
    )


def _drain(round_number: int, drain: Drain) -> OneDrain:
    return OneDrain(
        round_number,
        drain.warm,
        drain.records,
        drain.took_s,
        drain.first_s,
        drain.per_s,
        drain.peak_per_s,
        drain.cpu_s,
        drain.right,
    )
