"""How many cases are drawn, and by which seed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.properties.cases import Case, cases

CASES: Final = "STREAMBENCH_CASES"
"""The environment variable with the number of cases; without it there are few."""
SEED: Final = "STREAMBENCH_SEED"
"""That with the number from which they are drawn."""
SHRINK: Final = "STREAMBENCH_SHRINK"
"""Where it is set, a case that fails is made small, which takes minutes."""
_USUAL_SEED: Final = 17


def asked_cases(usual: int) -> int:
    """How many are asked for."""
    return int(os.environ.get(CASES) or usual)


def asked_seed() -> int:
    """The seed that is asked for."""
    return int(os.environ.get(SEED) or _USUAL_SEED)


def drawing(usual: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many cases of the seed."""
    phases = [Phase.generate, *([Phase.shrink] if os.environ.get(SHRINK) else [])]
    made: Any = _settings(asked_cases(usual), phases)
    seeded: Any = hypothesis.seed(asked_seed())
    return lambda test: seeded(made(test))


def drawn_cases(count: int, seed: int, *, late: bool = False, sessions: bool = True) -> list[Case]:
    """So many cases of a seed, always the same ones."""
    found: list[Case] = []

    @given(case=cases(late=late, sessions=sessions))
    def collect(case: Case) -> None:
        found.append(case)

    seeded: Any = hypothesis.seed(seed)
    seeded(_settings(count, [Phase.generate])(collect))()
    return found


def _settings(count: int, phases: list[Phase]) -> Any:
    return settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
