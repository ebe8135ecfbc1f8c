"""The steady state of a play: each frame is written when it is due, and answered before the next one is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from streambench.kafka.connection import NOTES_BYTES, Connection, ConnectionLost, Notes
from streambench.kafka.frames import Frame
from streambench.kafka.send_times import SendTimes

# So long at most nobody looks for an answer, nor sees that the broker has gone.
LONGEST_UNREAD_NS: Final = 20_000_000
# So long before a frame is due an answer that lay unread is read: afterwards the next one may have come.
_READING_NS: Final = 50_000


@dataclass
class Queues:
    """Frames that are to be written, those that were, and those whose answers are not noted yet.

    `unusual` is what was received last and is not what was expected, with the kernel's notes.
    """

    built: deque[Frame] = field(default_factory=deque)
    in_flight: deque[Frame] = field(default_factory=deque)
    accepted: list[tuple[Frame, bytes, Notes]] = field(default_factory=list)
    unusual: tuple[bytes, Notes] | None = None


def keep_pace(
    connection: Connection,
    queues: Queues,
    times: SendTimes,
    t0_ns: int,
    progress: Callable[[int, int], None],
) -> int | None:
    """Write all built frames but the last one; return as soon as anything is not as always.

    The kernel notes when an answer came. So it is read when the next frame is due, and wakes nobody.
    After each sleep the caches are cold, and every step costs several times what it costs in a loop. So
    what can wait is left to others, and few functions are called. Returns how many bytes of the newest
    frame in flight were written, if not all of it. Raises ConnectionLost.
    """
    built, in_flight, accepted = queues.built, queues.in_flight, queues.accepted
    receive, send = connection.socket.recvmsg, connection.socket.send
    clock_ns, sleep = time.monotonic_ns, time.sleep
    possible, written, attempts = times.possible_ns, times.written_ns, times.attempts
    try:
        while len(built) > 1:
            frame = built[0]
            due_ns = frame.due_ns + t0_ns
            wait_ns = due_ns - clock_ns()
            if not 0 < wait_ns <= LONGEST_UNREAD_NS:
                return None
            if wait_ns > _READING_NS:
                sleep((wait_ns - _READING_NS) / 1e9)
            if in_flight:
                # Before this frame is written: of two that lie unread the kernel knows the second one's
                # instant only.
                asked = in_flight[0]
                verdict = asked.answer.verdict
                received, notes, _, _ = receive(verdict.size, NOTES_BYTES)
                whole = len(received) == verdict.size
                if not (whole and notes and verdict.unpack(received) == asked.good):
                    queues.unusual = received, notes
                    return None
                accepted.append((asked, received, notes))
                in_flight.popleft()
            now_ns = clock_ns()
            while now_ns < due_ns:
                now_ns = clock_ns()
            sent = send(frame.parts[0])
            written_ns = clock_ns() - t0_ns
            index = frame.index
            possible[index] = now_ns - t0_ns
            attempts[index] = frame.attempts = 1
            in_flight.append(frame)
            built.popleft()
            if sent != frame.size_bytes:
                return sent
            written[index] = written_ns
            progress(frame.records, frame.quantum)
    except BlockingIOError:
        return None
    except OSError as error:
        raise ConnectionLost(str(error)) from error
    return None
