"""What is published of a search for the highest rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from streambench.analysis.published.common import RankPlace, RankRule, says
from streambench.analysis.published.variants import VariantResult, variant_result
from streambench.analysis.searches import FoundRate, bracket, found_rates, pace_in_words
from streambench.model.conditions import Variant
from streambench.model.pace import Limit, Pace
from streambench.model.search import Confirmation, RateProbe, SearchRecord, SearchTerms
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class DelayLimit:
    """What the result delay may be at most."""

    quantile: Annotated[str, says("of which windows: p50, p99 or max")]
    most_ms: Annotated[float, says("the limit")]

    @classmethod
    def of(cls, limit: Limit) -> DelayLimit:
        """A limit as it is published."""
        return cls(limit.quantile.value, limit.most_ms)


@dataclass(frozen=True)
class ProbeResult:
    """One rate that was tried for a while in the warm job."""

    rate_per_s: Annotated[int, says("records per second")]
    measured_s: Annotated[float, says("length of the measured part")]
    windows: Annotated[int, says("number of measured windows")]
    pace: Annotated[Pace | None, says("whether it kept up; null: the instrument failed")]
    pace_in_words: Annotated[str, says("the pace with what has to be known beside it")]
    why: Annotated[str, says("why, in words")]
    right: Annotated[bool | None, says("whether every row was right; null: not known")]
    passed: Annotated[bool, says("whether it was right and is shown to keep up")]
    within_limit: Annotated[
        bool | None,
        says("whether the limit was kept; null: no limit, not kept up, or clocks leave it open"),
    ]
    send_lag_p999_ms: Annotated[float | None, says("p99.9 of the generator's send lag")]
    idle_share: Annotated[
        float | None, says("share of the machine that was idle; unknown of an engine elsewhere")
    ]
    trend: Annotated[str | None, says("trend of the delay that remained, in words")]
    measures: Annotated[Mapping[str, float | None], says("by metric (docs/method.md)")]

    @classmethod
    def of(cls, probe: RateProbe) -> ProbeResult:
        """A probe as it is published."""
        return cls(
            probe.rate_per_s,
            probe.measured_s,
            probe.windows,
            probe.pace,
            pace_in_words(probe),
            probe.why,
            probe.right,
            probe.passed,
            probe.within_limit,
            probe.send_lag_p999_ms,
            probe.idle_share,
            probe.trend,
            dict(probe.measures),
        )


@dataclass(frozen=True)
class ConfirmationResult:
    """A longer trial at a rate that passed."""

    rate_per_s: Annotated[int, says("records per second")]
    trial: Annotated[int, says("number of the trial")]
    held: Annotated[bool, says("whether the rate was confirmed")]
    why: Annotated[str, says("why, in words")]
    limited: Annotated[bool, says("whether the limit was to be kept, too")]
    fresh: Annotated[bool, says("whether it had a job of its own")]

    @classmethod
    def of(cls, confirmation: Confirmation) -> ConfirmationResult:
        """A confirmation as it is published."""
        return cls(**{name: getattr(confirmation, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class RampResult:
    """The load that rose before the probes."""

    first_per_s: Annotated[int, says("records per second at its begin")]
    last_per_s: Annotated[int, says("records per second at its end")]
    onset_per_s: Annotated[
        int | None, says("where the lag began to grow; null: it did not, or nobody knows")
    ]


@dataclass(frozen=True)
class BracketResult:
    """How near the edge the confirmed rate is, in records/s; null: none."""

    passed_per_s: Annotated[int | None, says("highest rate that passed in the warm job")]
    undecided_per_s: Annotated[
        int | None, says("lowest rate above the confirmed one that was not decided")
    ]
    failed_per_s: Annotated[int | None, says("lowest rate above the confirmed one that failed")]
    not_held_per_s: Annotated[tuple[int, ...], says("rates that passed and were not confirmed")]


@dataclass(frozen=True)
class VariantRate:
    """What the search found for one variant."""

    variant: Annotated[str, says("label of the variant")]
    title: Annotated[str, says("name in the report")]
    place: Annotated[RankPlace, says("rank by the lag-bounded rate")]
    lag_bounded_per_s: Annotated[int | None, says("highest confirmed rate; null: none")]
    within_limit_per_s: Annotated[
        int | None, says("highest confirmed rate within the limit; null: none")
    ]
    at_once_per_s: Annotated[float | None, says("how fast a warm job worked off what came at once")]
    at_once_records: Annotated[int, says("how many came at once")]
    at_once_records_per_window: Annotated[
        float | None, says("mean number of them in a window; null: not known")
    ]
    bracket: Annotated[
        BracketResult | None,
        says("how near the edge the confirmed rate is; null: none was confirmed"),
    ]
    ended: Annotated[str, says("why the search ended")]
    confirmed: Annotated[
        VariantResult | None, says("result of the trial that confirmed the rate; null: none")
    ]
    ramp: Annotated[RampResult | None, says("load that rose at first; null: none did")]
    probes: Annotated[tuple[ProbeResult, ...], says("in the order in which they were made")]
    confirmations: Annotated[
        tuple[ConfirmationResult, ...], says("in the order in which they were made")
    ]


@dataclass(frozen=True)
class RateSearchResult:
    """Which rate each engine bears."""

    kind: Annotated[Literal["rate-search"], says("kind of experiment")]
    limit: Annotated[DelayLimit | None, says("limit of the delay; null: none was asked for")]
    precision: Annotated[float, says("greatest ratio, less one, between passed and failed")]
    budget_s: Annotated[float, says("time for one variant")]
    rule: Annotated[RankRule, says("how ranks came about")]
    variants: Annotated[tuple[VariantRate, ...], says("ranked ones first")]


def rate_search_result(bundle: Bundle, terms: SearchTerms) -> RateSearchResult:
    """A search as it is published."""
    found = found_rates(bundle)
    return RateSearchResult(
        "rate-search",
        None if terms.limit is None else DelayLimit.of(terms.limit),
        terms.precision,
        terms.budget_s,
        RankRule.of(found.basis, "lag_bounded_per_s", "events/s", "higher"),
        tuple(_rate(bundle, one) for one in found.variants),
    )


def _rate(bundle: Bundle, one: FoundRate) -> VariantRate:
    why = one.unranked
    if one.rate_per_s is None:
        why = "no rate was confirmed"
    reasons = (getattr(trial.record.outcome, "reason", "") for trial in bundle.of(one.label))
    ended = next(reasons, "") or "not reached"
    record = one.record or SearchRecord(Variant(one.label, ""), ended=ended)
    return VariantRate(
        variant=one.label,
        title=one.title,
        place=RankPlace(one.rank, one.alike, why),
        lag_bounded_per_s=record.lag_bounded_per_s,
        within_limit_per_s=record.within_limit_per_s,
        at_once_per_s=record.drain_per_s,
        at_once_records=record.drain_records,
        at_once_records_per_window=record.drain_records_per_window,
        bracket=None if record.lag_bounded_per_s is None else _bracket(record),
        ended=record.ended,
        confirmed=None if one.confirmed is None else variant_result(one.confirmed),
        ramp=None
        if record.ramp is None
        else RampResult(record.ramp.first_per_s, record.ramp.last_per_s, record.ramp.onset_per_s),
        probes=tuple(ProbeResult.of(probe) for probe in record.probes),
        confirmations=tuple(ConfirmationResult.of(each) for each in record.confirmations),
    )


def _bracket(record: SearchRecord) -> BracketResult:
    found = bracket(record)
    return BracketResult(found.passed, found.undecided, found.failed, found.not_held)
