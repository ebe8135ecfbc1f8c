"""A million keys: the record cache of Kafka Streams is evicted all the time, and no final result is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.cli.draining import drain
from streambench.experiment.build import Options
from streambench.experiment.build import drain as asked_drain
from streambench.model.errors import ExitCode
from streambench.results.bundle import read_bundle
from streambench.workload.locate import find
from tests.end_to_end.bench import on_any_machine
from tests.one_broker import brief_jvms, one_broker

pytestmark = [pytest.mark.engine, pytest.mark.nightly]

KEYS = 1_000_000
RECORDS = 1_000_000
RATE_PER_S = 200_000


def test_no_final_result_is_lost_while_the_cache_is_evicted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "workloads" / "many"
    place.mkdir(parents=True)
    text = (find("clicks") / "workload.toml").read_text()
    (line,) = (each for each in text.splitlines() if each.startswith("campaign = "))
    (place / "workload.toml").write_text(text.replace(line, f"campaign = {{ int = [1, {KEYS}] }}"))
    monkeypatch.chdir(tmp_path)
    options = Options(
        workload="many",
        engines=("kafka-streams",),
        rate_per_s=RATE_PER_S,
        seed=7,
        out=tmp_path / "results",
    )
    request, records = asked_drain(options, RECORDS)
    with brief_jvms():
        found = drain(on_any_machine(request), records, workspaces=one_broker.workspace)
    assert found is ExitCode.OK
    (folder,) = (tmp_path / "results").iterdir()
    (record,) = read_bundle(folder).run.drains
    assert record.ended is None
    assert [each.right for each in record.drains] == [True] * len(record.drains)
    assert len(record.drains) >= 2
