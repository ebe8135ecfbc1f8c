"""A verdict's counts in words."""

from __future__ import annotations

from streambench.model.verdict import Damage, Verdict
from streambench.report.numbers import listing, number, plural


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
    found = [
        plural(count, kind) if kind == "duplicate" else f"{number(count)} {kind}"
        for kind, count in damage_counts(verdict.damage)
        if count
    ]
    if not found:
        return "" if verdict.right else "output does not match what is due"
    words = listing(found)
    if verdict.damage.windows:
        words += f" in {plural(verdict.damage.windows, 'window')}"
    if verdict.damage.corrected_later:
        words += f"; {number(verdict.damage.corrected_later)} of them right later"
    return words
