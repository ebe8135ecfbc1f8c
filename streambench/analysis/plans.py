"""What was planned for each variant, whichever kind of run it was, and what its runs warned of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streambench.analysis.variants import title_of
from streambench.experiment.clock_notes import clock_notes
from streambench.model.numbers import listing, number
from streambench.model.sweep import point_words
from streambench.model.trial import LeftOut, NotRun, TrialRecord
from streambench.results.bundle import Bundle
from streambench.results.schema import PlanRecord


def plans(bundle: Bundle) -> dict[str, PlanRecord]:
    """Label → its first trial's settings and programs, else those that the run recorded.

    A trial's settings say what the running engine reported. A variant without a trial and without
    a recorded plan (a run by an earlier version, or an unsupported engine) is left out.
    """
    found: dict[str, PlanRecord] = {}
    for label in bundle.labels:
        records = [trial.record for trial in bundle.of(label)]
        told = next((each for each in records if each.settings or each.programs), None)
        planned = bundle.run.plans.get(label)
        if told is not None:
            warnings = () if planned is None else planned.warnings
            found[label] = PlanRecord(told.settings, told.programs, warnings)
        elif planned is not None:
            found[label] = planned
    return found


def warnings(bundle: Bundle) -> tuple[str, ...]:
    """Every warning once: of the run, of the plans, of the trials with the trials that it is true of.

    Of a drain they are those of its loads, for it is no trial. Of a search's loads they are those of clocks.
    """
    said = list(bundle.run.warnings)
    every = plans(bundle)
    for label in bundle.labels:
        title = title_of(bundle, label)
        records = [trial.record for trial in bundle.of(label) if _ran(trial.record)]
        of_plan = every[label].warnings if label in every else ()
        said += [f"{title}: {warning}" for warning in of_plan]
        of_trials = dict.fromkeys(text for record in records for text in record.warnings)
        for text in of_trials:
            if text in of_plan:
                continue
            with_it = [record for record in records if text in record.warnings]
            said.append(f"{title}{_which(with_it, records)}: {text}")
        of_loads = dict.fromkeys((*_of_drains(bundle, label), *_of_clocks(bundle, label)))
        said += [f"{title}: {text}" for text in of_loads if text not in (*of_plan, *of_trials)]
    return tuple(dict.fromkeys(said))


def unrecorded(bundle: Bundle) -> tuple[str, ...]:
    """Titles of the variants that ran and of which no plan is known: nobody can say what it warned of."""
    known = plans(bundle)
    drained = {record.label for record in bundle.run.drains if record.drains}
    searched = {record.label for record in bundle.run.searches if record.probes}
    ran = drained | searched
    return tuple(title_of(bundle, label) for label in bundle.labels if label in ran - known.keys())


def _of_drains(bundle: Bundle, label: str) -> Iterator[str]:
    """What the loads of a variant's drains warned of."""
    if any(record.drains for record in bundle.run.drains if record.label == label):
        for load in _loads(bundle, label):
            yield from load.warnings


def _of_clocks(bundle: Bundle, label: str) -> Iterator[str]:
    """What the loads of a variant's search warned of clocks: all else stands beside each probe."""
    if any(record.label == label for record in bundle.run.searches):
        kafka = bundle.run.conditions.foreign_kafka
        for load in _loads(bundle, label):
            said = clock_notes(load.compared.bounds, load.compared.unknown, kafka)
            yield from (text for text in load.warnings if text in said)


def _loads(bundle: Bundle, label: str) -> Iterator[TrialRecord]:
    return (load.record for load in bundle.loads if load.record.variant.label == label)


def _ran(record: TrialRecord) -> bool:
    return not isinstance(record.outcome, NotRun | LeftOut)


def _which(some: Sequence[TrialRecord], every: Sequence[TrialRecord]) -> str:
    """In which trials, with where in a sweep they stand; nothing where it is true of all that ran."""
    if len(some) == len(every):
        return ""
    names = [
        number(record.number) + (f" ({point_words(record.point)})" if record.point else "")
        for record in some
    ]
    return f", {'trial' if len(names) == 1 else 'trials'} {listing(names)}"
