"""What makes two runs strangers: their figures would differ by it, whatever the engines do."""

from __future__ import annotations

import enum
import math
import statistics
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from streambench.model.numbers import DASH, number
from streambench.results.bundle import Bundle, TrialBundle
from streambench.results.schema import RunRecord
from streambench.results.speed import (
    GAUGE,
    SAME_SPEED,
    at_another_speed,
    completed_records,
)
from streambench.workload.forms import effective


class Term(enum.Enum):
    """What two runs must have in common, unless a user allows that it differs."""

    WORKLOAD = "workload"
    LOAD = "load"
    GUARANTEE = "guarantee"
    CONDITIONS = "conditions"
    LENGTH = "length"
    FAULTS = "faults"
    MACHINE = "machine"
    JVM = "jvm"
    METHOD = "method"
    SPEED = "speed"
    UNFINISHED = "unfinished"


# What else is allowed with a term: another machine is of another speed.
_WITH: Final[Mapping[Term, frozenset[Term]]] = {
    Term.MACHINE: frozenset({Term.JVM, Term.SPEED}),
    Term.WORKLOAD: frozenset({Term.LOAD}),
}
_MACHINE: Final = (
    "processor",
    "logical cores",
    "memory",
    "operating system",
    "cores of each part",
)
_JVM: Final = ("Java", "Java build")


@dataclass(frozen=True)
class RunDifference:
    """One thing in which two runs differ, in words; `said` is a sentence where the values are not enough."""

    term: Term
    what: str
    first: str
    second: str
    said: str | None = None


def strangers(first: Bundle, second: Bundle) -> tuple[RunDifference, ...]:
    """All in which two runs differ and must not; none for a run and itself."""
    if first.folder == second.folder:
        return tuple(_unfinished(first, second))
    speed = _speed(first, second)
    return (
        *_unfinished(first, second),
        *_found(first.run, second.run),
        *(() if speed is None else (speed,)),
    )


def at_any_speed(bundle: Bundle) -> Bundle:
    """The same bundle without a gauge of the machine's speed, so that no trial is left out for it."""

    def ungauged(trial: TrialBundle) -> TrialBundle:
        measures = {k: v for k, v in trial.record.measures.items() if k != GAUGE}
        return replace(trial, record=replace(trial.record, measures=measures))

    return replace(bundle, trials=tuple(map(ungauged, bundle.trials)))


def speeds_within(bundle: Bundle) -> RunDifference | None:
    """That the trials of one run were made at several speeds; None where they were not, or nobody knows."""
    said = at_another_speed(completed_records(bundle))
    if not said:
        return None
    return RunDifference(Term.SPEED, "speed of the machine", "", "", next(iter(said.values())))


def with_implied(allowed: frozenset[Term]) -> frozenset[Term]:
    """What is allowed, with all that goes along with it."""
    return allowed.union(*(_WITH.get(term, frozenset()) for term in allowed))


def _unfinished(first: Bundle, second: Bundle) -> Iterator[RunDifference]:
    words = ["interrupted" if each.run.partial else "finished" for each in (first, second)]
    if "interrupted" in words:
        same = first.folder == second.folder
        said = "the run was interrupted" if same else None
        yield RunDifference(Term.UNFINISHED, "end of the run", words[0], words[1], said)


def _found(a: RunRecord, b: RunRecord) -> Iterator[RunDifference]:
    declared = tuple(_workload(a, b))
    yield from declared
    if not declared:  # their comments may differ
        for what, first, second in (
            ("rate", _rate(a), _rate(b)),
            ("seed", str(a.seed), str(b.seed)),
            ("bytes (SHA-256)", a.trace_sha256[:12], b.trace_sha256[:12]),
        ):
            if first != second:
                yield RunDifference(Term.LOAD, what, first, second)
    for name in a.conditions.__dataclass_fields__:
        ours, theirs = (_words(getattr(run.conditions, name)) for run in (a, b))
        if ours != theirs:
            term = Term.GUARANTEE if name == "guarantee" else Term.CONDITIONS
            yield RunDifference(term, name.replace("_", " "), ours, theirs)
    if a.search is None and a.drain_records is None and a.measured_s != b.measured_s:
        yield RunDifference(
            Term.LENGTH, "measured part", f"{a.measured_s:g} s", f"{b.measured_s:g} s"
        )
    if a.faults != b.faults:
        yield RunDifference(Term.FAULTS, "faults", _listed(a.faults), _listed(b.faults))
    for term, names in ((Term.MACHINE, _MACHINE), (Term.JVM, _JVM)):
        for name in names:
            ours, theirs = (run.environment.get(name, DASH) for run in (a, b))
            if ours != theirs:
                yield RunDifference(term, name, ours, theirs)
    if a.method != b.method:
        yield RunDifference(Term.METHOD, "version of the method", str(a.method), str(b.method))


def _workload(a: RunRecord, b: RunRecord) -> Iterator[RunDifference]:
    if a.workload_text == b.workload_text:
        return
    ours, theirs = (declared_terms(run.workload_text) for run in (a, b))
    differing = [key for key in (ours | theirs) if ours.get(key) != theirs.get(key)]
    if not differing:
        return  # its comments alone
    for key in differing:
        yield RunDifference(Term.WORKLOAD, key, ours.get(key, DASH), theirs.get(key, DASH))


def declared_terms(text: str) -> dict[str, str]:
    """Each declaration of a workload by its dotted name; all of it under one name where it is no TOML."""
    try:
        return dict(_flat("", effective(tomllib.loads(text))))
    except tomllib.TOMLDecodeError:
        return {"workload": text}


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else key, inner)
    else:
        yield name, str(value)


def _rate(run: RunRecord) -> str:
    return run.shape or (DASH if run.rate_per_s is None else f"{number(run.rate_per_s)} events/s")


def _listed(faults: tuple[str, ...]) -> str:
    return ", ".join(faults) or "none"


def _words(value: object) -> str:
    return str(value.value) if isinstance(value, enum.Enum) else str(value)


def _speed(first: Bundle, second: Bundle) -> RunDifference | None:
    """By the player's time for the same requests, over the loads that both runs played."""
    ours, theirs = (_gauges(bundle) for bundle in (first, second))
    common = ours.keys() & theirs.keys()
    if not common:
        return None
    ratio = math.exp(
        statistics.fmean(math.log(theirs[load] / ours[load]) for load in sorted(common))
    )
    if max(ratio, 1 / ratio) <= SAME_SPEED:
        return None
    load = min(common)
    times, word = (ratio, "slower") if ratio > 1 else (1 / ratio, "faster")
    return RunDifference(
        Term.SPEED,
        "the player's time for the same request",
        f"{number(ours[load], 1)} µs",
        f"{number(theirs[load], 1)} µs",
        f"the second run's machine did the same fixed work {times:.1f} times {word}",
    )


def _gauges(bundle: Bundle) -> dict[str, float]:
    """By load, the median over its trials."""
    by_load: dict[str, list[float]] = {}
    for record in completed_records(bundle):
        gauge_us = record.measures.get(GAUGE)
        if gauge_us and record.trace_sha256 is not None:
            by_load.setdefault(record.trace_sha256, []).append(gauge_us)
    return {load: statistics.median(gauges) for load, gauges in by_load.items()}
