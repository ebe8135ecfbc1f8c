"""What can go wrong, in the user's words, with a hint and an exit code."""

from __future__ import annotations

import enum
from typing import Final


class ExitCode(enum.IntEnum):
    """What the process says to the shell."""

    OK = 0
    FAILED = 1  # a result is wrong, a trial failed or a limit is broken
    USAGE = 2
    ENVIRONMENT = 3  # something that streambench needs is not there
    INVALID = 4  # nothing but invalid trials
    INTERRUPTED = 130


class StreambenchError(Exception):
    """An error that a user can understand: one sentence, and a hint with a command to run."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(StreambenchError):
    """The command line or a file that the user wrote cannot be carried out."""

    exit_code = ExitCode.USAGE


class EnvironmentLacks(StreambenchError):
    """The machine lacks something (Java, disk, memory, network, a free port)."""

    exit_code = ExitCode.ENVIRONMENT


class EngineFailed(StreambenchError):
    """An engine did not start, died by itself or never answered; `log_tail` is its last word."""

    def __init__(
        self, message: str, *, stage: str, hint: str | None = None, log_tail: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.stage = stage
        self.log_tail = log_tail


class EngineSlow(EngineFailed):
    """What was waited for did not come in its time; nothing died. The machine may have been too busy."""


class InstrumentFailed(StreambenchError):
    """streambench itself could not measure (player late, clock stepped, reader died): an invalid trial."""

    exit_code = ExitCode.INVALID


CLOCKS_HINT: Final = (
    "let NTP or PTP keep the hosts together, and run near the brokers; `chronyc tracking` on each host "
    "says how far its clock is off"
)


class ClocksApart(InstrumentFailed):
    """Clocks by which loads are timed are too far apart, or may be: a load at no rate is timed right."""

    def __init__(self, message: str) -> None:
        super().__init__(message, hint=CLOCKS_HINT)
