"""From options to requests: what is chosen, what follows, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.experiment.build import (
    Options,
    chosen_rates,
    drain,
    make_request,
    rate_search,
    single,
    sweep,
)
from streambench.model.errors import UsageError
from streambench.model.fault import Fault, FaultKind
from streambench.model.pace import Limit, Quantile
from streambench.model.sweep import Axis, AxisName
from streambench.workload.locate import shipped_root

PLAIN = Options(engines=("reference",))
KILL = Fault(FaultKind.WORKER_KILL, 25_000)


@pytest.fixture
def minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    """Clicks in windows of a minute."""
    text = (shipped_root() / "clicks" / "workload.toml").read_text()
    place = tmp_path / "workloads" / "minutes"
    place.mkdir(parents=True)
    (place / "workload.toml").write_text(text.replace('"500 ms"', '"1 min"'))
    monkeypatch.chdir(tmp_path)
    return Options(workload="minutes", engines=("reference",))


def test_one_load_settles_and_is_struck_at_the_end() -> None:
    request = single(Options(engines=("kafka-python",)))
    assert request.settles
    assert not request.warmed
    assert [fault.kind for fault in request.faults] == [FaultKind.WORKER_KILL, FaultKind.BURST]


def test_nothing_fails_unasked_but_in_a_plain_run() -> None:
    search, terms = rate_search(PLAIN, limit=None, precision=0.05, budget_s=600.0)
    drained, _ = drain(PLAIN, None)
    (few, _) = sweep(PLAIN, (Axis(AxisName.KEYS, (10, 100)),))
    for request in (search, drained, few, chosen_rates(PLAIN)):
        assert request.faults == ()
        assert not request.settles
    assert terms.budget_s == 600


def test_the_budget_of_a_search_is_shared_by_its_engines() -> None:
    limit = Limit(Quantile.P99, 2_000)
    two = Options(engines=("reference", "kafka-python"))
    _, terms = rate_search(two, limit=limit, precision=0.1, budget_s=600.0)
    assert (terms.limit, terms.precision, terms.budget_s) == (limit, 0.1, 300)


def test_a_fault_needs_rates_that_are_named() -> None:
    with pytest.raises(UsageError) as caught:
        chosen_rates(Options(engines=("reference",), faults=(KILL,)))
    assert caught.value.hint == "streambench curve --rates 5k,10k,20k --fault worker-kill@25s"
    assert chosen_rates(Options(engines=("reference",), faults=())).faults == ()


def test_a_drain_needs_three_windows(minutes: Options) -> None:
    for options, least, usual in ((PLAIN, 30_000, 1_000_000), (minutes, 3_600_000, 3_600_000)):
        with pytest.raises(UsageError, match=f"at least {least:,} records, not 29,999") as refused:
            drain(options, 29_999)
        assert refused.value.hint == f"streambench drain --records {usual}"
        assert drain(options, least)[1] == least
        assert drain(options, None)[1] == usual


def test_a_replay_has_no_rate_to_be_varied() -> None:
    options = Options(workload="flights", engines=("reference",))
    with pytest.raises(UsageError, match="may be late"):
        rate_search(options, limit=None, precision=0.05, budget_s=None)
    with pytest.raises(UsageError, match="may be late"):
        chosen_rates(options)
    with pytest.raises(UsageError, match="may be late"):
        drain(options, None)
    assert make_request(options).is_replay
