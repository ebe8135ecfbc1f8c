"""What the topics are called in which shards and their coordinator meet, and what is ordered there."""

from __future__ import annotations

import enum
from typing import Final

ROLE: Final = "shard"


class Command(enum.Enum):
    """What a shard is told to do."""

    OPEN = "open"  # a topic, to be written to
    PREPARE = "prepare"  # a trace, to be played later
    SEND = "send"  # records outside a trace
    PLAY = "play"
    CLOSE = "close"  # the topic is left


def control_topic(prefix: str) -> str:
    """Where all meet."""
    return f"{prefix}control"


def logs_topic(prefix: str) -> str:
    """Where shards put their send logs; nobody but the coordinator reads it."""
    return f"{prefix}send-logs"
