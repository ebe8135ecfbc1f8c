"""How often `streambench compare` errs on real trials: false alarms, and differences of 10 % that it misses.

    .venv/bin/python benchmarks/false_alarms.py results/a [--metric delay_p99_ms] [--repeats 5]

The bundle has many trials of each engine (twelve or more are of use). For each engine:

1. its trials are dealt into two sides at random, again and again;
2. the sides are compared by the test of `compare`. They are of one engine, so each verdict other than "not
   distinguishable" is a false alarm;
3. the second side is made 10 % slower, and compared again: that has to be found.

Trials count at whatever speed of the machine they were made: a change of it meets both sides alike. The
dealings of one engine share its trials, so the shares below are less sure than their number suggests.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from streambench.analysis.compare.difference import (
    CompareTerms,
    DifferenceVerdict,
    Sample,
    differences,
)
from streambench.analysis.compare.figures import measured
from streambench.analysis.compare.strangers import at_any_speed
from streambench.results.bundle import read_bundle

_DEALINGS = 100
_SLOWER = 1.10


def main() -> None:
    """Print a line for each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--metric", default="delay_p99_ms")
    parser.add_argument("--repeats", type=int, default=5, help="trials a side")
    asked = parser.parse_args()
    bundle = at_any_speed(read_bundle(asked.bundle))
    print(f"{asked.metric}, {asked.repeats} trials a side, {_DEALINGS} dealings of each engine")
    for label in bundle.labels:
        found = measured(bundle, label).get(asked.metric)
        if found is None or found.sample is None:
            print(f"{label:30} not compared: {'no such figure' if found is None else found.why}")
            continue
        values = np.array(found.sample.values)
        if len(values) < 2 * asked.repeats:
            print(f"{label:30} {len(values)} trials count, which are too few")
            continue
        alarms, slower = dealt(values, found.figure.terms, asked.repeats)
        spread = float(np.log(values).std(ddof=1))
        print(
            f"{label:30} {len(values)} trials, deviation of the logarithms {spread:.3f}: "
            f"{alarms} false alarms, 10 % found {slower} times"
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
