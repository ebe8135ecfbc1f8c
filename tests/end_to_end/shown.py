"""What processes show of themselves to others of the machine: their arguments and their environments."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

_EVERY_S = 0.2


@contextmanager
def shown_by_processes() -> Iterator[set[str]]:
    """All arguments and values of variables of all that this process starts meanwhile, and of what that starts.

    The interpreters of engines start their JVMs themselves.
    """
    seen: set[str] = set()
    over = threading.Event()
    this = psutil.Process()

    def look() -> None:
        for process in this.children(recursive=True):
            # One that ends meanwhile, or has ended, shows nothing.
            with suppress(psutil.Error):
                seen.update(process.cmdline())
                seen.update(process.environ().values())

    def look_on() -> None:
        while not over.wait(_EVERY_S):
            look()

    thread = threading.Thread(target=look_on)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
        look()  # whatever still runs is seen, however short this was


def showing(seen: set[str], secret: str) -> list[str]:
    """Those texts of what was seen that hold a secret."""
    return [each for each in seen if secret in each]
