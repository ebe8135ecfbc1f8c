"""The whole analysis of a bundle as one versioned value, its JSON and the schema of that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias, assert_never

from pydantic import Field, TypeAdapter

from streambench.analysis.plans import unrecorded, warnings
from streambench.analysis.published.common import RankRule, says
from streambench.analysis.published.dirt import DirtResult, dirt_results
from streambench.analysis.published.drains import DrainResult, drain_result
from streambench.analysis.published.drift import DriftResult, drift_results
from streambench.analysis.published.recoveries import FaultResult, fault_results
from streambench.analysis.published.requirements import RequirementResult, requirement_results
from streambench.analysis.published.run import (
    Capacity,
    RunFacts,
    TrialFacts,
    capacity,
    run_facts,
    trial_facts,
)
from streambench.analysis.published.searches import RateSearchResult, rate_search_result
from streambench.analysis.published.sweeps import SweepResult, sweep_result
from streambench.analysis.published.until import UntilResult, until_result
from streambench.analysis.published.variants import VariantResult, delay_rule, variant_result
from streambench.analysis.variants import standings
from streambench.model.experiment import BacklogDrain, RateSearch, Single, Sweep
from streambench.results.bundle import Bundle
from streambench.results.schema import LateModel

VERSION: Final = 1


@dataclass(frozen=True)
class SingleResult:
    """Every engine under one load."""

    kind: Annotated[Literal["single"], says("kind of experiment")]
    rule: Annotated[RankRule, says("how the ranks by delay came about")]
    variants: Annotated[tuple[VariantResult, ...], says("ranked ones first")]
    recoveries: Annotated[tuple[FaultResult, ...], says("one for each kind of fault")]
    late_model: Annotated[
        LateModel | None, says("what each clock drops of the whole data set; null: no such replay")
    ]
    drifts: Annotated[
        tuple[DriftResult, ...],
        says(
            "drift over the run, one for each figure that was tested; []: fewer than three rounds"
        ),
    ]
    until: Annotated[
        UntilResult | None,
        says("what rounds were repeated until; null: as many as were asked for"),
    ]
    dirt: Annotated[
        tuple[DirtResult, ...],
        says("one for each kind of bad record and variant; []: there were none"),
    ]


Result: TypeAlias = Annotated[
    SingleResult | SweepResult | RateSearchResult | DrainResult, Field(discriminator="kind")
]


@dataclass(frozen=True)
class RunAnalysis:
    """Everything that the report of a run says as analysis."""

    version: Annotated[Literal[1], says("version of this format")]
    run: Annotated[RunFacts, says("what was asked for, and where it ran")]
    result: Annotated[Result, says("what was found; `kind` says which of these it is")]
    trials: Annotated[
        tuple[TrialFacts, ...], says("every trial by itself, in the order of their numbers")
    ]
    capacity: Annotated[
        Capacity | None, says("what the machine carries without an engine; null: not tried")
    ]
    requirements: Annotated[
        tuple[RequirementResult, ...],
        says("what a user required, for each variant; [] for nothing"),
    ]
    warnings: Annotated[tuple[str, ...], says("what could not be made equal, or went otherwise")]
    warnings_not_recorded_for: Annotated[
        tuple[str, ...], says("titles of variants whose warnings were not recorded")
    ]


_ADAPTER: TypeAdapter[RunAnalysis] = TypeAdapter(RunAnalysis)


def analysis_of(bundle: Bundle) -> RunAnalysis:
    """The analysis of a bundle, from the bundle alone."""
    return RunAnalysis(
        VERSION,
        run_facts(bundle),
        _result(bundle),
        trial_facts(bundle),
        capacity(bundle.run.capacity),
        requirement_results(bundle),
        warnings(bundle),
        unrecorded(bundle),
    )


def analysis_to_json(analysis: RunAnalysis) -> str:
    """The text that `streambench report DIR --json` prints."""
    return _ADAPTER.dump_json(analysis, indent=2).decode() + "\n"


def analysis_from_json(text: str) -> RunAnalysis:
    """The inverse; raises ValueError for what is no analysis of this version."""
    return _ADAPTER.validate_json(text)


def json_schema() -> str:
    """The JSON schema of what is printed, derived from these values."""
    schema: dict[str, Any] = _ADAPTER.json_schema(mode="serialization")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _result(bundle: Bundle) -> SingleResult | SweepResult | RateSearchResult | DrainResult:
    match bundle.run.experiment:
        case Single():
            stands = standings(bundle)
            variants = tuple(variant_result(stand) for stand in stands)
            return SingleResult(
                "single",
                delay_rule(bundle, stands),
                variants,
                fault_results(bundle),
                bundle.run.late_model,
                drift_results(bundle),
                until_result(bundle),
                dirt_results(bundle),
            )
        case Sweep(axes=axes):
            return sweep_result(bundle, axes)
        case RateSearch(terms=terms):
            return rate_search_result(bundle, terms)
        case BacklogDrain() as drain:
            return drain_result(bundle, drain)
        case other:
            assert_never(other)
