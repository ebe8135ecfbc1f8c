"""How often the ranking tells identical engines apart, and how far single trials of one engine differ.

    python benchmarks/alike.py [--engine flink …] [--trials 12] [--seconds 60] [--workload clicks]
    python benchmarks/alike.py results/A-BUNDLE …

Without bundles it makes a run of its own, every engine once in each round, on a machine that should do
nothing else: about two hours. The trials of one engine are then split at random into two groups, which
pass for two engines: whatever the ranking tells apart between them is a false alarm, and at most 5 % may be. The factor
is the least one by which at most 5 % of pairs of single trials of the same engine differ; the greatest of
the engines' goes into streambench/analysis/ranking.py and, with this table, into docs/method.md.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from streambench.analysis.delays import rank_by_delay
from streambench.analysis.eligible import delay_stem, unbelieved
from streambench.analysis.ranking import DELAY_FLOOR_MS, RankCandidate, rank
from streambench.model.machine import STRICT
from streambench.model.trial import TrialRecord
from streambench.results.bundle import Bundle, read_bundle
from streambench.results.speed import GAUGE

LEAST_TRIALS = 12
REPEATS = (1, 2, 3, 5)
MOST_ALARMS = 0.05
SEED = 14
_DIGITS = 100  # a factor is rounded up to hundredths


@dataclass(frozen=True)
class Alarms:
    """Shares of re-splits of one engine's trials that the ranking told apart.

    `by_round` pairs the trials of the two groups, as the ranking does where rounds agree.
    """

    repeats: int
    by_round: float
    apart: float


@dataclass(frozen=True)
class Alike:
    """What the trials of one engine say: `factor` is its own, `alarms` are with the greatest one."""

    label: str
    trials: int
    median_ms: float
    spread: float  # standard deviation of the values' logarithms
    factor: float
    alarms: tuple[Alarms, ...]


def factor_of(values: Sequence[float], floor: float) -> float:
    """The least factor by which at most 5 % of pairs differ; less than `floor` apart is no difference."""
    ratios = sorted(
        1.0 if abs(a - b) < floor else max(a, b, floor) / max(min(a, b), floor)
        for a, b in combinations(values, 2)
    )
    least = ratios[math.ceil((1 - MOST_ALARMS) * len(ratios)) - 1]
    return math.ceil(round(least * _DIGITS, 6)) / _DIGITS


def alarm_share(
    values: Sequence[float],
    repeats: int,
    *,
    floor: float,
    factor: float,
    by_round: bool,
    splits: int,
) -> float:
    """The share of random splits into two groups of `repeats` that the ranking tells apart."""
    rng = np.random.default_rng([SEED, repeats, by_round])
    rounds = tuple(range(repeats)) if by_round else ()
    alarms = 0
    for _ in range(splits):
        drawn = [values[at] for at in rng.permutation(len(values))[: 2 * repeats]]
        pair = [
            RankCandidate(name, tuple(group), None, rounds)
            for name, group in (("a", drawn[:repeats]), ("b", drawn[repeats:]))
        ]
        alarms += any(place.rank != 1 for place in rank(pair, floor=floor, single_factor=factor))
    return alarms / splits


def alike(values: Mapping[str, Sequence[float]], *, floor: float, splits: int) -> tuple[Alike, ...]:
    """Everything about every engine; `values` holds one value a trial, in order of rounds."""
    factor = max(factor_of(each, floor) for each in values.values())
    return tuple(
        Alike(
            label,
            len(each),
            statistics.median(each),
            float(np.std(np.log(np.maximum(each, floor)), ddof=1)),
            factor_of(each, floor),
            tuple(
                Alarms(
                    repeats,
                    *(
                        alarm_share(
                            each,
                            repeats,
                            floor=floor,
                            factor=factor,
                            by_round=by_round,
                            splits=splits,
                        )
                        for by_round in (True, False)
                    ),
                )
                for repeats in REPEATS
                if 2 * repeats <= len(each)
            ),
        )
        for label, each in values.items()
    )


def disturbed(record: TrialRecord) -> bool:
    """Whether something else ran beside it: such a trial is marked, and tells of that, not of its engine."""
    machine = record.machine
    return machine is not None and machine.foreign_share > STRICT.foreign_marked_share


def whatever_it_did(bundle: Bundle) -> Bundle:
    """The bundle without speed gauges and trends, for which a report would not rank some of its trials.

    Here they stay: left out they would leave too few, and they differ by no less than the others.
    """
    trials = tuple(
        replace(
            trial,
            record=replace(
                trial.record,
                trend_share=None,
                measures={k: v for k, v in trial.record.measures.items() if k != GAUGE},
            ),
        )
        for trial in bundle.trials
    )
    return replace(bundle, trials=trials)


def delays_of(
    bundles: Sequence[Bundle], metric: str | None = None
) -> tuple[str, dict[str, list[float]]]:
    """(metric, its values by engine): of every trial that is right and certified and that nothing disturbed.

    Without `metric` it is the one by which a report would rank them.
    """
    stems = {delay_stem(bundle) for bundle in bundles}
    if len(stems) != 1:
        raise SystemExit("the bundles have different guarantees, so their delays differ in meaning")
    records: dict[str, list[TrialRecord]] = {}
    left_out = 0
    for bundle in bundles:
        as_they_are = whatever_it_did(bundle)
        for trial in as_they_are.trials:
            record = trial.record
            if (
                record.steady_right
                and unbelieved(as_they_are, [record]) is None
                and not disturbed(record)
            ):
                records.setdefault(record.variant.label, []).append(record)
            else:
                left_out += 1
    if left_out:
        print(
            f"{left_out} trials were wrong, not certified or disturbed: left out", file=sys.stderr
        )
    if not records:
        raise SystemExit("no trial of these bundles may be taken")
    metric = metric or rank_by_delay(records, stems.pop()).metric
    values = {
        label: [value for one in each if (value := one.measures.get(metric)) is not None]
        for label, each in records.items()
    }
    for label, each in values.items():
        if len(each) < LEAST_TRIALS:
            raise SystemExit(
                f"{label}: {LEAST_TRIALS} trials are needed, and {len(each)} may be taken"
            )
    return metric, values


def table(found: Sequence[Alike]) -> str:
    """As Markdown: a line an engine."""
    repeats = [alarms.repeats for alarms in min(found, key=lambda one: len(one.alarms)).alarms]
    lines = [
        "| engine | trials | median, ms | spread | factor | "
        + " | ".join(f"told apart at {plural(count)}, %" for count in repeats)
        + " |",
        "|---|---:|---:|---:|---:|" + "---:|" * len(repeats),
    ]
    for one in found:
        shares = (
            f"{100 * each.by_round:.1f}"
            if each.repeats == 1
            else f"{100 * each.by_round:.1f} (not by round {100 * each.apart:.1f})"
            for each in one.alarms[: len(repeats)]
        )
        lines.append(
            f"| {one.label} | {one.trials} | {one.median_ms:,.1f} | {100 * one.spread:.1f} % | "
            f"{one.factor:.2f} | {' | '.join(shares)} |"
        )
    return "\n".join(lines)


def plural(repeats: int) -> str:
    return "1 trial" if repeats == 1 else f"{repeats} repeats"


def options_of(asked: argparse.Namespace, folder: Path) -> list[str]:
    """What `streambench run` is asked: nothing but undisturbed trials."""
    return [
        *(asked.workload, "--wait", "--repeat", str(asked.trials)),
        *("--duration", f"{asked.seconds}s", "--fault", "none", "--out", str(folder)),
        *(part for engine in asked.engine or () for part in ("--engine", engine)),
    ]


def run(asked: argparse.Namespace, folder: Path) -> list[Path]:
    """Make the run; the bundle that it wrote. A trial that failed is left out later, by its result."""
    command = [sys.executable, "-m", "streambench", "run", *options_of(asked, folder)]
    subprocess.run(command, check=False)
    written = sorted(file.parent for file in folder.glob("*/run.json"))
    if not written:
        raise SystemExit("the run wrote no bundle")
    return written[-1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", nargs="*", type=Path)
    parser.add_argument("--engine", action="append")
    parser.add_argument("--trials", type=int, default=LEAST_TRIALS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--workload", default="clicks")
    parser.add_argument("--metric", help="instead of the one that a report ranks by")
    parser.add_argument("--splits", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--out", type=Path, help="where the bundle of its own run stays")
    asked = parser.parse_args()
    if asked.trials < LEAST_TRIALS:
        parser.error(f"--trials {asked.trials}: at least {LEAST_TRIALS} are needed")
    folder = asked.out or Path(tempfile.mkdtemp(prefix="alike-"))
    folders = asked.bundle or run(asked, folder)
    metric, values = delays_of([read_bundle(path) for path in folders], asked.metric)
    found = alike(values, floor=DELAY_FLOOR_MS, splits=asked.splits)
    factor = max(one.factor for one in found)
    print(table(found))
    print(f"\n{metric}; factor for single trials: {factor:.2f}; {asked.splits:,} splits each")
    if asked.json:
        data = {
            "metric": metric,
            "factor": factor,
            "values": values,
            "engines": [asdict(one) for one in found],
        }
        asked.json.write_text(json.dumps(data, indent=2) + "\n")


if __name__ == "__main__":
    main()
