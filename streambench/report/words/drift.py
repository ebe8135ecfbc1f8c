"""Drift over the run, from round to round, in words for every kind of report."""

from __future__ import annotations

from streambench.analysis.drift import RunDrift, run_drifts
from streambench.model.numbers import number, plural
from streambench.results.bundle import Bundle

# Three trials of one engine tell so little that the factor has no meaning.
_OUT_OF_REACH = 10.0


def drift_lines(bundle: Bundle) -> tuple[str, ...]:
    """One for each figure that was tested: what was seen, or what would have been."""
    return tuple(_line(drift) for drift in run_drifts(bundle))


def seen_drift_lines(bundle: Bundle) -> tuple[str, ...]:
    """One for each figure that drifted."""
    return tuple(_line(drift) for drift in run_drifts(bundle) if drift.seen)


def _line(drift: RunDrift) -> str:
    if drift.seen:
        return (
            f"Over the run the {drift.metric.label} {moved_words(drift)}, "
            f"from the first of {plural(drift.rounds, 'round')} to the last."
        )
    none = f"No drift over the run was seen in the {drift.metric.label}."
    if drift.change.error == 0:
        return f"{none} It was the same in all trials of each engine."
    return f"{none} {plural(len(drift.trials), 'trial')} would have shown {_would_have(drift)}."


def moved_words(drift: RunDrift) -> str:
    """`rose by 28 % (95 %: 3 to 60 %)`."""
    low, high = drift.bounds
    if drift.factor < 1:
        fell = (_share(1 - each) for each in (drift.factor, high, low))
        return "fell by {} % (95 %: {} to {} %)".format(*fell)
    rose = (_share(each - 1) for each in (drift.factor, low, high))
    return "rose by {} % (95 %: {} to {} %)".format(*rose)


def _share(share: float) -> str:
    """In percent; with a digit where it is small."""
    if share > 100:
        return "more than 10,000"
    return number(100 * share, 1 if abs(share) < 0.0995 else 0)


def _would_have(drift: RunDrift) -> str:
    factor = drift.seen_factor
    if factor >= _OUT_OF_REACH:
        return "only a change by more than tenfold"
    return f"a rise of {_share(factor - 1)} % in 8 of 10 tries"
