"""What a calibration does to the instrument, as any other process of the machine could."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Final

import psutil

from streambench.model.errors import InstrumentFailed
from streambench.runtime.cores import cores
from streambench.trial.observer import Observer, Phase, Status

STALL_S: Final = 1.0
_PLAYER: Final = "streambench.kafka.player_process"
# Every allocation of every Python process is noted down, the player's too: the same work takes it longer.
_SLOWING: Final = {"PYTHONTRACEMALLOC": "1"}


class When:
    """An observer that does something once, at the first word of a phase, and passes everything on."""

    def __init__(self, inner: Observer, phase: Phase, act: Callable[[], None]) -> None:
        self._inner = inner
        self._phase = phase
        self._act = act
        self._done = False

    def status(self, status: Status) -> None:
        """As an Observer's; raises what the act raises."""
        self._inner.status(status)
        if status.phase is self._phase and not self._done:
            self._done = True
            self._act()


def stall_player() -> None:
    """Stop this tool's load generator for a second. Raises InstrumentFailed when there is none."""
    players = [child for child in psutil.Process().children(recursive=True) if _is_player(child)]
    if not players:
        raise InstrumentFailed("no load generator was there to be stopped")
    for player in players:
        player.send_signal(signal.SIGSTOP)
    threading.Timer(STALL_S, _go_on, (players,)).start()


def _is_player(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return _PLAYER in process.cmdline()
    return False


def _go_on(players: list[psutil.Process]) -> None:
    for player in players:
        with contextlib.suppress(psutil.NoSuchProcess):
            player.send_signal(signal.SIGCONT)


class Spinners:
    """Processes that spin, one on each core, in sessions of their own that no run knows of.

    A context manager, which leaves none; should the tool be killed, they end by themselves.
    """

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Spinners:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Start them."""
        code = f"import os\nwhile os.getppid() == {os.getpid()}:\n    sum(range(100_000))"
        for _ in range(cores().count):
            spinner = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
            self._running.append(spinner)

    def end(self) -> None:
        """Kill them."""
        for spinner in self._running:
            spinner.kill()
        for spinner in self._running:
            spinner.wait()
        self._running.clear()


@contextlib.contextmanager
def slowed() -> Iterator[None]:
    """Python processes that are started meanwhile take longer for the same work, the player too.

    No machine can be told to be slower; this is the lowest level at which the same work costs more.
    """
    before = {name: os.environ.get(name) for name in _SLOWING}
    os.environ.update(_SLOWING)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
