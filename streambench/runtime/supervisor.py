"""One owner of every child process: starts, watches, restarts and ends them, whatever happens."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from streambench.model.errors import EnvironmentLacks, InstrumentFailed, StreambenchError
from streambench.model.plan import Role
from streambench.runtime.children import Child, Death, Slot, close_pipes, require_gone
from streambench.runtime.cpu_sets import CpuSets, bind_this_thread
from streambench.runtime.guardian import Guardian
from streambench.runtime.priority import lower_priority
from streambench.runtime.sessions import end_sessions, live_members, sessions_of, start_mark
from streambench.runtime.signals import to_the_end

__all__ = ["Child", "Death", "Supervisor"]

_LEAST_PATIENCE_S = 0.5


class Supervisor:
    """Context manager that owns children and temporary folders; leaving it ends all of them.

    Each child leads a session and process group of its own. Ending one means: SIGTERM to the whole
    session, patience, SIGKILL, and nothing of it is left, be its leader dead or alive. Should the
    tool itself be killed, a guardian process does the same. Children run on the cores that `cpu_sets`
    names for their role, from their first instruction on. Who dies again and again is started anew
    `restart_limit` times.
    """

    def __init__(
        self,
        *,
        patience_s: float = 10.0,
        cpu_sets: CpuSets | None = None,
        restart_limit: int = 20,
    ) -> None:
        self._patience_s = patience_s
        self._restart_limit = restart_limit
        self._cpu_sets: CpuSets = cpu_sets or {}
        self._lock = threading.Lock()
        self._slots: list[Slot] = []  # in the order of their start
        self._folders: list[Path] = []
        self._deaths: list[Death] = []
        self._failures: list[BaseException] = []
        self._guardian: Guardian | None = None

    def __enter__(self) -> Supervisor:
        self._guardian = Guardian()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            to_the_end(self._unwind)
        except StreambenchError as problem:
            if error is None:
                raise
            error.add_note(str(problem))

    def start(
        self,
        name: str,
        role: Role,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        restart: bool = False,
        restart_delay_s: float = 1.0,
        pipes: bool = False,
        nice: int = 0,
    ) -> Child:
        """Start a process and return it as soon as it runs.

        `env` is merged over the tool's environment; output is appended to `log`. With `restart`, a
        process that ends without having been asked to is started again after `restart_delay_s`, what
        it left of its session killed first, up to the restart limit. `nice` above 0 lets all others
        go first when cores are short. Raises EnvironmentLacks when
        the program cannot be started, ValueError when a live child has the same name.
        """
        slot = Slot(
            name,
            role,
            tuple(argv),
            log,
            dict(env or {}),
            cwd,
            restart,
            restart_delay_s,
            pipes,
            nice,
        )
        if restart and pipes:
            raise ValueError(f"{name}: a process with pipes cannot be restarted behind their user")
        with self._lock:
            if self._guardian is None:
                raise RuntimeError("a Supervisor starts processes only inside its `with` block")
            if any(other.name == name and other.taken for other in self._slots):
                raise ValueError(f"a child named {name} runs already")
            self._slots.append(slot)
        # Launched in a thread because there no signal can come between the start of the process and
        # its registration; an interrupted `start` leaves a slot that `stop_all` finds.
        threading.Thread(target=self._keep, args=(slot,), name=f"keep-{name}", daemon=True).start()
        slot.launched.wait()
        if slot.error is not None:
            with self._lock:
                self._slots.remove(slot)
            raise slot.error
        if slot.child is None:
            raise RuntimeError(f"{name} was stopped before it was started")
        return slot.child

    def stop(self, *children: Child, patience_s: float | None = None) -> None:
        """End these children, or what was restarted in their place, with all that they started.

        SIGTERM to all at once, `patience_s` shared, then SIGKILL. A child that has ended before is no
        error. Raises InstrumentFailed when something survives even that.
        """
        names = {child.name for child in children}
        pids = {child.pid for child in children}
        with self._lock:
            slots = [
                slot
                for slot in self._slots
                if slot.name in names
                and (slot.child is None or slot.restart or slot.child.pid in pids)
            ]
        self._end_with_patience(slots, patience_s)

    def stop_named(self, names: Iterable[str], *, patience_s: float | None = None) -> None:
        """`stop` for all that runs, is due to be restarted or left processes under these names."""
        wanted = frozenset(names)
        with self._lock:
            slots = [slot for slot in self._slots if slot.name in wanted]
        self._end_with_patience(slots, patience_s)

    def stop_all(self) -> None:
        """End all children, the last started first, with one patience for all of them.

        Every child is tried even when another one resists or an interrupt comes; what went wrong is
        raised afterwards.
        """
        to_the_end(self._stop_all)

    def hit(self, name: str, signum: signal.Signals) -> tuple[int, ...]:
        """Send a signal to the live child `name` and to all that it started, at once; their pids.

        This is a fault, not an end that was asked for: a death that follows is in `deaths`, and a child
        that is to be restarted is. Empty when no such child lives.
        """
        child = self.current(name)
        if child is None:
            return ()
        pids = tuple(row.pid for row in live_members(sessions_of(child.pid, child.mark)))
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)
        return pids

    def children(self, role: Role | None = None) -> tuple[Child, ...]:
        """The live children, of one role or of all, in the order of their start."""
        with self._lock:
            slots = tuple(self._slots)
        return tuple(
            slot.child
            for slot in slots
            if slot.child is not None and slot.child.alive() and role in (None, slot.role)
        )

    def current(self, name: str) -> Child | None:
        """The live child of this name; None while a restart is due, or when there is none."""
        return next((child for child in self.children() if child.name == name), None)

    def deaths(self) -> tuple[Death, ...]:
        """All exits so far that nobody asked for, in the order of time.

        Raises, once, what went wrong in the background: EnvironmentLacks when a restart failed.
        """
        self._raise_failure()
        with self._lock:
            return tuple(self._deaths)

    def forget_deaths(self) -> None:
        """Count none of the deaths so far: they were another job's."""
        with self._lock:
            self._deaths.clear()

    def discard_at_end(self, path: Path) -> None:
        """Delete the folder `path` when the supervisor ends, or when the tool is killed."""
        path = path.absolute()
        if path == Path.home() or path in Path.home().parents:
            raise ValueError(f"{path} is no temporary folder")
        with self._lock:
            if self._guardian is None:
                raise RuntimeError("a Supervisor owns folders only inside its `with` block")
            self._folders.append(path)
            self._guardian.folder(path)

    def discard(self, path: Path) -> None:
        """Delete a folder given to `discard_at_end` now."""
        path = path.absolute()
        shutil.rmtree(path, ignore_errors=True)
        with self._lock:
            if path in self._folders and self._guardian is not None and not path.exists():
                self._folders.remove(path)
                self._guardian.keep(path)

    # --- in the thread of a slot ---

    def _keep(self, slot: Slot) -> None:
        """Launch, wait for the end, record it, and launch again if that is wanted."""
        try:
            while (child := self._launch(slot)) is not None:
                slot.launched.set()
                returncode = child.process.wait()
                monotonic_ns, realtime_ns = time.monotonic_ns(), time.time_ns()
                if slot.asked.is_set():
                    return
                again = slot.restart and slot.restarts < self._restart_limit
                death = Death(
                    slot.name, slot.role, child.pid, returncode,
                    monotonic_ns, realtime_ns, slot.log, again,
                )  # fmt: skip
                with self._lock:
                    self._deaths.append(death)
                if not again or slot.asked.wait(slot.restart_delay_s):
                    return
                slot.restarts += 1
                self._clear(child)
        except BaseException as error:
            if slot.launched.is_set():
                with self._lock:
                    self._failures.append(error)
            else:
                slot.error = error
        finally:
            slot.ended.set()
            slot.launched.set()

    def _launch(self, slot: Slot) -> Child | None:
        """A new process for `slot`, known to the guardian; None when its end has been asked for."""
        with slot.lock:
            if slot.asked.is_set():
                return None
            guardian = self._guardian
            assert guardian is not None
            try:
                slot.log.parent.mkdir(parents=True, exist_ok=True)
                bind_this_thread(self._cpu_sets.get(slot.role))  # it launches this slot only
                with slot.log.open("ab") as log:
                    process = subprocess.Popen(
                        slot.argv,
                        stdin=subprocess.PIPE if slot.pipes else subprocess.DEVNULL,
                        stdout=subprocess.PIPE if slot.pipes else log,
                        stderr=log,
                        env={**os.environ, **slot.env},
                        cwd=slot.cwd,
                        start_new_session=True,
                        bufsize=1,  # a line written to the child's input goes out at once
                        text=True,
                        encoding="utf-8",
                    )
            except OSError as error:
                raise EnvironmentLacks(
                    f"{slot.name} cannot be started: {error.strerror}: {error.filename}",
                    hint="streambench doctor",
                ) from error
            if slot.nice:
                lower_priority(process.pid, slot.nice)
            # Not yet waited for, so the pid cannot have been given to another process.
            mark = start_mark(process.pid)
            slot.child = Child(
                slot.name, slot.role, process.pid, slot.log, time.monotonic_ns(), process, mark
            )
            try:
                guardian.group(process.pid, mark)
            except InstrumentFailed:
                self._clear(slot.child)
                process.wait()
                close_pipes(slot.child)
                raise
            return slot.child

    def _clear(self, child: Child) -> None:
        """Kill what is left of a child's session, so that two of a name never run at once."""
        left = end_sessions(sessions_of(child.pid, child.mark), patience_s=0.0)
        require_gone(child.name, left)
        self._forget(child)

    # --- ending ---

    def _unwind(self) -> None:
        """Everything that leaving the `with` block does, each step tried whatever the others did."""
        problems: list[BaseException] = []
        try:
            self._stop_all()
        except InstrumentFailed as error:
            problems.append(error)
        for folder in tuple(self._folders):
            self.discard(folder)
        guardian, self._guardian = self._guardian, None
        if guardian is not None:
            guardian.done()
        problems += self._failures
        if problems:
            raise problems[0]

    def _stop_all(self) -> None:
        deadline_s = time.monotonic() + self._patience_s
        problems: list[BaseException] = []
        with self._lock:
            slots = tuple(reversed(self._slots))
        for slot in slots:
            slot.asked.set()  # none may be restarted while those it needs go away
        for slot in slots:
            try:
                self._end([slot], max(deadline_s - time.monotonic(), _LEAST_PATIENCE_S))
            except InstrumentFailed as error:
                problems.append(error)
        if problems:
            raise problems[0]

    def _end_with_patience(self, slots: Sequence[Slot], patience_s: float | None) -> None:
        chosen_s = self._patience_s if patience_s is None else patience_s
        to_the_end(lambda: self._end(slots, chosen_s))

    def _end(self, slots: Sequence[Slot], patience_s: float) -> None:
        """End the sessions of all `slots`, whatever runs in them, and forget those that are gone."""
        sessions: set[int] = set()
        for slot in slots:
            slot.asked.set()
            with slot.lock:  # a launch under way is finished first
                child = slot.child
            if child is not None:
                sessions |= sessions_of(child.pid, child.mark)
        left = end_sessions(sessions, patience_s=patience_s)
        resisting = {row.session for row in left}
        for slot in slots:
            if slot.child is not None and slot.child.pid not in resisting:
                slot.ended.wait()  # its own thread reaps it
                close_pipes(slot.child)
                self._forget(slot.child)
        with self._lock:
            self._slots = [slot for slot in self._slots if slot not in slots]
        require_gone(" and ".join(slot.name for slot in slots), left)

    def _forget(self, child: Child) -> None:
        # A guardian that died is reported by the next start; it must not keep others from being ended.
        with contextlib.suppress(InstrumentFailed):
            if self._guardian is not None:
                self._guardian.drop(child.pid)

    def _raise_failure(self) -> None:
        """Hand what went wrong in a slot's thread to the caller, once."""
        with self._lock:
            failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure
