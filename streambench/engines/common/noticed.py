"""When a failure was noticed, by the lines of a log that say so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

LOG_TIME = "%d{yyyy-MM-dd HH:mm:ss.SSS}"
"""The conversion pattern of a log4j layout whose lines `instants` reads: local time, first in its line."""

BROKER_LOG = "broker.log"
"""Where the embedded broker logs, in the folder of all logs."""

_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3} ")


def instants(lines: Iterable[str], sign: re.Pattern[str]) -> tuple[float, ...]:
    """ms since the epoch of each line in which `sign` is found; lines without a time are left out."""
    return tuple(
        datetime.fromisoformat(time[0].rstrip()).timestamp() * 1000
        for line in lines
        if sign.search(line) and (time := _TIME.match(line))
    )


def noticed(logs: Iterable[Path], sign: re.Pattern[str]) -> tuple[float, ...]:
    """`instants` of several logs, in the order of time; a log that is not there says nothing."""
    return tuple(sorted(instant for log in logs for instant in instants(_lines(log), sign)))


def expired_members(group: str) -> re.Pattern[str]:
    """What the broker says when it removes a member of the group that gave no sign of life.

    Of a group that it leads itself it speaks otherwise (GroupMetadataManager, Kafka 4.3).
    """
    named = re.escape(group)
    member = rf"ember (?:with id )?\S+ in group {named}"
    gone = r"(?:failed, removing it|been removed after session timeout expiration)"
    led = (
        rf"\[GroupId {named}\] Streams member \S+ fenced from the group because the member session"
    )
    return re.compile(rf"{member} has {gone}|{led} expired")


def _lines(log: Path) -> list[str]:
    try:
        return log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
