"""The kinds of experiment: what is asked of every engine, as one tagged value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from streambench.model.search import SearchTerms
from streambench.model.sweep import Axis


@dataclass(frozen=True)
class Single:
    """One load for every engine, once or repeated, with faults or without."""

    kind: Literal["single"] = "single"


@dataclass(frozen=True)
class Sweep:
    """A load for each point of a grid; with `one_job`, rates are loads of one job for each engine."""

    axes: tuple[Axis, ...]
    one_job: bool = False
    kind: Literal["sweep"] = "sweep"


@dataclass(frozen=True)
class RateSearch:
    """Loads of rising and falling rate, until the highest that an engine bears is known."""

    terms: SearchTerms
    kind: Literal["rate-search"] = "rate-search"


@dataclass(frozen=True)
class BacklogDrain:
    """`records` that are there at once are worked off; `records_per_window` is their mean, if known."""

    records: int
    records_per_window: float | None
    kind: Literal["drain"] = "drain"


Experiment: TypeAlias = Single | Sweep | RateSearch | BacklogDrain
