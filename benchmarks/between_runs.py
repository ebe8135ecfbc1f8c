"""How far runs of the same engine lie apart, beyond what their trials do: from bundles that are there.

    .venv/bin/python benchmarks/between_runs.py results/a results/b results/c

For each engine and version that has at least two trials in each of at least three runs: the deviation of the logarithms
within a run, and between runs (one-way analysis of variance, method of moments), with its degrees of
freedom by Satterthwaite. `streambench compare` adds the latter to the error of sides of two runs.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from streambench.analysis.compare.difference import BetweenSessions
from streambench.model.conditions import Variant
from streambench.model.trial import Completed
from streambench.results.bundle import read_bundle


def main() -> None:
    """Print a line for each engine, and one for all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", nargs="+", type=Path)
    parser.add_argument("--metric", default="delay_p99_ms")
    asked = parser.parse_args()
    by_label: dict[str, dict[str, list[float]]] = {}
    for folder in asked.bundles:
        for trial in read_bundle(folder).trials:
            value = trial.record.measures.get(asked.metric)
            if isinstance(trial.record.outcome, Completed) and value:
                runs = by_label.setdefault(_called(trial.record.variant), {})
                runs.setdefault(str(folder), []).append(value)
    by_label = {
        label: {folder: values for folder, values in runs.items() if len(values) >= 2}
        for label, runs in by_label.items()
    }
    print(f"{asked.metric}: deviations of the logarithms")
    every: list[tuple[float, float, int, int, float]] = []
    for label, runs in by_label.items():
        if len(runs) < 3:
            continue
        found = parts(runs)
        every.append(found)
        print(f"{label:30} {words(found)}")
        for folder, values in runs.items():
            print(f"    {Path(folder).name}: {', '.join(f'{value:,.0f}' for value in values)}")
    if every:
        print(f"{'all':30} {words(pooled(every))}")


def _called(variant: Variant) -> str:
    """A label that does not depend on whether the version was asked for or the usual one."""
    return replace(variant, pinned=True).label


def parts(runs: Mapping[str, Sequence[float]]) -> tuple[float, float, int, int, float]:
    """(mean square between, within, runs − 1, trials − runs, trials a run) of the logarithms."""
    logs = [np.log(values) for values in runs.values()]
    sizes = np.array([len(each) for each in logs])
    total, count = int(sizes.sum()), len(logs)
    mean = float(np.concatenate(logs).mean())
    between = float(sum(len(each) * (each.mean() - mean) ** 2 for each in logs)) / (count - 1)
    within = float(sum(((each - each.mean()) ** 2).sum() for each in logs)) / (total - count)
    size = (total - float((sizes**2).sum()) / total) / (count - 1)
    return between, within, count - 1, total - count, size


def pooled(
    every: Sequence[tuple[float, float, int, int, float]],
) -> tuple[float, float, int, int, float]:
    """The same over several engines, each with its weight in degrees of freedom."""
    between = sum(each[0] * each[2] for each in every) / sum(each[2] for each in every)
    within = sum(each[1] * each[3] for each in every) / sum(each[3] for each in every)
    size = sum(each[4] for each in every) / len(every)
    return between, within, sum(e[2] for e in every), sum(e[3] for e in every), size


def spread_of(found: tuple[float, float, int, int, float]) -> BetweenSessions:
    """What all trials of a run have in common, with its degrees of freedom (at least one)."""
    between, within, runs, trials, size = found
    variance = (between - within) / size
    known = (between / size) ** 2 / runs + (within / size) ** 2 / trials
    return BetweenSessions(math.sqrt(max(0.0, variance)), max(1.0, variance**2 / known))


def words(found: tuple[float, float, int, int, float]) -> str:
    """Both deviations, and how well the second is known."""
    between, within, runs, _, size = found
    spread = spread_of(found)
    upper = math.sqrt(between / size)
    return (
        f"within {math.sqrt(within):.3f}, between {spread.sd:.3f} ({spread.freedom:.1f} degrees of "
        f"freedom), means of runs {upper:.3f} ({runs})"
    )


if __name__ == "__main__":
    main()
