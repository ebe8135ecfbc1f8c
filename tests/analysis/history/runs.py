"""Folders of runs: one a night, with given figures, and changes on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from streambench.analysis.history.found import find_runs
from streambench.analysis.history.history import FigureHistory, History, history_of
from streambench.results.bundle import Bundle
from tests.analysis.compare.bundles import bundle_of

FIRST_NIGHT = datetime(2026, 10, 1, 2, 30, tzinfo=UTC)
TRIALS = 3


def night(at: int) -> str:
    """When the run of a night began."""
    return (FIRST_NIGHT + timedelta(days=at)).isoformat()


def nightly(
    root: Path,
    levels_ms: Mapping[str, Sequence[float]],
    *,
    spread: float = 0.03,
    seed: int = 1,
    trials: int = TRIALS,
    changed: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[Bundle]:
    """A run for each level of each contender. Runs vary by `spread`, and their trials by a fifth of it.

    `changed`: what is another in the record of a run from this night on.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    made, record = [], dict[str, Any]()
    for at in range(max(map(len, levels_ms.values()))):
        record |= (changed or {}).get(at, {})
        values = {}
        for label, levels in levels_ms.items():
            if at < len(levels):
                run = levels[at] * np.exp(spread * draw.standard_normal())
                values[label] = list(run * np.exp(spread / 5 * draw.standard_normal(trials)))
        trial = {key: record[key] for key in record.keys() & {"variant", "settings"}}
        run_record = {key: record[key] for key in record.keys() - trial.keys()}
        made.append(
            bundle_of(root, values, run={"started_at": night(at), **run_record}, trial=trial)
        )
    return made


def history(root: Path, like: Path | None = None) -> History:
    """The history of all runs below a folder."""
    return history_of(find_runs(root), like)


def figure(found: History, key: str, label: str = "flink") -> FigureHistory:
    """One of its figures."""
    (one,) = [
        each
        for each in found.figures
        if each.series.figure.key == key and each.series.label == label
    ]
    return one
