"""One who takes part in a meeting: speaks, is heard to be there, and hears all that is said.

Nobody's silence is timed by a clock. Who hears eight heartbeats of its own come back from the log, and none
of another one's between them, knows that the log works and the other one does not. A broker that is away for
ten seconds silences all, and is nobody's death.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from streambench.kafka.meeting.log import LOST_S, LogLost, MeetingLog
from streambench.kafka.meeting.messages import (
    Heartbeat,
    Letter,
    Message,
    NotOurs,
    decode,
    encode,
)
from streambench.kafka.one_record import Appended

_PAUSE_S: Final = 0.2
_GONE_S: Final = 5.0


@dataclass(frozen=True)
class MeetingPolicy:
    """How often one is heard, after how many own heartbeats another one's silence is its death.

    After `lost_s` without the log one leaves.
    """

    beat_s: float = 1.0
    silent_beats: int = 8
    lost_s: float = LOST_S


POLICY: Final = MeetingPolicy()


class Speaker:
    """Writes messages of one sender, each with the next number; from any thread."""

    def __init__(self, log: MeetingLog, sender: str) -> None:
        self.sender = sender
        self._log = log
        self._number = 0
        self._speaking = threading.Lock()

    def say(self, message: Message) -> Appended:
        """Write it; returns when it is acknowledged. Raises LogLost."""
        with self._speaking:
            self._number += 1
            return self._log.append(encode(Letter(self.sender, self._number, message)))


class Hearer:
    """Takes letters out of records: each counts once, and what is nobody's is left out."""

    def __init__(
        self,
        hear: Callable[[Letter], None],
        misheard: Callable[[NotOurs], None] = lambda _: None,
    ) -> None:
        self._hear = hear
        self._misheard = misheard
        self._last_of: dict[str, int] = {}

    def take(self, value: bytes) -> None:
        """Hear one record."""
        try:
            letter = decode(value)
        except NotOurs as foreign:
            self._misheard(foreign)
            return
        if letter.number > self._last_of.get(letter.sender, 0):
            self._last_of[letter.sender] = letter.number
            self._hear(letter)


class Party:
    """A thread that reads the log and beats; `changed` is held while `hear` is called, and notified after.

    `state` is what each heartbeat says; None: it only listens. Where the log is lost for good, or what was
    heard could not be taken in, `lost` says why. `mute`: nothing can be said any more either.
    """

    def __init__(
        self,
        log: MeetingLog,
        sender: str,
        hearer: Hearer,
        *,
        state: Callable[[], Mapping[str, Any]] | None = dict,
        policy: MeetingPolicy = POLICY,
    ) -> None:
        self.speaker = Speaker(log, sender)
        self.changed = threading.Condition()
        self.lost: str | None = None
        self.mute = False
        self._log = log
        self._hearer = hearer
        self._state = state
        self._policy = policy
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name=f"meeting-{sender}", daemon=True)

    def start(self) -> None:
        """Begin to read and to beat."""
        self._thread.start()

    def close(self) -> None:
        """End; may be called twice."""
        self._over.set()
        self._log.give_up()
        if self._thread.is_alive():
            self._thread.join()
        self._log.close()

    def wait_for(self, ready: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until something that was heard makes `ready`, or the log is lost; whether it is ready."""
        with self.changed:
            self.changed.wait_for(lambda: self.lost is not None or ready(), timeout_s)
            return ready()

    def hasten(self) -> None:
        """From now on what cannot be said at once is not said."""
        self._log.give_up()

    def _go_on(self) -> None:
        """Until the end. Without this thread nothing is heard, so whatever ends it must be told."""
        try:
            self._read_and_beat()
        except LogLost as lost:
            self._log.give_up()
            self._lose(str(lost), mute=True)
        except Exception as error:
            self._lose(f"nothing can be heard any more: {str(error) or type(error).__name__}")

    def _lose(self, why: str, *, mute: bool = False) -> None:
        with self.changed:
            self.lost, self.mute = why, mute
            self.changed.notify_all()

    def _read_and_beat(self) -> None:
        """Raises LogLost when it is lost for good."""
        beat_at_s = time.monotonic()
        working_s = time.monotonic()
        while not self._over.is_set():
            try:
                if self._state is not None and time.monotonic() >= beat_at_s:
                    self.speaker.say(Heartbeat(self._state()))
                    beat_at_s = time.monotonic() + self._policy.beat_s
                values = self._log.read()
                working_s = time.monotonic()
            except LogLost as lost:
                patience_s = _GONE_S if lost.gone else self._policy.lost_s
                if time.monotonic() - working_s > patience_s:
                    raise
                self._over.wait(_PAUSE_S)
                continue
            with self.changed:
                for value in values:
                    self._hearer.take(value)
                self.changed.notify_all()
