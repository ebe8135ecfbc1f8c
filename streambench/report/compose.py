"""A bundle becomes a document."""

from __future__ import annotations

from streambench.model.sweep import Axis, AxisName, grid, value_words
from streambench.report.answer import answer
from streambench.report.document import Document, Section
from streambench.report.lone_trials import not_whole
from streambench.report.numbers import number, plural, seconds
from streambench.report.recovered import kinds
from streambench.report.sections.cost import cost_section
from streambench.report.sections.damage import damage_section
from streambench.report.sections.definitions import definitions_section
from streambench.report.sections.drain import drain_sections
from streambench.report.sections.late import late_section
from streambench.report.sections.latency import latency_section
from streambench.report.sections.recovery import recovery_sections
from streambench.report.sections.search import search_sections
from streambench.report.sections.sweep import sweep_sections
from streambench.report.sections.terms import (
    conditions_section,
    environment_section,
    instrument_section,
    programs_section,
)
from streambench.report.sections.throughput import throughput_section
from streambench.report.sections.trials import trials_section
from streambench.report.sections.verdict import verdict_section
from streambench.results.bundle import Bundle
from streambench.results.schema import METHOD, RunRecord


def compose(bundle: Bundle) -> Document:
    """The whole report; where records may be late, their picture comes before everything else."""
    parts: list[Section | None]
    if bundle.run.search is not None:
        parts = [*search_sections(bundle)]
    elif bundle.run.drain_records is not None:
        parts = [*drain_sections(bundle)]
    elif bundle.run.axes:
        parts = [*sweep_sections(bundle)]
    else:
        parts = _of_one_load(bundle)
    sections = [
        *parts,
        damage_section(bundle),
        trials_section(bundle),
        conditions_section(bundle),
        programs_section(bundle),
        environment_section(bundle),
        instrument_section(bundle),
        definitions_section(),
    ]
    return Document(
        bundle.run.title,
        f"{bundle.run.workload} · {bundle.run.started_at[:16].replace('T', ' ')} UTC",
        answer(bundle),
        _facts(bundle),
        banners(bundle),
        tuple(section for section in sections if section is not None),
    )


def _of_one_load(bundle: Bundle) -> list[Section | None]:
    return [
        late_section(bundle),
        verdict_section(bundle),
        latency_section(bundle),
        *recovery_sections(bundle),
        throughput_section(bundle),
        cost_section(bundle),
    ]


def _facts(bundle: Bundle) -> tuple[tuple[str, str], ...]:
    run = bundle.run
    rate = "its own arrivals" if run.rate_per_s is None else f"{number(run.rate_per_s)} events/s"
    if run.shape is not None:
        rate = run.shape
    varied = {axis.name: axis for axis in run.axes}
    if AxisName.RATE in varied or run.search is not None:
        rate = "varied"
    if run.drain_records is not None:
        rate = f"{number(run.drain_records)} records, there at once"
    faults = ", ".join(run.faults or (kind.value for kind in kinds(bundle)))
    return (
        ("load", rate),
        *((("varied", _axes_words(run.axes)),) if run.axes else ()),
        *((("measured", _measured(run)),) if _one_length(run) else ()),
        ("guarantee", run.conditions.guarantee.value),
        *((("faults", faults),) if faults else ()),
        ("each engine", plural(run.conditions.workers, "worker")),
        *((("trials", _trials(run)),) if run.search is None else ()),
    )


def _one_length(run: RunRecord) -> bool:
    return run.search is None and run.drain_records is None


def _measured(run: RunRecord) -> str:
    at_once = ""
    if run.warming_records:
        at_once = (
            f"{number(run.warming_records)} records at once, again until they were not worked off "
            "faster, "
        )
        at_once += f"{seconds(run.rising_s)} rising to the rate, and " if run.rising_s else "and "
    least_s = run.settling_s + run.warm_up_s
    least = "at least " if run.settling_s else ""
    return f"{seconds(run.measured_s)} after {at_once}{least}{seconds(least_s)} warm-up"


def _trials(run: RunRecord) -> str:
    return f"{plural(run.repeats, 'trial')} per engine{' and point' if run.axes else ''}"


def _axes_words(axes: tuple[Axis, ...]) -> str:
    return "; ".join(
        f"{axis.name.value} {', '.join(value_words(axis.name, value) for value in axis.values)}"
        for axis in axes
    )


def banners(bundle: Bundle) -> tuple[str, ...]:
    """What must not be overlooked: the run is partial, or too short to be ranked."""
    said = not_whole(bundle.gaps)
    if bundle.run.partial:
        if not _one_length(bundle.run):
            said.append("Partial: the run was interrupted; what it had found is shown.")
            return tuple(said)
        done = len(bundle.trials) + sum(gap.file == "trial.json" for gap in bundle.gaps)
        wanted = len(bundle.run.planned) * bundle.run.repeats * len(grid(bundle.run.axes))
        said.append(f"Partial: the run was interrupted after {done} of {plural(wanted, 'trial')}.")
    if bundle.run.method < METHOD:
        said.append(
            f"This run was measured by version {bundle.run.method} of the method; the present one is "
            f"{METHOD}."
        )
    if bundle.run.quick:
        said.append("Quick: engines were cold and windows few, so nothing is ranked.")
    return tuple(said)
