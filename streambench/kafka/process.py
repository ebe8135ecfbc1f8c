"""How a child that is commanded over stdin ends: by the end of its input, whoever brings it about."""

from __future__ import annotations

import os
import signal
import sys


def end_of_input_on_sigterm() -> None:
    """Make SIGTERM look like the end of stdin, so that work under way is wound up in one way only.

    The descriptor itself is replaced: a read or select that waits on it is resumed after the handler
    and finds the end of input.
    """
    descriptor = sys.stdin.fileno()

    def end(_signal: int, _frame: object) -> None:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, descriptor)
        os.close(nothing)

    signal.signal(signal.SIGTERM, end)
