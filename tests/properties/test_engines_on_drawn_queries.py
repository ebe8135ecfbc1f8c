"""Whole queries over events, drawn at random, in generated Java, in Spark and in Flink: many of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.properties.in_flink import run_flink_cases
from tests.properties.in_java import run_java_cases
from tests.properties.in_spark import run_spark_cases
from tests.properties.outcomes import Asked, Outcome, asked_of
from tests.properties.sizes import asked_cases, asked_seed, drawn_cases

pytestmark = [pytest.mark.engine, pytest.mark.no_load]

# So many in one process.
_AT_ONCE: Final = 100


@pytest.mark.parametrize(
    ("name", "run", "late", "usual"),
    [
        ("Kafka Streams", run_java_cases, False, 40),
        ("Kafka Streams, records late", run_java_cases, True, 20),
        ("Flink", run_flink_cases, False, 20),
        ("Spark", run_spark_cases, False, 20),
    ],
    ids=["kafka-streams", "kafka-streams-late", "flink", "spark"],
)
def test_an_engine_has_the_rows_that_are_meant(
    tmp_path: Path,
    name: str,
    run: Callable[[Sequence[Asked], Path, Outcome], None],
    late: bool,
    usual: int,
) -> None:
    count, seed = asked_cases(usual), asked_seed()
    # Kafka Streams has no sessions into which events come late, and only it is asked for late events.
    asked = asked_of(drawn_cases(count, seed, late=late, sessions=not late), tmp_path)
    outcome = Outcome(name, seed)
    for at in range(0, len(asked), _AT_ONCE):
        run(asked[at : at + _AT_ONCE], tmp_path / f"batch-{at}", outcome)
    print(outcome.line())
    wrong = [f"{asked[number].case}\n{what}" for number, what in outcome.wrong.items()]
    assert not wrong, "\n".join(wrong[:3])
    assert outcome.ran > count // 2
