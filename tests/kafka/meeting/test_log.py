"""How long a record is tried to be written while the brokers are away."""

from __future__ import annotations

import pytest

from streambench.kafka.meeting import log as log_module
from streambench.kafka.meeting.log import LogLost, TopicLog
from streambench.kafka.meeting.party import POLICY
from streambench.model.kafka_access import KafkaAccess


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, for_s: float) -> None:
        self.now_s += for_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(log_module, "time", found)
    return found


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> TopicLog:
    def away(self: TopicLog, pieces: list[bytes]) -> None:
        raise OSError("nobody answers")

    monkeypatch.setattr(TopicLog, "_written", away)
    return TopicLog(KafkaAccess("127.0.0.1:1"), "control")


def test_a_record_is_tried_for_as_long_as_a_member_waits_for_the_log(
    lost: TopicLog, clock: Clock
) -> None:
    with pytest.raises(LogLost, match="nobody answers"):
        lost.append(b"{}")
    assert clock.now_s == pytest.approx(POLICY.lost_s, abs=1)


def test_it_is_tried_once_when_all_is_over(lost: TopicLog, clock: Clock) -> None:
    lost.give_up()
    with pytest.raises(LogLost):
        lost.append(b"{}")
    assert clock.now_s == 0
