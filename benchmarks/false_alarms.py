"""How often `streambench compare` errs on real trials: false alarms, and differences of 10 % that it misses.

    .venv/bin/python benchmarks/false_alarms.py results/a [results/b …] [--metric delay_p99_ms] [--repeats 5]

Together the bundles have many trials of each engine (twelve or more are of use). For each engine:

1. its trials are dealt into two sides at random, again and again; where they are of several runs, what a run's
   trials have in common is taken out before;
2. the sides are compared by the test of `compare`. They are of one engine, so each verdict other than "not
   distinguishable" is a false alarm;
3. the second side is made 10 % slower, and compared again: that has to be found.

Trials count at whatever speed of the machine they were made: a change of it meets both sides alike. The
dealings of one engine share its trials, so the shares below are less sure than their number suggests.

Of several bundles each two are compared, too, as sides of two runs: with the spread between runs that the
product knows, and with the one that these bundles have.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from between_runs import parts, spread_of

from streambench.analysis.compare.between import BETWEEN_RUNS
from streambench.analysis.compare.changed import engine_of
from streambench.analysis.compare.difference import (
    CompareTerms,
    DifferenceVerdict,
    Sample,
    differences,
)
from streambench.analysis.compare.figures import SideFigure, measured, run_of
from streambench.analysis.compare.strangers import at_any_speed
from streambench.model.trial import Completed
from streambench.results.bundle import Bundle, read_bundle

_DEALINGS = 100
_SLOWER = 1.10


def main() -> None:
    """Print a line for each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", nargs="+", type=Path)
    parser.add_argument("--metric", default="delay_p99_ms")
    parser.add_argument("--repeats", type=int, default=5, help="trials a side")
    parser.add_argument(
        "--every-trial", action="store_true", help="also those that compare would leave out"
    )
    parser.add_argument(
        "--same", nargs="*", default=[], metavar="LABEL", help="variants that are one engine"
    )
    asked = parser.parse_args()
    bundles = [at_any_speed(read_bundle(folder)) for folder in asked.bundles]
    print(f"{asked.metric}, {asked.repeats} trials a side, {_DEALINGS} dealings of each engine")
    labels = dict.fromkeys(label for bundle in bundles for label in bundle.labels)
    for label in [each for each in labels if each not in asked.same[1:]]:
        as_one = asked.same if label in asked.same else [label]
        known = [
            figure
            for bundle in bundles
            for each in as_one
            if (figure := side_of(bundle, each, asked.metric, asked.every_trial)) is not None
        ]
        samples = [each.sample for each in known if each.sample is not None]
        values = centred(samples)
        if len(values) < 2 * asked.repeats:
            print(f"{label:30} {len(values)} trials count, which are too few")
            continue
        alarms, slower = dealt(values, known[0].figure.terms, asked.repeats)
        spread = math.sqrt(float(np.square(np.log(values)).sum()) / (len(values) - len(samples)))
        print(
            f"{label:30} {len(values)} trials, deviation of the logarithms {spread:.3f}: "
            f"{alarms} false alarms, 10 % found {slower} times"
        )
        across(label, samples, known[0].figure.terms, asked.metric)


def side_of(bundle: Bundle, label: str, metric: str, every_trial: bool) -> SideFigure | None:
    """The trials that `compare` would take, or every completed one; None where there is none."""
    figure = measured(bundle, label).get(metric)
    if figure is None or figure.sample is not None:
        return figure
    if every_trial and (values := _completed(bundle, label, metric)):
        return replace(figure, sample=Sample(values, tuple(range(len(values))), run_of(bundle)))
    print(f"{label:30} a run is left out: {figure.why}")
    return None


def _completed(bundle: Bundle, label: str, metric: str) -> tuple[float, ...]:
    records = [each.record for each in bundle.of(label)]
    found = [each.measures.get(metric) for each in records if isinstance(each.outcome, Completed)]
    return tuple(value for value in found if value)


def centred(samples: Sequence[Sample]) -> np.ndarray:
    """All values, each by the geometric mean of its own run."""
    if not samples:
        return np.array([])
    return np.concatenate([np.array(each.values) / each.mean(0.0) for each in samples])


def across(label: str, samples: Sequence[Sample], terms: CompareTerms, metric: str) -> None:
    """Compare each two runs, whose trials are of one engine."""
    several = [each for each in samples if len(each.values) > 1]
    if len(several) < 3:
        return
    between = BETWEEN_RUNS.get((engine_of(label), metric))
    own = spread_of(parts({each.run: each.values for each in several}))
    for name, spread in (("as the product knows it", between), ("as these runs have it", own)):
        if spread is None:
            continue
        with_spread = replace(terms, between=spread)
        told = [
            _told(first, second, with_spread)
            for first, second in itertools.combinations(several, 2)
        ]
        apart = sum(each is not DifferenceVerdict.ALIKE for each in told)
        print(
            f"{'':30} {len(told)} pairs of runs, their spread {name} ({spread.sd:.3f}, "
            f"{spread.freedom:.1f} degrees of freedom): {apart} false alarms"
        )


def dealt(values: np.ndarray, terms: CompareTerms, repeats: int) -> tuple[int, int]:
    """(false alarms, differences of 10 % found) in all dealings."""
    draw = np.random.default_rng(1)
    alarms = slower = 0
    for _ in range(_DEALINGS):
        mixed = draw.permutation(values)
        first = _side(mixed[:repeats], 0)
        second = _side(mixed[repeats : 2 * repeats], repeats)
        alarms += _told(first, second, terms) is not DifferenceVerdict.ALIKE
        slow = replace(second, values=tuple(value * _SLOWER for value in second.values))
        slower += _told(first, slow, terms) is DifferenceVerdict.WORSE
    return alarms, slower


def _side(values: np.ndarray, first_round: int) -> Sample:
    rounds = tuple(range(first_round, first_round + len(values)))
    return Sample(tuple(map(float, values)), rounds, "one run")


def _told(first: Sample, second: Sample, terms: CompareTerms) -> DifferenceVerdict:
    (found,) = differences([(first, second, terms)], one_question=True)
    return found.judged


if __name__ == "__main__":
    main()
