"""Drains, searches and curves in a Kafka that streambench did not start: none starts a broker of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from streambench.cli.bench import auto_axis, bench
from streambench.cli.draining import drain
from streambench.cli.finding import find
from streambench.cli.foreign_kafka import Elsewhere, elsewhere, ground_of
from streambench.experiment.build import Options, chosen_rates, make_request, sweep
from streambench.experiment.loads import LoadsPolicy
from streambench.experiment.request import Request
from streambench.experiment.search_policy import ConfirmPolicy, SearchPolicy
from streambench.kafka.removal import leftovers
from streambench.model.search import SearchTerms
from streambench.model.sweep import Axis, AxisName
from streambench.results.bundle import Bundle, read_bundle
from streambench.runtime.supervisor import Supervisor
from tests.end_to_end.bench import PATIENT, brisk_workload, on_any_machine
from tests.kafka.kafka_lab import KafkaLab, kafka_lab
from tests.one_broker import one_broker

pytestmark = [pytest.mark.engine, pytest.mark.broker]

RATE_PER_S = 1_000
SMALL = LoadsPolicy(at_once_per_s=1_000, at_once_ms=1_000, rising_ms=1_000)
# Whatever it finds: that it can search there is what is asked.
BRIEF = SearchPolicy(
    at_once_per_s=4_000,
    at_once_ms=1_000,
    later_at_once_ms=1_000,
    ramps_at_most=1,
    ramp_ms=4_000,
    settle_ms=500,
    least_measured_ms=4_000,
    longer=1.0,
    least_search_s=1.0,
    confirm=ConfirmPolicy(
        settle_s=0.5,
        warm_up_s=0.5,
        limited_warm_up_s=0.5,
        measured_s=4.0,
        windows=20,
        rising_ms=1_000,
        tries=1,
    ),
)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    one_broker.close()  # there is memory for some brokers, and time for fewer
    lab: KafkaLab
    with kafka_lab(tmp_path_factory.mktemp("cluster"), 1) as lab:
        found = elsewhere(None, lab.client_properties(), 1, None)
        assert found is not None
        yield found


@pytest.fixture(autouse=True)
def no_broker_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brisk_workload(tmp_path, 200)
    monkeypatch.chdir(tmp_path)
    usual = Supervisor.start

    def none_of_brokers(self: Supervisor, name: str, *args: object, **named: object) -> object:
        assert name != "broker", "a broker was started beside the user's"
        return usual(self, name, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Supervisor, "start", none_of_brokers)


def options(there: Elsewhere, out: Path, rows_per_s: int = 50_000) -> Options:
    return Options(
        workload="brisk",
        engines=("reference",),
        settings=(f"reference:rows_per_s={rows_per_s}",),
        conditions=replace(PATIENT, foreign_kafka=there.told),
        rate_per_s=RATE_PER_S,
        measured_s=4.0,
        warm_up_s=1.0,
        faults=(),
        seed=7,
        out=out,
    )


def kept(there: Elsewhere, out: Path) -> Bundle:
    """The bundle; its run had no broker of its own to try, and left nothing behind in the user's."""
    assert not leftovers(there.access, there.prefix)
    (folder,) = out.iterdir()
    found = read_bundle(folder)
    assert found.run.capacity is None
    assert found.run.conditions.foreign_kafka == there.told
    facts = found.run.kafka
    assert facts is not None
    assert (facts.brokers, facts.release) == (1, found.run.versions["Kafka broker"])
    assert facts.topic["message.timestamp.type"] == "CreateTime"
    assert facts.broker["transaction.max.timeout.ms"] is not None
    assert there.told.bootstrap in (folder / "report.md").read_text()
    return found


def test_a_drain_there(there: Elsewhere, tmp_path: Path) -> None:
    out = tmp_path / "drained"
    request = on_any_machine(make_request(options(there, out)))
    with ground_of(there, (request,)) as ground:
        (told,) = ground.told((request,))
        drain(told, 5_000, workspaces=ground.workspaces)
    (record,) = kept(there, out).run.drains
    assert record.ended is None
    assert len(record.drains) >= 2
    assert all(each.right and each.records == 5_000 for each in record.drains)


def test_a_search_there(
    there: Elsewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "searched"
    request = on_any_machine(make_request(options(there, out, rows_per_s=800)))
    with ground_of(there, (request,)) as ground:
        terms = SearchTerms(None, 0.9, budget_s=25)
        (told,) = ground.told((request,))
        find(told, terms, BRIEF, workspaces=ground.workspaces)
    found = kept(there, out)
    (search,) = found.run.searches
    assert search.drain_per_s is not None
    assert search.ramps  # as far as the time goes
    assert "its time was over" in search.ended
    verdicts = [load.record.verdict for load in found.loads]
    assert len(verdicts) >= 3
    assert all(verdict is not None and verdict.right for verdict in verdicts)
    assert "is not tried" in capsys.readouterr().err


def test_a_curve_there(there: Elsewhere, tmp_path: Path) -> None:
    out = tmp_path / "curve"
    asked = options(there, out)
    # Nothing tells where to end but the engine.
    assert max(auto_axis(chosen_rates(asked)).values) > 1_000_000
    axis = Axis(AxisName.RATE, (1_000,))
    requests: Sequence[Request] = tuple(map(on_any_machine, sweep(asked, (axis,))))
    with ground_of(there, requests) as ground:
        requests = ground.told(requests)
        bench(requests, (axis,), workspaces=ground.workspaces, policy=SMALL)
    found = kept(there, out)
    assert [trial.record.job for trial in found.trials] == [1]
    assert all(trial.record.verdict is not None for trial in found.trials)
