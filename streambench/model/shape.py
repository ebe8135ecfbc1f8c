"""How the rate of generated load goes over time, when it is not constant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Ramp:
    """From one rate to another, evenly, over the whole load."""

    first_per_s: int
    last_per_s: int


@dataclass(frozen=True)
class Steps:
    """One rate after another, each for an equal part of the load."""

    rates_per_s: tuple[int, ...]


@dataclass(frozen=True)
class Sine:
    """Up and down around a mean: a day in a minute."""

    mean_per_s: int
    swing_per_s: int
    period_ms: int


@dataclass(frozen=True)
class Bursts:
    """A peak of `lasts_ms` at the end of every `every_ms`."""

    base_per_s: int
    peak_per_s: int
    every_ms: int
    lasts_ms: int


Shape: TypeAlias = Ramp | Steps | Sine | Bursts


def mean_per_s(shape: Shape) -> int:
    """The mean rate, over whole periods."""
    match shape:
        case Ramp(first, last):
            return round((first + last) / 2)
        case Steps(rates):
            return round(sum(rates) / len(rates))
        case Sine(mean_per_s=mean):
            return mean
        case Bursts(base, peak, every, lasts):
            return round((base * (every - lasts) + peak * lasts) / every)


def peak_per_s(shape: Shape) -> int:
    """The highest rate at any time."""
    match shape:
        case Ramp(first, last):
            return max(first, last)
        case Steps(rates):
            return max(rates)
        case Sine(mean_per_s=mean, swing_per_s=swing):
            return mean + swing
        case Bursts(base_per_s=base, peak_per_s=peak):
            return max(base, peak)


def shape_words(shape: Shape) -> str:
    """`a ramp from 5,000 to 40,000 events/s`."""
    match shape:
        case Ramp(first, last):
            return f"a ramp from {first:,} to {last:,} events/s"
        case Steps(rates):
            return f"steps of {', '.join(f'{rate:,}' for rate in rates)} events/s"
        case Sine(mean, swing, period):
            return f"a sine of {mean:,} ± {swing:,} events/s, every {period / 1000:g} s"
        case Bursts(base, peak, every, lasts):
            return (
                f"{base:,} events/s with bursts of {peak:,} for {lasts / 1000:g} s "
                f"every {every / 1000:g} s"
            )


def problem_with(shape: Shape) -> str | None:
    """Why a shape makes no load, in words; None when it does."""
    match shape:
        case Steps(rates) if len(rates) < 2:
            return "steps are two rates or more"
        case Sine(mean, swing, _) if swing > mean:
            return f"a swing of {swing:,} around {mean:,} would fall below nothing"
        case Bursts(_, _, every, lasts) if lasts >= every:
            return f"a burst of {lasts:,} ms every {every:,} ms never ends"
        case Ramp(first, last) if min(first, last) < 0:
            return f"a rate of {min(first, last):,} events/s is none"
        case Steps(rates) if min(rates) < 0:
            return f"a rate of {min(rates):,} events/s is none"
    return "nothing would be sent" if mean_per_s(shape) < 1 else None
