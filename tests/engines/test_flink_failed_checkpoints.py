"""What is said of checkpoints that Flink counts as failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.engines.flink.failed_checkpoints import failed_words

# As a JobManager of Flink 2.2.1 wrote them.
NOT_BEGUN = (
    "2026-11-28 12:09:35.756 INFO  CheckpointFailureManager Failed to trigger checkpoint for job "
    "d9f26730d877035c7b67c5d40069f74d since Checkpoint triggering task Source: records[1] (1/2) of job "
    "d9f26730d877035c7b67c5d40069f74d is not being executed at the moment. Aborting checkpoint. Failure "
    "reason: Not all required tasks are currently running."
)
OTHER = "2026-11-28 12:09:40.604 INFO  CheckpointCoordinator Checkpoint 7 of job d9f2 expired before completing."


@pytest.mark.parametrize(
    ("failed", "lines", "words"),
    [
        (0, [NOT_BEGUN], "0"),
        (2, [NOT_BEGUN, OTHER, NOT_BEGUN], "2: 2 were due while tasks were not running yet, and"),
        (3, [NOT_BEGUN, OTHER, NOT_BEGUN], "3: 2 were due while tasks were not running yet, and"),
        (1, [OTHER], "1"),
    ],
)
def test_those_that_were_not_begun_are_told_from_those_that_failed(
    tmp_path: Path, failed: int, lines: list[str], words: str
) -> None:
    log = tmp_path / "jobmanager.log"
    log.write_text("\n".join(lines))
    said = failed_words(failed, log)
    assert said.startswith(words)
    others = failed - lines.count(NOT_BEGUN)
    begun = f"; {others} failed on their way"
    assert (begun in said) == (others > 0 and NOT_BEGUN in lines)


def test_without_a_log_nothing_is_explained(tmp_path: Path) -> None:
    assert failed_words(1, tmp_path / "none.log") == "1"
