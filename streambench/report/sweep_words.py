"""The first sentence of a sweep."""

from __future__ import annotations

from dataclasses import dataclass, replace

from streambench.model.plan import Setting
from streambench.model.sweep import AxisName, value_words
from streambench.model.trial import LeftOut
from streambench.report.numbers import listing, number, plural
from streambench.report.standing import delay_stem, title_of
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
    if axis.name is AxisName.COMMIT:
        stem = delay_stem(bundle)
        metric, digits = f"{stem}_p50_ms", 0
        seen = " as a committed reader has it" if stem == "visible" else ""
        short, what = "delay", f"the median delay in ms{seen}"
    else:
        metric, digits = "engine_cpu_s_per_million", 1
        short, what = "cost", "CPU seconds per million events"
    lines = [of(every, label) for label in bundle.labels]
    parts = [words for line in lines if (words := _ends_words(line, metric, digits))]
    if not parts:
        return f"The {short} at both ends of the sweep by {axis.name.value} is known of no engine{doubt}"
    first, last = (value_words(axis.name, axis.values[at]) for at in (0, -1))
    median = " (medians over trials)" if bundle.run.repeats > 1 else ""
    span = f"From {axis.name.value} {first} to {last}"
    return f"{span}, {what}{median} went {', '.join(parts)}{doubt}"


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
        "The rates rise until no engine bears them, or to what generator and broker carry. None is tried "
        "above a rate at which it fell behind or failed: its backlog would take longer than the load, and "
        "its delay would tell how long the load was."
    )


def unmoved_words(bundle: Bundle) -> str | None:
    """Which engines do not follow the commit interval that was varied; None where all do, or nothing is
    known.
    """
    if AxisName.COMMIT not in [axis.name for axis in bundle.run.axes]:
        return None
    unmoved = []
    for label in bundle.labels:
        found: dict[float, set[tuple[Setting, ...]]] = {}
        for trial in bundle.of(label):
            if trial.record.settings:
                interval_ms = dict(trial.record.point)[AxisName.COMMIT]
                asked = tuple(replace(each, effective=None) for each in trial.record.settings)
                found.setdefault(interval_ms, set()).add(asked)
        if len(found) > 1 and len(set.union(*found.values())) == 1:
            unmoved.append(title_of(bundle, label))
    if not unmoved:
        return None
    return f"No setting of {listing(unmoved)} follows the commit interval: along it nothing is varied there."


def _ends_words(line: tuple[Swept, ...], metric: str, digits: int) -> str:
    """How a metric went from the first point to the last; empty where it is not known of both."""
    ends = [_value(one, metric) for one in (line[:1] + line[-1:])]
    if len(ends) < 2 or ends[0] is None or ends[1] is None:
        return ""
    return f"{line[0].standing.title} {number(ends[0], digits)} → {number(ends[1], digits)}"


def _value(one: Swept, metric: str) -> float | None:
    """What is known of a point: nothing where another figure would stand in its place."""
    found = one.standing.shown(metric)
    return found.value if one.counts and not found.instead else None
