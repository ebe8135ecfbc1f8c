"""One broker for the jobs of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.bench import one_broker


@pytest.fixture(scope="session", autouse=True)
def _stopped_at_last() -> Iterator[None]:
    yield
    one_broker.close()
