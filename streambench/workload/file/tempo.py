"""How fast a file should be played, and in which windows: so that a run of it lasts a minute or two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from streambench.model.windows import Tumbling
from streambench.workload.durations import LONGEST_MS, about, show_duration

PLAY_MS: Final = 90_000
"""How long a file should play."""

A_WINDOW_PLAYS_MS: Final = 1_500
"""How long a window of it should last then."""

_SECOND: Final = 1_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_MUCH_LONGER: Final = 2
NICE_MS: Final = (
    *(100, 200, 500),
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14, 28, 91, 182, 365, 730)),
)
"""Lengths that people use, as far as a window may be so long."""


@dataclass(frozen=True)
class Tempo:
    """Windows of event time, played so many times as fast as they came."""

    window: Tumbling
    speed_up: float

    def played_ms(self, span_ms: float) -> float:
        """How long a span of event time plays."""
        return span_ms / self.speed_up


def tempo_for(span_ms: int, step_ms: int = 0) -> Tempo:
    """Windows and a speed for a file of such a span, whose event times usually lie `step_ms` apart."""
    wanted_ms = max(span_ms * A_WINDOW_PLAYS_MS / PLAY_MS, step_ms, NICE_MS[0])
    possible = [each for each in NICE_MS if each <= LONGEST_MS]
    fitting = [each for each in possible if each >= step_ms] or possible[-1:]
    length_ms = min(fitting, key=lambda each: abs(math.log(each / wanted_ms)))
    return Tempo(Tumbling(length_ms), speed_for(length_ms))


def speed_for(length_ms: float) -> float:
    """The speed at which windows of this length last 1 to 2 s; never slower than the records came."""
    return max(1.0, _two_digits(length_ms / A_WINDOW_PLAYS_MS))


def at_least(length_ms: float) -> int:
    """The shortest of the usual lengths that is as long, or whole units where that is much longer; 0 for 0."""
    if length_ms <= 0:
        return 0
    usual = next((each for each in NICE_MS if each >= length_ms), None)
    if usual is not None and (usual <= _MUCH_LONGER * length_ms or length_ms < _SECOND):
        return usual
    unit = next(each for each in (_DAY, _HOUR, _MINUTE, _SECOND) if each <= length_ms)
    return math.ceil(length_ms / unit) * unit


def long_words(length_ms: float) -> str:
    """A length as in a sentence: `75 years`, `2.1 days`, `90 s`."""
    if length_ms >= 2 * 365 * _DAY:
        return f"{length_ms / (365.25 * _DAY):,.0f} years"
    if length_ms >= 2 * _MINUTE:
        return about(length_ms / 1_000)
    return f"{length_ms / 1_000:.3g} s" if length_ms >= 1_000 else show_duration(round(length_ms))


def speed_words(speed_up: float) -> str:
    """A speed as in a sentence: `5,200,000`, `1.5`."""
    return f"{speed_up:,.0f}" if speed_up >= 100 else f"{speed_up:.3g}"


def _two_digits(value: float) -> float:
    if value <= 0:
        return 0.0
    digits = 1 - math.floor(math.log10(value))
    return float(round(value, digits))
