"""What goes on beside something else, as most of it is waiting for processes to start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar, cast

import pytest

Act: TypeAlias = Callable[[Path], None]
"""What a test does with processes of its own, in a folder of its own; it asserts what must be."""
Ended: TypeAlias = Callable[[Act], None]
"""Waits for the end of an act, and raises what it raised."""

_ACT = "act"
_AT_MOST_S = 900.0


_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")


@contextmanager
def all_started(
    one: AbstractContextManager[_A],
    other: AbstractContextManager[_B],
    third: AbstractContextManager[_C],
) -> Iterator[tuple[_A, _B, _C]]:
    """Enter all at the same time; the threads that start their processes live as long as these."""
    with ThreadPoolExecutor(3, thread_name_prefix="start") as pool, ExitStack() as stack:
        begun = (
            pool.submit(stack.enter_context, one),
            pool.submit(stack.enter_context, other),
            pool.submit(stack.enter_context, third),
        )
        wait(
            cast(Sequence[Future[object]], begun)
        )  # what one has started ends, though another one has failed
        yield begun[0].result(), begun[1].result(), begun[2].result()


@contextmanager
def acts(
    request: pytest.FixtureRequest,
    folders: pytest.TempPathFactory,
    *,
    at_once: int,
    given_up: AbstractContextManager[None],
) -> Iterator[Ended]:
    """Begin the acts of those tests of a module that are to be run, `at_once` at a time.

    A test is parametrized by its act, under the name `act`. Where the session is interrupted, those that go
    on are waited for within `given_up`, which has to cut them short.
    """
    chosen = [
        cast(Act, item.callspec.params[_ACT])
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and hasattr(item, "callspec")
        and _ACT in item.callspec.params
    ]
    begun: dict[Act, Future[None]] = {}
    pool = ThreadPoolExecutor(at_once, thread_name_prefix=_ACT)
    try:
        for act in chosen:
            begun[act] = pool.submit(act, folders.mktemp(_ACT))
        yield lambda act: begun[act].result(_AT_MOST_S)
    finally:
        with given_up:
            pool.shutdown(cancel_futures=True)
