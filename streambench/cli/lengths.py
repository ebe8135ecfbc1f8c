"""How long something takes, in words."""

from __future__ import annotations


def length(seconds: float) -> str:
    """`2 min`, or `3.5 h` and `2.1 days` where that is easier to grasp; never less than a minute."""
    minutes = seconds / 60
    if minutes < 120:
        return f"{max(1, round(minutes))} min"
    hours = minutes / 60
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
