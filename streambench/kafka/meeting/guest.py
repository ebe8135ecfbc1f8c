"""A member of a meeting: announces itself, gets orders, reports what became of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from streambench.kafka.meeting.log import LogLost, MeetingLog
from streambench.kafka.meeting.messages import (
    COORDINATOR,
    Admission,
    Announce,
    ClockProbe,
    Ended,
    Heartbeat,
    Letter,
    NotOurs,
    Order,
    ParcelPart,
    Report,
)
from streambench.kafka.meeting.party import POLICY, Hearer, MeetingPolicy, Party
from streambench.kafka.meeting.presence import Presence
from streambench.kafka.one_record import Appended
from streambench.model.errors import InstrumentFailed, UsageError
from streambench.runtime.signals import INTERRUPTS

_COMMANDS: Final = {"worker": "worker join", "shard": "play"}


class MeetingOver(Exception):
    """The coordinator has said so; `reason` None: all was done."""

    def __init__(self, reason: str | None) -> None:
        super().__init__(reason or "the run is over")
        self.reason = reason


def _words(error: BaseException) -> str:
    """Why a member leaves before the end, for people on another host."""
    if isinstance(error, INTERRUPTS):
        return "it was interrupted"
    return str(error) or type(error).__name__


class Guest:
    """A member called `name`. `chunk` is handed what the coordinator sends in parts."""

    def __init__(
        self,
        log: MeetingLog,
        name: str,
        *,
        chunk: Callable[[ParcelPart], None] = lambda _: None,
        state: Callable[[], Mapping[str, Any]] = dict,
        policy: MeetingPolicy = POLICY,
    ) -> None:
        self.name = name
        self._chunk = chunk
        self._admission: Admission | None = None
        self._orders: deque[Order] = deque()
        self._ended: Ended | None = None
        self._foreign: str | None = None
        self._presence = Presence(name, policy.silent_beats)
        self._party = Party(
            log, name, Hearer(self._hear, self._misheard), state=state, policy=policy
        )

    def __enter__(self) -> Guest:
        self._party.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        reason = None if error is None else _words(error)
        try:
            if (
                self._ended is not None
            ):  # who has waits for seconds only, and its topic may have gone
                self._party.hasten()
            if not self._party.mute:
                self._party.speaker.say(Ended(reason))
        except LogLost:
            pass
        finally:
            self._party.close()

    def join(self, wanted: Announce, timeout_s: float) -> int:
        """Announce oneself and wait to be let in; the seat that one has then.

        Raises UsageError where that is refused, InstrumentFailed where nobody answers, MeetingOver where
        all has ended.
        """
        with self._party.changed:
            self._presence.expect(COORDINATOR)
        self.say(wanted)
        self._party.wait_for(lambda: bool(self._admission) or self._is_over(), timeout_s)
        admission = self._admission
        if admission is None:
            self.check()
            raise InstrumentFailed(
                f"no coordinator answered within {timeout_s:.0f} s"
                + (f"; there is {self._foreign}" if self._foreign else "")
            )
        if admission.seat is None:
            raise UsageError(
                f"the coordinator does not take this {wanted.role}: {admission.refused}",
                hint=f"streambench {_COMMANDS.get(wanted.role, 'play')} --help",
            )
        return admission.seat

    def say(self, message: Announce | Report | ClockProbe) -> Appended:
        """Write a message. Raises InstrumentFailed."""
        try:
            return self._party.speaker.say(message)
        except LogLost as lost:
            raise InstrumentFailed(f"the coordinator cannot be reached: {lost}") from lost

    def next_order(self, timeout_s: float) -> Order | None:
        """The next order; None where none came in time. Raises as `check`."""
        self._party.wait_for(lambda: bool(self._orders) or self._is_over(), timeout_s)
        with self._party.changed:
            if self._orders:
                return self._orders.popleft()
        self.check()
        return None

    def waiting(self) -> Order | None:
        """The next order, which stays the next one; None: there is none. Raises as `check`."""
        with self._party.changed:
            if self._orders:
                return self._orders[0]
        self.check()
        return None

    def check(self) -> None:
        """Raise MeetingOver when the coordinator has ended, InstrumentFailed when it is gone."""
        with self._party.changed:
            if self._ended is not None:
                raise MeetingOver(self._ended.reason)
            if self._party.lost is not None:
                raise InstrumentFailed(f"the coordinator cannot be reached: {self._party.lost}")
            if self._presence.silent():
                raise InstrumentFailed(
                    "nothing is heard of the coordinator any more: its run was killed, or its host lost"
                )

    def _is_over(self) -> bool:
        return self._ended is not None or bool(self._presence.silent())

    # --- hearing, in the party's thread ---

    def _hear(self, letter: Letter) -> None:
        message = letter.message
        self._presence.heard(letter.sender, beat=isinstance(message, Heartbeat))
        if letter.sender != COORDINATOR:
            return
        match message:
            case Admission(member=self.name):
                self._admission = message
            case Order(to=to) if self.name in to:
                self._orders.append(message)
            case ParcelPart():
                self._chunk(message)
            case Ended():
                self._ended = message
            case _:
                pass

    def _misheard(self, foreign: NotOurs) -> None:
        if foreign.sender == COORDINATOR:
            self._foreign = str(foreign)
