"""How long a search says that it takes."""

from __future__ import annotations

import pytest

from streambench.cli.finding import each_takes_s
from streambench.experiment.search_policy import USUAL
from streambench.model.search import SearchTerms
from streambench.model.windows import Tumbling


@pytest.mark.parametrize(("budget_s", "window_ms"), [(120.0, 500), (600.0, 500), (600.0, 60_000)])
def test_an_engine_takes_its_share_of_the_budget_or_what_a_search_takes_at_least(
    budget_s: float, window_ms: int
) -> None:
    window = Tumbling(window_ms)
    least_s = USUAL.least_search_s + USUAL.confirm.trial_s(window)
    assert least_s > 120
    terms = SearchTerms(None, 0.05, budget_s)
    assert each_takes_s(terms, USUAL, window) == max(budget_s, least_s)
