"""A query by hand on every engine, with a real broker: what each program writes is what `oracle.sql` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.model.conditions import Guarantee
from streambench.model.errors import ExitCode
from streambench.model.trial import Completed, Invalid
from streambench.model.verdict import Verdict
from streambench.results.judged_again import judge_again
from tests.end_to_end.bench import came_late, run

pytestmark = [pytest.mark.engine, pytest.mark.patient, pytest.mark.nightly]

ENGINES = ("flink", "spark", "kafka-streams", "kafka-python")


def test_the_windows_greatest_come_right_from_all_engines(tmp_path: Path) -> None:
    code, found = run(tmp_path, *ENGINES, workload="nexmark-q5", guarantee=Guarantee.AT_LEAST_ONCE)

    assert code in (ExitCode.OK, ExitCode.INVALID)
    for engine in ENGINES:
        (trial,) = found.of(engine)
        assert "oracle.sql" in [program.name for program in trial.record.programs]
        match trial.record.outcome:
            case Completed(verdict=verdict) | Invalid(verdict=Verdict() as verdict):
                assert verdict.right, (engine, verdict.damage, verdict.examples)
                assert verdict.expected_rows == verdict.right_rows > 0
            case Invalid(reason=reason):
                assert came_late(trial.record), (engine, reason)
            case other:
                pytest.fail(f"{engine}: {other}")
    again = list(judge_again(found))
    assert again
    assert all(each.same for each in again if each.stored is not None)
