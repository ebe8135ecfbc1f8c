"""How well the figure is known that rounds were repeated for, in words for every kind of report."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.analysis.until import EngineWidth, UntilFound, until_found
from streambench.model.numbers import number, plural
from streambench.results.bundle import Bundle


def until_lines(bundle: Bundle) -> tuple[str, ...]:
    """What was reached in how many rounds, and who was not waited for; nothing where nobody asked."""
    found = until_found(bundle)
    if found is None:
        return ()
    hopeless = [each for each in found.widths if each.hopeless is not None]
    if not hopeless:
        return (_reached(found, partial=bundle.run.partial),)
    who = ", ".join(f"{each.title} ({each.hopeless})" for each in hopeless)
    return (
        _reached(found, partial=bundle.run.partial),
        f"Not waited for, as more rounds would not tell: {who}.",
    )


def _reached(found: UntilFound, *, partial: bool) -> str:
    figure = next((each.figure for each in found.widths), found.condition.name)
    wanted = f"±{_percent(found.condition.share)} %"
    rounds = plural(found.rounds, "round")
    known = _listed(found.waited_for)
    if found.reached:
        return (
            f"The {figure} is known within {wanted}, as was asked, after {rounds} of at most "
            f"{number(found.rounds_at_most)}: {known}."
        )
    missed = f"Not reached: the {figure} was to be known within {wanted}."
    if partial:
        ended = f"The run was interrupted after {rounds}"
    elif not found.waited_for:
        return f"{missed} More rounds would tell it of no engine."
    else:
        ended = f"{rounds} were made, the most that were allowed"
    return f"{missed} {ended}: {known}." if known else f"{missed} {ended}."


def _listed(widths: Sequence[EngineWidth]) -> str:
    return ", ".join(f"{each.title} {_width(each)}" for each in widths)


def _width(width: EngineWidth) -> str:
    if width.share is None:
        return f"not known in {plural(width.trials, 'trial')}"
    return f"±{_percent(width.share)} %"


def _percent(share: float) -> str:
    """With a digit, but for whole ones."""
    return number(100 * share, 1).removesuffix(".0")
