"""Which bundles a plan goes by: those that are named, or the one that tells most and all on its terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streambench.analysis.compare.figures import run_of
from streambench.analysis.compare.strangers import RunDifference, Term, strangers
from streambench.analysis.history.found import find_runs
from streambench.analysis.scale.basis import not_there
from streambench.analysis.scale.engines import engine_basis, why_not_planned
from streambench.analysis.scale.values import EngineBasis
from streambench.model.errors import UsageError
from streambench.results.bundle import Bundle, read_bundle

SAME: Final = frozenset(
    {
        Term.WORKLOAD,
        Term.GUARANTEE,
        Term.CONDITIONS,
        Term.MACHINE,
        Term.JVM,
        Term.METHOD,
        Term.SPEED,
    }
)
"""In what runs of one plan may not differ: what a million events cost would differ by it."""


@dataclass(frozen=True)
class ChosenRuns:
    """Bundles on the same terms; `examples`: they come with the project."""

    bundles: tuple[Bundle, ...]
    examples: bool = False


def named_runs(folders: Sequence[Path]) -> ChosenRuns:
    """The bundles in these folders. Raises UsageError where one is none, or two are on other terms."""
    runs: dict[str, Bundle] = {}
    for folder in folders:
        bundle = read_bundle(folder)
        runs.setdefault(run_of(bundle), bundle)
    first, *others = _newest_first(list(runs.values()))
    for other in others:
        apart = _apart(first, other)
        if apart is not None:
            raise UsageError(
                f"{first.name} and {other.name} cannot be planned from together: {_said(apart)}",
                hint=f"plan from each by itself: streambench plan {first.folder} --rate 10M",
            )
    return ChosenRuns((first, *others))


def newest_runs(root: Path, engines: Sequence[str]) -> ChosenRuns:
    """The run below `root` that tells of most of these engines, first, and all on its terms.

    Of several that tell of as many: those that searched a highest rate, then the newest. Published
    examples only where no other run is there. Raises UsageError where none tells anything.
    """
    if not root.is_dir():
        raise UsageError(f"there is no run bundle in {root}", hint="streambench curve")
    found = find_runs(root)
    runs = _newest_first(found.runs or found.examples)
    told = [(run, bases) for run in runs if (bases := _bases(run, engines))]
    if not told:
        raise _none_tells(root, runs, engines)
    # The first of the greatest is the newest.
    first, _ = max(told, key=lambda each: _tells(each[1], engines))
    also = (run for run in runs if run is not first and _apart(first, run) is None)
    same = (run for run in also if why_not_planned(run) is None)
    return ChosenRuns((first, *same), examples=not found.runs)


def _none_tells(root: Path, runs: Sequence[Bundle], engines: Sequence[str]) -> UsageError:
    labels = {label for run in runs for label in run.labels}
    missing = next((each for each in engines if each not in labels), None)
    if missing is not None:
        return not_there(missing, str(root), sorted(labels))
    command = f"streambench curve --engine {','.join(engines)}" if engines else "streambench curve"
    of = f" of {', '.join(engines)}" if engines else ""
    return UsageError(f"no run in {root} has a trial{of} that can be planned from", hint=command)


def _bases(run: Bundle, engines: Sequence[str]) -> list[EngineBasis]:
    labels = [label for label in run.labels if not engines or label in engines]
    found = (engine_basis([run], label) for label in labels)
    return [each for each in found if isinstance(each, EngineBasis)]


def _tells(bases: Sequence[EngineBasis], engines: Sequence[str]) -> tuple[int, bool]:
    """Of how many engines that were asked for it tells, and whether it searched a highest rate."""
    searched = any(each.borne is not None or each.refused is not None for each in bases)
    return len(bases) if engines else 0, searched


def _apart(first: Bundle, other: Bundle) -> RunDifference | None:
    return next((each for each in strangers(first, other) if each.term in SAME), None)


def _said(apart: RunDifference) -> str:
    return apart.said or f"{apart.what} is {apart.first} and {apart.second}"


def _newest_first(runs: Sequence[Bundle]) -> list[Bundle]:
    return sorted(runs, key=lambda run: run.run.started_at, reverse=True)
