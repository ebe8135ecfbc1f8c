"""Which part of a load nobody could have written as it was due, by the faults that happened."""

from __future__ import annotations

from pathlib import Path

from streambench.experiment.assess import COLD_BROKER_MS, unable
from streambench.kafka.certificate import Unable
from streambench.model.fault import FaultKind, Hit
from streambench.trial.load import Struck
from tests.kafka.test_certificate import MS, Log


def hit(kind: FaultKind, at_ms: float, over_ms: float) -> Hit:
    return Hit(kind, None, (), at_ms, 0, over_ms)


def test_a_command_is_excused_up_to_the_next_hit_only(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.errors = {"the broker closed the connection": 3}
    for due_ms in (20_100, 41_000, 62_000):
        log.attempts[log.due_ns == due_ms * MS] = 2
    struck = Struck(
        (
            hit(FaultKind.COMMAND, 10_000, 10_100),  # nothing was lost until the next one
            hit(FaultKind.COMMAND, 20_000, 20_050),
            hit(FaultKind.BROKER_RESTART, 40_000, 40_500),
            hit(FaultKind.COMMAND, 60_000, 60_050),
        )
    )
    assert tuple(unable(struck, log.write())) == (
        Unable(20_000, 20_100),
        Unable(40_000, 40_500, COLD_BROKER_MS),
        Unable(60_000, 62_000),
    )
