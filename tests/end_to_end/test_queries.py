"""What a query can say, on every engine: each workload uses all constructs of one kind."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from streambench.model.conditions import Guarantee
from streambench.model.errors import ExitCode
from streambench.model.trial import Completed, Invalid
from streambench.results.bundle import Bundle
from tests.end_to_end.bench import run
from tests.one_broker import brief_jvms

pytestmark = pytest.mark.engine

ENGINES = ("flink", "spark", "kafka-streams", "kafka-streams:flat-json", "kafka-python")


@pytest.fixture(scope="module", autouse=True)
def _brief() -> Iterator[None]:
    with brief_jvms():
        yield


def assert_right_everywhere(folder: Path, text: str) -> Bundle:
    """Run a workload on all engines: every row is right, unless a busy machine made the load late."""
    place = folder / "workloads" / "asked"
    place.mkdir(parents=True)
    (place / "workload.toml").write_text(text, encoding="utf-8")
    with contextlib.chdir(folder):
        code, found = run(
            folder / "results", *ENGINES, workload="asked", guarantee=Guarantee.AT_LEAST_ONCE
        )
    valid = [t for t in found.trials if not isinstance(t.record.outcome, Invalid)]
    assert code is (ExitCode.OK if valid else ExitCode.INVALID)
    for engine in ENGINES:
        (trial,) = found.of(engine)
        match trial.record.outcome:
            case Completed(verdict=verdict):
                assert verdict.right, (engine, verdict.damage, verdict.examples)
                assert verdict.expected_rows == verdict.right_rows > 100
            case Invalid(reason=reason):
                assert trial.record.certificate is not None, reason
                assert not trial.record.certificate.held
            case other:
                pytest.fail(f"{engine}: {other}")
    return found


GROUPS = """
title = "Departures per country, gate and carrier"
[input]
rate       = 2_000
partitions = 4
[input.fields]
country = { choice = ["DE", "a\\"b", "x,y", "né", "]"] }
gate    = { int = [-2, 9] }
carrier = { choice = 3, prefix = "l" }
seats   = { int = [1, 300] }
[input.time]
disorder = "50 ms"
[query]
where    = "gate <> 3"
group_by = ["country", "gate", "carrier"]
window   = { tumbling = "500 ms" }
grace    = "100 ms"
select   = { flights = "count(*)", seated = "sum(seats)" }
"""


def test_groups_of_several_fields(tmp_path: Path) -> None:
    found = assert_right_everywhere(tmp_path, GROUPS)
    for engine in ENGINES:
        rows = found.of(engine)[0].table("rows")
        if rows is not None:
            assert '["né",-2,"l0"]' in set(rows.column("key").to_pylist())
