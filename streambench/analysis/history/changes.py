"""What changed from one run to the next, beside the figures: versions, settings in effect, the machine."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from streambench.analysis.compare.changed import differing
from streambench.analysis.compare.comparison import Side
from streambench.analysis.compare.strangers import Term, strangers
from streambench.model.numbers import DASH
from streambench.results.bundle import Bundle


class ChangeKind(enum.Enum):
    """Of what a change is."""

    VERSION = "version"
    SETTING = "setting"
    MACHINE = "machine"
    JVM = "jvm"
    METHOD = "method"
    SPEED = "speed"
    TOOL = "streambench"


# Of the whole run, in the terms by which runs are told apart.
_OF_RUNS: Final[Mapping[Term, ChangeKind]] = {
    Term.MACHINE: ChangeKind.MACHINE,
    Term.JVM: ChangeKind.JVM,
    Term.METHOD: ChangeKind.METHOD,
    Term.SPEED: ChangeKind.SPEED,
}


@dataclass(frozen=True)
class RunChange:
    """A change between run `at` and the one before it, counted from 0.

    `label` is the contender that it concerns; None for the whole run. A contender of which the run before tells
    nothing is set against the last one that does: `since` is that run.
    """

    at: int
    since: int
    label: str | None
    kind: ChangeKind
    what: str
    before: str
    after: str


def run_changes(runs: Sequence[Bundle]) -> tuple[RunChange, ...]:
    """All changes, in the order of the runs; those of the whole run first."""
    found: list[RunChange] = []
    last: dict[str, int] = {}
    for at, bundle in enumerate(runs):
        if at:
            found += _of_run(runs, at)
        for label in _told(bundle):
            if label in last:
                found += _of_contender(runs, last[label], at, label)
            last[label] = at
    return tuple(found)


def _told(bundle: Bundle) -> list[str]:
    """Contenders whose settings are known: what is not known did not change."""
    return [
        label for label in bundle.labels if any(trial.record.settings for trial in bundle.of(label))
    ]


def _of_run(runs: Sequence[Bundle], at: int) -> Iterator[RunChange]:
    before, after = runs[at - 1], runs[at]
    tools = [bundle.run.versions.get("streambench", DASH) for bundle in (before, after)]
    if tools[0] != tools[1]:
        yield RunChange(at, at - 1, None, ChangeKind.TOOL, "version of streambench", *tools)
    for each in strangers(before, after):
        if each.term in _OF_RUNS:
            kind = _OF_RUNS[each.term]
            yield RunChange(at, at - 1, None, kind, each.what, each.first, each.second)


def _of_contender(runs: Sequence[Bundle], since: int, at: int, label: str) -> Iterator[RunChange]:
    first, second = (Side(str(run + 1), runs[run], label) for run in (since, at))
    for each in differing(first.bundle, first.label, second.bundle, second.label).settings:
        kind = ChangeKind.VERSION if each.name == "version" else ChangeKind.SETTING
        before, after = each.first or DASH, each.second or DASH
        yield RunChange(at, since, label, kind, each.name, before, after)
