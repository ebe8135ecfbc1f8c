"""Data goes to stdout, everything else to stderr."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from streambench.model.errors import StreambenchError
from streambench.model.written import readable
from streambench.runtime.blanking import blanked


class _Discreet(Console):
    """Shows none of a run's secrets, whoever wrote them into a text."""

    def print(self, *objects: Any, **how: Any) -> None:
        """As rich prints."""
        texts = (blanked(each) if isinstance(each, str) else each for each in objects)
        super().print(*texts, **how)


# Both honour NO_COLOR and the terminal's width by themselves. What is printed is what users, files and
# engines wrote: none of it is markup, and `:bug:` is no picture.
out = _Discreet(highlight=False, soft_wrap=False, markup=False, emoji=False)
err = _Discreet(stderr=True, highlight=False, markup=False, emoji=False)


def say(words: str) -> None:
    """One line about what goes on."""
    err.print(words)


def show_error(error: StreambenchError) -> None:
    """What happened; a blank line; what to do."""
    err.print(f"error: {readable(error.message)}", style="bold", soft_wrap=True)
    if error.hint is not None:
        err.print()
        err.print(f"hint: {readable(error.hint)}", soft_wrap=True)
