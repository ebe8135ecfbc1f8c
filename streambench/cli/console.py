"""Data goes to stdout, everything else to stderr."""

from __future__ import annotations

from rich.console import Console

from streambench.model.errors import StreambenchError

# Both honour NO_COLOR and the terminal's width by themselves.
out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)


def say(words: str) -> None:
    """One line about what goes on."""
    err.print(words, markup=False)


def show_error(error: StreambenchError) -> None:
    """What happened; a blank line; what to do."""
    err.print(f"error: {error.message}", style="bold", markup=False, soft_wrap=True)
    if error.hint is not None:
        err.print()
        err.print(f"hint: {error.hint}", markup=False, soft_wrap=True)
