"""A search keeps to its time: all of it for the first question, its own share alone for the second."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from streambench.experiment import find_rate
from streambench.experiment.build import Options, make_request
from streambench.experiment.questions import Question
from streambench.experiment.rate_search import ENDINGS, bracket
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.model.pace import Limit, Pace, Quantile
from streambench.model.plan import Plan
from streambench.model.search import RateProbe, SearchRecord, SearchTerms
from streambench.trial.observer import Silent
from streambench.trial.running import Running

LIMIT = Limit(Quantile.P99, 2_000)
# What the engine bears within the limit, and at all.
IN_TIME_PER_S, BORNE_PER_S = 100_000, 200_000
PROBE_S = 8.0


@pytest.fixture(autouse=True)
def probes_without_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each probe takes the same time of a clock that nothing else moves."""
    now = [0.0]

    def probe(
        searching: Any, prober: object, running: object, rate: int, measured_ms: int, *, note: str
    ) -> None:
        assert note
        now[0] += PROBE_S
        pace = Pace.KEPT_UP if rate <= BORNE_PER_S else Pace.FELL_BEHIND
        within = rate <= IN_TIME_PER_S if pace is Pace.KEPT_UP else None
        delays = {"delay_max_ms": 1_000.0 if within else 3_000.0}
        found = RateProbe(rate, 12, 24, pace, "", right=True, within_limit=within, measures=delays)
        searching.know(probes=(*searching.record.probes, found))

    monkeypatch.setattr(find_rate, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(find_rate._Search, "_probe", probe)
    monkeypatch.setattr(find_rate._Search, "_drain", lambda searching, prober, load: None)


def searched(*, budget_s: float, own_s: float) -> SearchRecord:
    request = make_request(
        Options(engines=("reference",), rate_per_s=80_000, measured_s=2.0, warm_up_s=1.0, faults=())
    )
    (contender,) = request.contenders
    assert isinstance(contender.plan, Plan)
    search = find_rate._Search(
        request,
        contender,
        contender.plan,
        SearchTerms(LIMIT, 0.05, budget_s),
        load=lambda rate, load_ms: cast(Trace, None),
        observer=Silent(),
        told=lambda record: None,
        most_per_s=1_000_000,
        record_bytes=60.0,
        room_bytes=lambda: 10**12,
        own_s=own_s,
    )
    running = SimpleNamespace(ready=lambda *given: 0.0)
    search.run(cast(Running, running))
    return search.record


def test_both_questions_are_answered_when_there_is_time() -> None:
    found = searched(budget_s=1_000, own_s=1_000)
    assert found.ended in ENDINGS
    for limit, edge in ((LIMIT, IN_TIME_PER_S), (None, BORNE_PER_S)):
        low, high = bracket(found.probes, Question(Guarantee.AT_LEAST_ONCE, limit).passed)
        assert low is not None
        assert high is not None
        assert low <= edge < high <= 1.05 * low


def test_the_second_question_has_only_its_own_share() -> None:
    """What goes beyond it is the time of the engines that wait."""
    full = searched(budget_s=1_000, own_s=1_000)
    first_only = searched(budget_s=1_000, own_s=0)
    assert first_only.ended not in ENDINGS
    assert "not for the lag-bounded one" in first_only.ended
    asked = len(first_only.probes)
    assert 0 < asked < len(full.probes)
    assert first_only.probes == full.probes[:asked]
    low, high = bracket(first_only.probes, Question(Guarantee.AT_LEAST_ONCE, LIMIT).passed)
    assert low is not None
    assert high is not None
    assert high <= 1.05 * low
    # One more while the share lasts.
    assert len(searched(budget_s=1_000, own_s=PROBE_S * asked + 1).probes) == asked + 1


def test_no_probe_begins_after_the_time_is_over() -> None:
    found = searched(budget_s=1.5 * PROBE_S, own_s=1_000)
    assert len(found.probes) == 2
    assert "its time was over" in found.ended
