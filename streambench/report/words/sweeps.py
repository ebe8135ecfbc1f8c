"""A sweep in words: up to which rate each engine kept up, and why some points have no trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streambench.analysis.eligible import delay_stem
from streambench.analysis.sweeps import Knee, Swept, knees, of, spared, swept, unmoved
from streambench.analysis.variants import title_of
from streambench.model.numbers import listing, number, plural
from streambench.model.sweep import AxisName, value_words
from streambench.results.bundle import Bundle


def sweep_clause(bundle: Bundle) -> str:
    """Up to which rate each engine kept up; else how its cost went along the first axis."""
    every = swept(bundle)
    wrong = sorted(
        {one.standing.title for one in every if one.standing.completed and not one.counts}
    )
    doubt = f"; {listing(wrong)} not right at every point" if wrong else ""
    found = knees(bundle, every)
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


def _knee_words(bundle: Bundle, every: Sequence[Swept], found: Mapping[str, Knee]) -> str:
    titles = {one.standing.label: one.standing.title for one in every}
    highest = bundle.run.axes[0].values[-1]
    reached = [(k.label, k.rate_per_s) for k in found.values() if k.rate_per_s is not None]
    reached.sort(key=lambda each: -each[1])
    words = [
        f"{titles[label]} up to {number(rate)} events/s"
        + (" (no higher rate was tried)" if rate == highest else "")
        for label, rate in reached
    ]
    none = [titles[k.label] for k in found.values() if k.rate_per_s is None]
    if none:
        words.append(f"{listing(none)} with none of the {plural(len(every) // len(found), 'rate')}")
    return f"Shown to keep up: {', '.join(words)}"


def left_out_words(bundle: Bundle) -> str | None:
    """Why some points have no trial of some engine; None where every one has."""
    if not spared(bundle):
        return None
    return (
        "An engine is not tried above a rate at which it fell behind or failed: its backlog would take "
        "longer than the load, and its delay would tell how long the load was."
    )


def unmoved_words(bundle: Bundle) -> str | None:
    """Which engines do not follow the commit interval that was varied; None where all do."""
    titles = [title_of(bundle, label) for label in unmoved(bundle)]
    if not titles:
        return None
    return f"No setting of {listing(titles)} follows the commit interval: along it nothing is varied there."


def _ends_words(line: Sequence[Swept], metric: str, digits: int) -> str:
    """How a metric went from the first point to the last; empty where it is not known of both."""
    if not line:
        return ""
    first, last = (one.value_of(metric) for one in (line[0], line[-1]))
    if first is None or last is None:
        return ""
    return f"{line[0].standing.title} {number(first, digits)} → {number(last, digits)}"
