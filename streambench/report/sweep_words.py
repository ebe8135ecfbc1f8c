"""The first sentence of a sweep."""

from __future__ import annotations

from streambench.model.sweep import AxisName
from streambench.report.numbers import listing, number, plural
from streambench.report.swept import Swept, knee, of, swept
from streambench.results.bundle import Bundle


def knees(bundle: Bundle) -> dict[str, float | None]:
    """The knee of each variant where rates were varied and nothing else; empty otherwise."""
    axes = bundle.run.axes
    if len(axes) != 1 or axes[0].name is not AxisName.RATE:
        return {}
    every = swept(bundle)
    return {label: knee(of(every, label)) for label in bundle.labels}


def sweep_clause(bundle: Bundle) -> str:
    """Up to which rate each engine kept up; else how its cost went along the first axis."""
    every = swept(bundle)
    wrong = sorted(
        {one.standing.title for one in every if one.standing.completed and not one.counts}
    )
    doubt = f"; {listing(wrong)} not right at every point" if wrong else ""
    found = knees(bundle)
    if found:
        return _knee_words(every, found) + doubt
    axis = bundle.run.axes[0]
    parts = [words for label in bundle.labels if (words := _cost_words(of(every, label)))]
    if not parts:
        return f"No point of the sweep by {axis.name.value} was completed{doubt}"
    first, last = axis.values[0], axis.values[-1]
    span = f"From {axis.name.value} {first:,.10g} to {last:,.10g}"
    return f"{span}, CPU seconds per million events went {', '.join(parts)}{doubt}"


def _knee_words(every: tuple[Swept, ...], found: dict[str, float | None]) -> str:
    titles = {one.standing.label: one.standing.title for one in every}
    reached = [(label, rate) for label, rate in found.items() if rate is not None]
    reached.sort(key=lambda each: -each[1])
    words = [f"{titles[label]} up to {number(rate)} events/s" for label, rate in reached]
    none = [titles[label] for label, rate in found.items() if rate is None]
    if none:
        words.append(f"{listing(none)} with none of the {plural(len(every) // len(found), 'rate')}")
    return f"Shown to keep up: {', '.join(words)}"


def _cost_words(line: tuple[Swept, ...]) -> str:
    known = [
        value
        for one in line
        if one.counts
        and (value := one.standing.shown("engine_cpu_s_per_million").value) is not None
    ]
    if len(known) < 2:
        return ""
    return f"{line[0].standing.title} {number(known[0], 1)} → {number(known[-1], 1)}"
