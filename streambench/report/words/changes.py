"""What two variants of one engine were run with, where it differs: titles and values."""

from __future__ import annotations

from streambench.analysis.compare.changed import Changed, Differing
from streambench.model.numbers import DASH, plural


def changes_titled(found: Differing) -> tuple[tuple[str, tuple[Changed, ...]], ...]:
    """Each kind of change under its title; what is empty is left out."""
    return tuple((title, changes) for title, changes in _titled(found) if changes)


def added_title(found: Differing) -> str:
    """The title of the settings that only one version knows."""
    return f"{plural(len(found.added), 'setting')} that only one of the two versions knows"


def told(value: str | None) -> str:
    """A setting's value; a dash where a side has none."""
    return DASH if value is None else value or '""'


def _titled(found: Differing) -> tuple[tuple[str, tuple[Changed, ...]], ...]:
    settings, moved = len(found.settings), len(found.defaults)
    return (
        (f"{plural(settings, 'setting')} in effect that the two do not share", found.settings),
        (
            f"{plural(moved, 'default')} that moved between the versions, set by neither",
            found.defaults,
        ),
        (added_title(found), found.added),
    )
