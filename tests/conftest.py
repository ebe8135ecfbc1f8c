"""What all tests of a session share ends with it; real engines are alone on the machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

# A terminal's size that comes from outside, as from pytest-xdist, would hold for every console.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)

from tests.one_broker import one_broker  # noqa: E402

_ALONE = "alone"


@pytest.fixture(scope="session", autouse=True)
def _stopped_at_last() -> Iterator[None]:
    yield
    one_broker.close()


def _is_alone(item: pytest.Item) -> bool:
    if item.get_closest_marker("alone") or item.get_closest_marker("broker"):
        return True
    return bool(item.get_closest_marker("engine")) and not item.get_closest_marker("no_load")


def _turn(item: pytest.Item) -> int:
    """The longest of those that run beside others begin, so that no process waits for them at the end."""
    if _is_alone(item):
        return 2
    return 0 if item.get_closest_marker("no_load") else 1


# First: in a worker pytest-xdist reads the groups by a hook of its own.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests that are alone on the machine last, and into one group: two at once would spoil both.

    Others go file by file, so that what a file's tests share is made once.
    """
    items.sort(key=_turn)
    by_day = pytest.mark.skip(reason="run where STREAMBENCH_NIGHTLY is set")
    for item in items:
        if item.get_closest_marker("nightly") and not os.environ.get("STREAMBENCH_NIGHTLY"):
            item.add_marker(by_day)
        group = _ALONE if _is_alone(item) else item.location[0]
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where tests are spread over processes, one that is to be alone runs only with its group."""
    spread = hasattr(item.config, "workerinput")
    if spread and _is_alone(item) and not item.nodeid.endswith(f"@{_ALONE}"):
        pytest.fail("it would run beside others: spread tests by --dist loadgroup")
