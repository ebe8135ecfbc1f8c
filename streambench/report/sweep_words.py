"""The first sentence of a sweep."""

from __future__ import annotations

from dataclasses import dataclass

from streambench.model.sweep import AxisName
from streambench.model.trial import LeftOut
from streambench.report.numbers import listing, number, plural
from streambench.report.swept import Swept, knee, knee_is_seen, of, swept
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class Knee:
    """Up to which rate one variant kept up; `seen` when it was also seen not to bear the next one."""

    rate: float | None
    seen: bool


def knees(bundle: Bundle) -> dict[str, Knee]:
    """The knee of each variant where rates were varied and nothing else; empty otherwise."""
    axes = bundle.run.axes
    if len(axes) != 1 or axes[0].name is not AxisName.RATE:
        return {}
    every = swept(bundle)
    lines = {label: of(every, label) for label in bundle.labels}
    return {label: Knee(knee(line), knee_is_seen(line)) for label, line in lines.items()}


def sweep_clause(bundle: Bundle) -> str:
    """Up to which rate each engine kept up; else how its cost went along the first axis."""
    every = swept(bundle)
    wrong = sorted(
        {one.standing.title for one in every if one.standing.completed and not one.counts}
    )
    doubt = f"; {listing(wrong)} not right at every point" if wrong else ""
    found = knees(bundle)
    if found:
        return _knee_words(bundle, every, found) + doubt
    axis = bundle.run.axes[0]
    parts = [words for label in bundle.labels if (words := _cost_words(of(every, label)))]
    if not parts:
        return (
            f"The cost at both ends of the sweep by {axis.name.value} is known of no engine{doubt}"
        )
    first, last = axis.values[0], axis.values[-1]
    span = f"From {axis.name.value} {first:,.10g} to {last:,.10g}"
    median = " (medians over trials)" if bundle.run.repeats > 1 else ""
    return f"{span}, CPU seconds per million events{median} went {', '.join(parts)}{doubt}"


def _knee_words(bundle: Bundle, every: tuple[Swept, ...], found: dict[str, Knee]) -> str:
    titles = {one.standing.label: one.standing.title for one in every}
    highest = bundle.run.axes[0].values[-1]
    reached = [(label, k.rate) for label, k in found.items() if k.rate is not None]
    reached.sort(key=lambda each: -each[1])
    words = [
        f"{titles[label]} up to {number(rate)} events/s"
        + (" (no higher rate was tried)" if rate == highest else "")
        for label, rate in reached
    ]
    none = [titles[label] for label, k in found.items() if k.rate is None]
    if none:
        words.append(f"{listing(none)} with none of the {plural(len(every) // len(found), 'rate')}")
    return f"Shown to keep up: {', '.join(words)}"


def left_out_words(bundle: Bundle) -> str | None:
    """Why some points have no trial of some engine; None where every one has."""
    if not any(isinstance(trial.record.outcome, LeftOut) for trial in bundle.trials):
        return None
    return (
        "The rates rise until no engine bears them. None is tried above a rate at which it fell behind or "
        "failed: its backlog would take longer than the load, and its delay would tell how long the load was."
    )


def _cost_words(line: tuple[Swept, ...]) -> str:
    ends = [
        one.standing.shown("engine_cpu_s_per_million").value if one.counts else None
        for one in (line[:1] + line[-1:])
    ]
    if len(ends) < 2 or ends[0] is None or ends[1] is None:
        return ""
    return f"{line[0].standing.title} {number(ends[0], 1)} → {number(ends[1], 1)}"
