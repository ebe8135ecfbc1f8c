"""When Spark starts a batch: as soon as the last one is over, or at fixed intervals."""

from __future__ import annotations

import re
from collections.abc import Iterable

from streambench.engines.spark.variants import TRIGGER
from streambench.model.errors import UsageError
from streambench.model.plan import Setting
from streambench.model.written import WHOLE

AT_ONCE = "as soon as possible"
_INTERVAL = re.compile(rf"({WHOLE}) ?(ms|s|m|min|milliseconds?|seconds?|minutes?)")
_UNIT_MS = {"mil": 1, "ms": 1, "s": 1_000, "sec": 1_000, "m": 60_000, "min": 60_000}
_TOLD = re.compile(r"ProcessingTimeTrigger\((\d+)\)")
_MOST_MS = 600_000


def trigger_ms(settings: Iterable[Setting]) -> int | None:
    """The interval of the processing-time trigger; None when a batch follows the other at once.

    Raises UsageError for what is no interval.
    """
    (text,) = (setting.value for setting in settings if setting.name == TRIGGER)
    if text == AT_ONCE:
        return None
    match = _INTERVAL.fullmatch(text.strip())
    interval_ms = int(match[1]) * _UNIT_MS[match[2][:3]] if match else 0
    if not 1 <= interval_ms <= _MOST_MS:
        raise UsageError(
            f"'{text}' is no trigger: write an interval of at most 10 minutes, or '{AT_ONCE}'",
            hint=f"streambench run --set spark:{TRIGGER}=1s",
        )
    return interval_ms


def as_told(trigger: str) -> str:
    """The trigger as a setting, from what the running query calls it."""
    match = _TOLD.fullmatch(trigger)
    if match is None:
        return trigger
    return f"{match[1]} ms" if int(match[1]) else AT_ONCE


def as_spark_writes_it(interval_ms: int) -> str:
    """The interval as an argument of `DataStreamWriter.trigger`."""
    seconds, rest_ms = divmod(interval_ms, 1_000)
    if rest_ms:
        return f"{interval_ms} milliseconds"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
