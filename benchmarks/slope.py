"""Whether the bounds of the excess lag's slope have the level that they claim, and what that costs.

    python benchmarks/slope.py [--draws 1000] [--json FILE]

Simulated are lags by second with first-order correlation, of the lengths in use. Two shares are printed for
each way to bound the slope: how many loads whose lag grows by exactly the limit would pass (5 % by design),
and how many flat ones would, where the noise is such that 90 % would pass if the correlation were known.
It takes about a minute; the draws are always the same.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import stats

from streambench.results.sustained import lag_slope

Floats = npt.NDArray[np.float64]
UpperBounds = Callable[[Floats], Floats]
"""Upper 95 % bounds of the slopes of lags: one row a draw, one column a second."""

LENGTHS_S = (12, 30, 50, 60)
CORRELATIONS = (0.0, 0.5, 0.8)
CONFIDENCE, POWER, SEED = 0.95, 0.90, 14
BATCH_S, COSINES = 3, 4


def correlated(draws: int, seconds: int, correlation: float, rng: np.random.Generator) -> Floats:
    """Stationary noise of which `correlation` goes on a second later, of deviation 1."""
    noise = rng.normal(size=(draws, seconds))
    noise[:, 1:] *= np.sqrt(1 - correlation**2)
    for second in range(1, seconds):
        noise[:, second] += correlation * noise[:, second - 1]
    return noise


def least_squares(lags: Floats) -> tuple[Floats, Floats, Floats, float]:
    """(slopes, residuals, centred seconds, their sum of squares)."""
    seconds = np.arange(lags.shape[1]) - (lags.shape[1] - 1) / 2
    squares = float(seconds @ seconds)
    slopes = lags @ seconds / squares
    residuals = lags - lags.mean(axis=1, keepdims=True) - np.outer(slopes, seconds)
    return slopes, residuals, seconds, squares


def _again(residuals: Floats) -> Floats:
    return (residuals[:, 1:] * residuals[:, :-1]).sum(axis=1) / (residuals**2).sum(axis=1)


def plain(lags: Floats) -> Floats:
    """As if nothing went on from one second to the next."""
    slopes, residuals, _, squares = least_squares(lags)
    freedom = lags.shape[1] - 2
    errors = np.sqrt((residuals**2).sum(axis=1) / freedom / squares)
    return slopes + stats.t.ppf(CONFIDENCE, freedom) * errors


def widened(lags: Floats) -> Floats:
    """Wider by the residuals' correlation as it is seen (streambench 0.1)."""
    slopes, residuals, _, _ = least_squares(lags)
    again = np.clip(_again(residuals), 0, 0.95)
    return slopes + (plain(lags) - slopes) * np.sqrt((1 + again) / (1 - again))


def corrected(lags: Floats) -> Floats:
    """Wider by the correlation with Kendall's correction for a line, and fewer degrees of freedom."""
    slopes, residuals, _, squares = least_squares(lags)
    count = lags.shape[1]
    again = np.clip((count * _again(residuals) + 2) / (count - 4), 0, 0.95)
    ratio = (1 + again) / (1 - again)
    freedom = np.maximum(count / ratio, 3) - 2
    errors = np.sqrt((residuals**2).sum(axis=1) / (count - 2) / squares * ratio)
    return slopes + stats.t.ppf(CONFIDENCE, freedom) * errors


def batch_means(lags: Floats) -> Floats:
    """A line through means of three seconds, which go on in each other less."""
    batches = lags.shape[1] // BATCH_S
    means = lags[:, : batches * BATCH_S].reshape(len(lags), batches, BATCH_S).mean(axis=2)
    return plain(means) / BATCH_S


def cosines(lags: Floats) -> Floats:
    """Robust to any correlation: variance at low frequencies, by equally weighted cosines."""
    slopes, residuals, seconds, squares = least_squares(lags)
    count = lags.shape[1]
    phases = np.outer(np.arange(1, COSINES + 1), (np.arange(count) + 0.5) / count)
    waves = np.sqrt(2 / count) * np.cos(np.pi * phases)
    variance = (((residuals * seconds) @ waves.T) ** 2).mean(axis=1)
    return slopes + stats.t.ppf(CONFIDENCE, COSINES) * np.sqrt(count * variance) / squares


def in_use(lags: Floats) -> Floats:
    """`lag_slope`: averaged over the correlations that the lags allow."""
    seconds = np.arange(lags.shape[1], dtype=np.float64)
    found = (lag_slope(seconds, 100 * row) for row in lags)
    return np.array([slope.upper for slope in found if slope is not None]) / 100


BOUNDS: Mapping[str, UpperBounds] = {
    "least squares": plain,
    "widened by the correlation seen": widened,
    "the same, corrected for few seconds": corrected,
    "batch means of 3 s": batch_means,
    "low frequencies, 4 cosines": cosines,
    "averaged over correlations (in use)": in_use,
}


def known_error(seconds: int, correlation: float) -> float:
    """The standard error of the best slope where the correlation is known."""
    apart = np.abs(np.subtract.outer(np.arange(seconds), np.arange(seconds)))
    covariance = np.eye(seconds) if correlation == 0 else correlation**apart
    design = np.column_stack([np.ones(seconds), np.arange(seconds)])
    return float(np.sqrt(np.linalg.inv(design.T @ np.linalg.solve(covariance, design))[1, 1]))


def shares(
    bounds: UpperBounds, seconds: int, correlation: float, draws: int
) -> tuple[float, float]:
    """(passes at the limit slope, passes of flat lags), of the draws of this length and correlation."""
    rng = np.random.default_rng([SEED, seconds, round(10 * correlation)])
    upper = bounds(correlated(draws, seconds, correlation, rng))
    # To grow by the limit and pass is to grow by nothing and have a bound below zero.
    error = known_error(seconds, correlation)
    limit = (stats.norm.ppf(CONFIDENCE) + stats.norm.ppf(POWER)) * error
    return float(np.mean(upper <= 0)), float(np.mean(upper <= limit))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    columns = [(seconds, again) for seconds in LENGTHS_S for again in CORRELATIONS]
    print("| bounds | " + " | ".join(f"{s} s, {a:g}" for s, a in columns) + " |")
    print("|---|" + "---:|" * len(columns))
    found = {}
    for name, bounds in BOUNDS.items():
        cells = [shares(bounds, seconds, again, asked.draws) for seconds, again in columns]
        words = (f"{100 * passed:.1f} / {100 * power:.0f}" for passed, power in cells)
        print(f"| {name} | " + " | ".join(words) + " |", flush=True)
        found[name] = [
            {
                "seconds": seconds,
                "correlation": again,
                "passes_at_limit": passed,
                "passes_flat": power,
            }
            for (seconds, again), (passed, power) in zip(columns, cells, strict=True)
        ]
    print(
        "\n% of loads that pass: at the limit slope (5 by design) / flat (90 if the correlation were known)"
    )
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
