"""What all tests of a session share ends with it; where they are spread, each waits for its turn."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

# A terminal's size that comes from outside, as from pytest-xdist, would hold for every console.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)

from streambench.runtime.paths import STATE_VARIABLE  # noqa: E402
from tests import plain_plots  # noqa: E402

plain_plots.install()

from tests.closed_sockets import close_what_fails  # noqa: E402
from tests.lanes import (  # noqa: E402
    ALONE,
    BROKERS,
    Turns,
    is_spread,
    lane,
    let_others_go_first,
)
from tests.one_broker import one_broker  # noqa: E402
from tests.slow import takes_long  # noqa: E402

close_what_fails()
# Which examples are drawn is not to hang on the modules that other tests have imported so far.
providers._get_local_constants = Constants
_STATE = os.environ.get(STATE_VARIABLE)
_TURNS = pytest.StashKey[Turns]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What can be asked for besides pytest's own options."""
    parser.addoption("--fast", action="store_true", help="what takes seconds: see tests/slow.txt")


@pytest.fixture(scope="session", autouse=True)
def _stopped_at_last() -> Iterator[None]:
    yield
    one_broker.close()


def _turn(item: pytest.Item) -> int:
    """Tests with an engine come last; where tests are spread, first, as the others fill their pauses.

    Of those the longest begin, so that no process waits for them at the end.
    """
    order: tuple[str | None, ...] = (None, BROKERS, ALONE)
    if is_spread(item.config):
        order = (ALONE, BROKERS, None)
    return 2 * order.index(lane(item)) + (not item.get_closest_marker("no_load"))


# First: in a worker pytest-xdist reads the groups by a hook of its own.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put tests with a real broker or engine into one of two groups, which a process each runs in its order.

    Others go file by file, so that what a file's tests share is made once.
    """
    items.sort(key=_turn)
    if config.getoption("--fast"):
        out = [item for item in items if takes_long(item)]
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if not takes_long(item)]
    by_day = pytest.mark.skip(reason="run where STREAMBENCH_NIGHTLY is set")
    for item in items:
        if item.get_closest_marker("nightly") and not os.environ.get("STREAMBENCH_NIGHTLY"):
            item.add_marker(by_day)
        item.add_marker(pytest.mark.xdist_group(lane(item) or item.location[0]))


def _base_folder(config: pytest.Config) -> Path:
    """The folder of this process, within that of the session."""
    found: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    return found


def pytest_collection_finish(session: pytest.Session) -> None:
    """Where there are engines among the tests that are spread, tests wait for each other."""
    if is_spread(session.config) and any(map(lane, session.items)):
        session.config.stash[_TURNS] = Turns(_base_folder(session.config).parent)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Wait for the turn; a test that is to be alone runs only with its group."""
    plain_plots.choose(item)
    own = lane(item)
    if own is None:  # a run of this user's, as one beside it, has a lock there
        os.environ[STATE_VARIABLE] = str(_base_folder(item.config) / "state")
    else:
        os.environ.pop(STATE_VARIABLE, None)
        if _STATE is not None:
            os.environ[STATE_VARIABLE] = _STATE
    if is_spread(item.config) and own and not item.nodeid.endswith(f"@{own}"):
        pytest.fail("it would run beside others: spread tests by --dist loadgroup")
    if (turns := item.config.stash.get(_TURNS, None)) and not item.get_closest_marker("skip"):
        if own is None:
            let_others_go_first()
        turns.take(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, None, None]:
    """After the last test of a file others may go on."""
    try:
        return (yield)
    finally:
        turns = item.config.stash.get(_TURNS, None)
        if turns is not None and (nextitem is None or nextitem.path != item.path):
            if lane(item) and (nextitem is None or lane(nextitem) is None):
                one_broker.close()  # the last of its lane: no broker stays beside those of the other
            turns.give_back()
