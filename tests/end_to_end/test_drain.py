"""A drain with an engine of a set pace: cold and warm take what the pace says, and all rows are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.cli.draining import drain
from streambench.experiment.build import Options, make_request
from streambench.model.errors import ExitCode
from streambench.model.trial import LoadKind
from streambench.results.bundle import read_bundle
from streambench.results.judged_again import judge_again
from tests.end_to_end.bench import on_any_machine
from tests.one_broker import one_broker

pytestmark = [pytest.mark.engine, pytest.mark.alone]

RECORDS = 30_000
ROWS_PER_S = 1_000


def test_a_set_pace_is_what_a_drain_shows(tmp_path: Path) -> None:
    request = make_request(
        Options(
            engines=("reference",),
            settings=(f"reference:rows_per_s={ROWS_PER_S}",),
            rate_per_s=10_000,
            faults=(),
            seed=7,
            out=tmp_path,
        )
    )
    found = drain(on_any_machine(request), RECORDS, workspaces=one_broker.workspace)
    assert found is ExitCode.OK
    (folder,) = tmp_path.iterdir()
    bundle = read_bundle(folder)
    (record,) = bundle.run.drains
    cold, *warm = record.drains
    # Where other work on the machine slowed one down, the next is faster, and there are more.
    assert 2 <= len(warm) <= 5
    assert [each.warm for each in record.drains] == [False, *[True] * len(warm)]
    assert record.ended is None
    assert all(each.right and each.records == RECORDS for each in record.drains)
    # 3 s of events are six windows of some 500 rows each, written at a set pace.
    last = warm[-1]
    assert 1.5 < last.took_s < 5
    assert cold.took_s > cold.first_s > 0
    assert last.took_s == pytest.approx(warm[-2].took_s, rel=0.3)
    assert last.peak_per_s >= last.per_s * 0.9
    kinds = [load.record.kind for load in bundle.loads]
    assert kinds == [LoadKind.COLD, *[LoadKind.WARM] * len(warm)]
    assert all(load.same for load in judge_again(bundle))
    assert any(folder.glob("jobs/*/logs/*"))
    assert "Worked off, warm: " in (folder / "report.md").read_text()
    assert (folder / "plots" / "drain.png").stat().st_size > 0
