"""What all tests of a session share ends with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.one_broker import one_broker


@pytest.fixture(scope="session", autouse=True)
def _stopped_at_last() -> Iterator[None]:
    yield
    one_broker.close()
