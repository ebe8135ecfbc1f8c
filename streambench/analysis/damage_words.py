"""A verdict's counts in words."""

from __future__ import annotations

from streambench.model.numbers import listing, number, plural
from streambench.model.verdict import Damage, Verdict


def damage_counts(damage: Damage) -> tuple[tuple[str, int], ...]:
    """Every kind of damage with its count, the worst kinds first."""
    return (
        ("lost", damage.lost),
        ("under-counted", damage.under_counted),
        ("over-counted", damage.over_counted),
        ("conflicting", damage.conflicting),
        ("unexpected", damage.unexpected),
        ("early", damage.early),
        ("duplicate", damage.duplicates),
    )


def damage_words(verdict: Verdict) -> str:
    """`2 lost and 3 over-counted in 4 windows`; empty when there is no damage at all."""
    words = counts_in_words(verdict.damage)
    if not words:
        return "" if verdict.right else "output does not match what is due"
    return words


def counts_in_words(damage: Damage) -> str:
    """The same of counts alone."""
    found = [
        plural(count, kind) if kind == "duplicate" else f"{number(count)} {kind}"
        for kind, count in damage_counts(damage)
        if count
    ]
    words = listing(found)
    if found and damage.windows:
        words += f" in {plural(damage.windows, 'window')}"
    if found and damage.corrected_later:
        words += f"; {number(damage.corrected_later)} of them right later"
    return words


def right_words(verdict: Verdict) -> str:
    """What is said of rows that are right; where records may be late, only bounds of them are known."""
    return "right" if verdict.exact else "right within bounds"
