"""What most of these tests ask of an engine is whether it is right, not how fast it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.one_broker import brief_jvms


@pytest.fixture(scope="package", autouse=True)
def _brief() -> Iterator[None]:
    with brief_jvms():
        yield
