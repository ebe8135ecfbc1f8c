"""Trials that are in no figure of their engine, as the machine had another speed then than in most."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.analysis.variants import Standing
from streambench.model.numbers import listing, number


def aside_lines(stands: Sequence[Standing]) -> tuple[str, ...]:
    """For each engine that has such trials, which they are and how many its figures come from."""
    return tuple(_line(stand) for stand in stands if stand.aside)


def _line(stand: Standing) -> str:
    names = [number(trial.record.number) for trial in stand.aside]
    left, every = len(stand.completed), len(stand.completed) + len(stand.aside)
    one = len(names) == 1
    return (
        f"{stand.title}: {number(left)} of {number(every)} trials are in its figures. "
        f"Trial{'' if one else 's'} {listing(names)} {'was' if one else 'were'} made at another speed of "
        f"the machine; {'its' if one else 'their'} rows were checked all the same."
    )
