"""One line of JSON to a child process, one line of JSON back."""

from __future__ import annotations

import json
import os
import select
import time
from pathlib import Path
from typing import IO, Any, Final

from streambench.model.errors import InstrumentFailed
from streambench.runtime.supervisor import Child
from streambench.runtime.waiting import tail

_CHUNK_BYTES: Final = 65_536


class Channel:
    """The pipes of a child that answers each command with exactly one line.

    An answer with the field `error`, a child that ends and an answer that does not come in time all
    raise InstrumentFailed, with the end of the child's log.
    """

    def __init__(self, child: Child, what: str) -> None:
        self._child = child
        self._what = what
        self._received = b""
        self._stdin = _pipe(child.process.stdin)
        self._stdout = _pipe(child.process.stdout)

    def tell(self, **command: Any) -> None:
        """Send a command."""
        try:
            self._stdin.write(json.dumps(command) + "\n")
            self._stdin.flush()
        except (BrokenPipeError, ValueError) as error:  # ValueError: closed on this side
            raise self._failed("has ended") from error

    def answer(self, timeout_s: float) -> dict[str, Any]:
        """Wait for the answer to the oldest command that has none yet."""
        deadline_s = time.monotonic() + timeout_s
        descriptor = self._stdout.fileno()
        while b"\n" not in self._received:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise self._failed(f"gave no answer within {timeout_s:.0f} s")
            if not select.select([descriptor], [], [], left_s)[0]:
                continue
            chunk = os.read(descriptor, _CHUNK_BYTES)
            if not chunk:
                raise self._failed("has ended")
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        fields: dict[str, Any] = json.loads(line)
        if "error" in fields:
            raise self._failed(f"failed: {fields['error']}")
        return fields

    def check_alive(self) -> None:
        """Raise InstrumentFailed when the child has ended."""
        if not self._child.alive():
            raise self._failed(f"ended with exit code {self._child.returncode}")

    def _failed(self, how: str) -> InstrumentFailed:
        log: Path = self._child.log
        last = tail(log, 5)
        return InstrumentFailed(
            f"{self._what} {how}" + (f"\n{last}" if last else ""), hint=f"less {log}"
        )


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("the child was started without pipes")
    return stream
