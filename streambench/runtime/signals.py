"""Signals that end the tool unwind it instead, so that every `with` block gets to clean up."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Terminated(BaseException):
    """The tool was asked to end by `signum`; like KeyboardInterrupt, no error of anyone."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"ended by {signal.Signals(signum).name}")
        self.signum = signum


INTERRUPTS = (KeyboardInterrupt, Terminated)


@contextlib.contextmanager
def interrupts_unwind() -> Iterator[None]:
    """Within, SIGINT raises KeyboardInterrupt, SIGTERM and SIGHUP raise Terminated: once.

    What comes after the first is swallowed, so that an impatient second Ctrl-C cannot cut the clean-up
    short; that is bounded in time by itself. Signals that the caller ignores (nohup, a background job)
    stay ignored. Main thread only.
    """
    raised = False

    def unwind(signum: int, _frame: FrameType | None) -> None:
        nonlocal raised
        if raised:
            return
        raised = True
        if signum == signal.SIGINT:
            raise KeyboardInterrupt
        raise Terminated(signum)

    former = {}
    try:
        for signum in _SIGNALS:
            if signal.getsignal(signum) is not signal.SIG_IGN:
                former[signum] = signal.signal(signum, unwind)
        yield
    finally:
        for signum, handler in former.items():
            signal.signal(signum, handler)


def to_the_end(work: Callable[[], None]) -> None:
    """Run `work` to its end even when an interrupt comes meanwhile; the interrupt is raised afterwards.

    `work` runs in a thread of its own, where Python delivers no signals. An exception of `work` itself
    is raised when no interrupt came.
    """
    problems: list[BaseException] = []
    ended = threading.Event()

    def run() -> None:
        try:
            work()
        except BaseException as error:
            problems.append(error)
        finally:
            ended.set()

    threading.Thread(target=run, name="to-the-end", daemon=True).start()
    interrupt: BaseException | None = None
    while not ended.is_set():
        try:
            # Not Thread.join: interrupted, it takes the thread for dead (CPython issue 90882).
            ended.wait()
        except INTERRUPTS as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt
    if problems:
        raise problems[0]
