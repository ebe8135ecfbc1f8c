"""Which tests take so long that one who edits does not want to wait for them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

_LIST = Path(__file__).parent / "slow.txt"


@cache
def slow_functions() -> frozenset[str]:
    """Those of the list, as `tests/x/test_y.py::test_z`."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def takes_long(item: pytest.Item) -> bool:
    """Whether it is left out by `--fast`: on the list, or with a broker, an engine, or alone."""
    real = any(map(item.get_closest_marker, ("broker", "engine", "alone")))
    return real or function_of(item) in slow_functions()


def function_of(item: pytest.Item) -> str:
    """Its name in the list: of all its cases."""
    return item.nodeid.partition("[")[0].partition("@")[0]
