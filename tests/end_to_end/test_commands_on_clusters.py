"""A search and drains on a Flink and a Spark that streambench did not start: what these use stays unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from streambench.analysis.drains import rank_drains
from streambench.cli.draining import drain
from streambench.cli.finding import find
from streambench.cli.foreign_clusters import ClustersAsked, clusters_asked
from streambench.cli.foreign_kafka import Elsewhere, elsewhere
from streambench.cli.places import Whereabouts, placed
from streambench.experiment import drains, find_rate, find_rates
from streambench.experiment.build import Options, make_request
from streambench.experiment.request import Request
from streambench.experiment.warming import WarmUp
from streambench.kafka.removal import leftovers
from streambench.model.conditions import Conditions, Profile
from streambench.model.search import SearchTerms
from streambench.report.sections.drain import drain_cells
from streambench.results.bundle import Bundle, read_bundle
from tests.beside import all_started
from tests.end_to_end.bench import ENGINE_NICE, brisk_workload, on_any_machine
from tests.end_to_end.clusters_lab import (
    FlinkCluster,
    flink_cluster,
    flink_jobs,
    spark_applications,
    spark_cluster,
)
from tests.end_to_end.test_foreign_commands import BRIEF
from tests.kafka.kafka_lab import KafkaLab, kafka_lab
from tests.one_broker import one_broker

pytestmark = [pytest.mark.engine, pytest.mark.broker, pytest.mark.patient]

RECORDS, RATE_PER_S = 5_000, 1_000
ONE_PROBE = replace(BRIEF, ramps_at_most=0, first_per_s=RATE_PER_S)
UNKNOWN = "–"


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KafkaLab, FlinkCluster]]:
    one_broker.close()  # there is memory for some brokers, and time for fewer
    with all_started(
        kafka_lab(tmp_path_factory.mktemp("cluster"), 1),
        flink_cluster(tmp_path_factory.mktemp("flink") / "cluster", 1),
        nullcontext(),
    ) as (kafka, flink, _):
        yield kafka, flink


@pytest.fixture
def there(clusters: tuple[KafkaLab, FlinkCluster]) -> Elsewhere:
    found = elsewhere(None, clusters[0].client_properties(), 1, None)
    assert found is not None
    return found


@pytest.fixture
def flink(clusters: tuple[KafkaLab, FlinkCluster]) -> FlinkCluster:
    return clusters[1]


@pytest.fixture(autouse=True)
def brisk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short windows, and jobs that are warmed by one load; other tests may run beside these."""
    brisk_workload(tmp_path, 200)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("streambench.runtime.runlock.RunLock", lambda **_: nullcontext())
    for module in (drains, find_rate):
        monkeypatch.setattr(module, "WarmUp", partial(WarmUp, loads_at_most=1))


def asked(there: Elsewhere, out: Path, clusters: ClustersAsked) -> tuple[Whereabouts, Request]:
    """As a command makes them of its options; an engine has one worker."""
    places = Whereabouts(there, clusters_asked(clusters, there.told))
    engines = tuple(each.engine for each in places.clusters)
    # Beside a broker on few cores none is to starve.
    conditions = Conditions(
        workers=1,
        profile=Profile.DEFAULTS,
        engine_nice=ENGINE_NICE,
        foreign_kafka=there.told,
        foreign_clusters=places.foreign_clusters,
    )
    options = Options(
        "brisk", engines, conditions=conditions, rate_per_s=RATE_PER_S, faults=(), out=out
    )
    return places, on_any_machine(make_request(options))


def kept(there: Elsewhere, out: Path) -> tuple[Bundle, str]:
    """The bundle and its report; nothing of the run is left in Kafka."""
    assert not leftovers(there.access, there.prefix)
    (folder,) = out.iterdir()
    return read_bundle(folder), (folder / "report.md").read_text()


def test_a_search_goes_by_what_came_out_and_by_no_processor(
    there: Elsewhere, flink: FlinkCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first rate is the highest that is tried, and one trial is enough, whatever it shows.
    monkeypatch.setattr(find_rates, "MAX_RATE_PER_S", RATE_PER_S)
    monkeypatch.setattr(find_rates, "_TRIES_AT_LEAST", 1)
    out = tmp_path / "searched"
    places, request = asked(there, out, ClustersAsked(flink_rest=flink.rest))
    with placed(places, (request,), wait=False) as ground:
        (told,) = ground.told((request,))
        terms = SearchTerms(None, 0.9, budget_s=60, cold=False)
        find(told, terms, ONE_PROBE, workspaces=ground.workspaces)
    bundle, report = kept(there, out)
    (search,) = bundle.run.searches
    assert search.drain_per_s is not None
    assert {probe.rate_per_s for probe in search.probes} == {RATE_PER_S}
    # Of one whose load came late nothing is said but that.
    assert all(probe.right is not False for probe in search.probes)
    assert {probe.idle_share for probe in search.probes} == {None}
    assert bundle.trials
    assert not any("no room" in probe.why for probe in search.probes)
    for load in (*bundle.loads, *bundle.trials):
        assert not load.record.engine_seen
        assert load.record.verdict is not None
        assert load.record.verdict.right
        assert load.record.measures.get("engine_cpu_s_per_million") is None
        assert load.record.measures.get("engine_memory_peak_bytes") is None
    assert "had no room left" not in report
    assert f"not started by streambench: {flink.rest}" in report
    assert set(flink_jobs(flink)) == {"CANCELED"}


def assert_drained(there: Elsewhere, out: Path, clusters: ClustersAsked) -> str:
    """Drains of the engine whose cluster is named have rates and no cost; the report's text."""
    places, request = asked(there, out, clusters)
    with placed(places, (request,), wait=False) as ground:
        (told,) = ground.told((request,))
        drain(told, RECORDS, workspaces=ground.workspaces)
    bundle, report = kept(there, out)
    (one,) = rank_drains(bundle).variants
    assert one.ended is None
    assert [drain.right for drain in one.drains] == [True, True]
    assert [drain.cpu_s for drain in one.drains] == [None, None]
    *known, cpu = drain_cells(one)
    assert cpu == UNKNOWN
    assert UNKNOWN not in known
    return report


def test_a_drain_on_flink_has_rates_and_no_cost(
    there: Elsewhere, flink: FlinkCluster, tmp_path: Path
) -> None:
    report = assert_drained(there, tmp_path / "drained", ClustersAsked(flink_rest=flink.rest))
    assert "its processes ran before the job was launched" in report
    assert set(flink_jobs(flink)) == {"CANCELED"}


@pytest.mark.nightly
def test_a_drain_on_spark_has_rates_and_no_cost(there: Elsewhere, tmp_path: Path) -> None:
    with spark_cluster(tmp_path / "spark", 1) as spark:
        state = (tmp_path / "state").as_uri()
        clusters = ClustersAsked(spark_master=spark.master, checkpoint_dir=state)
        assert_drained(there, tmp_path / "drained", clusters)
        assert spark_applications(spark) == 0
