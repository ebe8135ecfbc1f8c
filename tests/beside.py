"""Acts that go on beside the tests of a module: most of an act is waiting for processes to start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias, cast

import pytest

Act: TypeAlias = Callable[[Path], None]
"""What a test does with processes of its own, in a folder of its own; it asserts what must be."""
Ended: TypeAlias = Callable[[Act], None]
"""Waits for the end of an act, and raises what it raised."""

_ACT = "act"
_AT_MOST_S = 900.0


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
