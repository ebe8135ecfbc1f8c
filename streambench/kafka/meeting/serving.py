"""A member of a meeting that does what the coordinator orders, one order after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from streambench.kafka.meeting.guest import Guest, MeetingOver
from streambench.kafka.meeting.messages import Order, Report
from streambench.model.errors import ClocksApart, InstrumentFailed, StreambenchError
from streambench.runtime.blanking import blanked

_POLL_S: Final = 0.5


def serve_orders(
    guest: Guest, carry_out: Callable[[Order], Mapping[str, Any]], told: Callable[[str], None]
) -> None:
    """Do what is ordered, and report each.

    Returns when the run is over; raises InstrumentFailed when nobody orders any more, or the run was broken
    off. An order that cannot be done is reported, and the next one is waited for.
    """
    try:
        while True:
            order = guest.next_order(_POLL_S)
            if order is None:
                continue
            try:
                result = carry_out(order)
                guest.say(Report(order.number, result))
            except StreambenchError as failed:
                guest.check()  # where the coordinator has gone there is nobody to be told
                told(f"not done: {failed.message}")
                apart = isinstance(failed, ClocksApart)
                guest.say(Report(order.number, error=blanked(failed.message), by_clocks=apart))
    except MeetingOver as over:
        if over.reason is not None:
            raise InstrumentFailed(f"the coordinator ended: {over.reason}") from over
