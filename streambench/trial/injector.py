"""Makes faults happen at their instants, in a thread beside the trial, and notes down what it did."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from streambench.engines.protocol import Job
from streambench.kafka.broker import BROKER, Broker, give_up_broker, restart_broker
from streambench.model.errors import InstrumentFailed, StreambenchError
from streambench.model.fault import FaultKind, Hit, Strike
from streambench.model.plan import Plan, Role
from streambench.model.windows import Window
from streambench.runtime.supervisor import Death, Supervisor
from streambench.trial.fault_commands import COMMAND_TIMEOUT_S, FaultCommands

_NS_PER_MS = 1_000_000
# How long a process may take to appear again; its engine may take longer to use it.
_BACK_TIMEOUT_S = 30.0
_POLL_S = 0.005
# The harm may come late: with one executor left Spark goes on for five seconds and then stops for four,
# when the other one is back.
LEAST_S = 15.0
_LOOK_S = 0.5


@dataclass(frozen=True)
class StrikeScene:
    """What strikes hit, and by which clocks; `start_monotonic_ns` is T0.

    `wider` is the plan with one worker more, for a rescaling. `recovered` is asked about twice a second
    between the acts of a repeated fault, after `struck` was called at the act. The next act waits for it
    `least_s` at least and `patience_s` at most. Commands of the user's write to `log_dir`, and may take
    `command_timeout_s`.
    """

    job: Job
    supervisor: Supervisor
    broker: Broker | None
    start_monotonic_ns: int
    window: Window
    commit_interval_ms: int
    struck: Callable[[], None]
    recovered: Callable[[], bool]
    patience_s: float
    log_dir: Path
    wider: Plan | None = None
    least_s: float = LEAST_S
    command_timeout_s: float = COMMAND_TIMEOUT_S


class Injector:
    """Carries out strikes one after another; a context manager, whose end stops it."""

    def __init__(self, strikes: Sequence[Strike], scene: StrikeScene) -> None:
        self._strikes = strikes
        self._scene = scene
        self._broker = scene.broker  # another one after a restart
        self._stopping = threading.Event()
        self._commands = FaultCommands(scene.supervisor, scene.log_dir, scene.command_timeout_s)
        self._thread = threading.Thread(target=self._run, name="faults", daemon=True)
        self._hits: list[Hit] = []
        self._leaders: set[int] = set()
        self._first_ns: int | None = None
        self._failure: BaseException | None = None
        self.notes: list[str] = []

    def __enter__(self) -> Injector:
        if self._strikes:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let no further act happen; a paused process is continued."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def end_commands(self) -> None:
        """End what commands of the user's left running. Raises InstrumentFailed when something resists."""
        self._commands.end()

    @property
    def begun(self) -> bool:
        """Whether any act has been begun, be it done or not."""
        return self._first_ns is not None

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What has been done so far."""
        return tuple(self._hits)

    @property
    def missed(self) -> str | None:
        """Why a fault did not happen, in words; None when all did. Asked after `stop`."""
        if len(self._hits) == len(self._strikes):
            return None
        said = f": {self._failure}" if self._failure is not None else ""
        return f"{len(self._hits)} of {len(self._strikes)} faults happened{said}"

    def excuses(self, death: Death) -> bool:
        """Whether a death is a fault's doing: its victim's, or an engine's process's after it."""
        if death.pid in self._leaders or self._commands.owns(death):
            return True
        after = self._first_ns is not None and death.monotonic_ns >= self._first_ns
        # A command may have killed any process of the engine, be it started again or not.
        of_engine = death.role in (Role.WORKER, Role.COORDINATOR)
        return after and (death.restarting or (self._commands.begun and of_engine))

    # --- in the thread ---

    def _run(self) -> None:
        try:
            for strike in self._strikes:
                if not self._wait_for(strike):
                    return
                self._carry_out(strike)
        except StreambenchError as error:
            self._failure = error

    def _now_ms(self) -> float:
        return (time.monotonic_ns() - self._scene.start_monotonic_ns) / _NS_PER_MS

    def _wait_for(self, strike: Strike) -> bool:
        """Wait for the strike's instant; False when the trial ended before it."""
        at_ms = strike.at_ms
        if strike.after_previous:
            hit_ms = self._hits[-1].at_ms
            if not self._sleep_until(hit_ms + self._scene.least_s * 1000):
                return False
            give_up_ms = hit_ms + self._scene.patience_s * 1000
            while self._now_ms() < give_up_ms and not self._scene.recovered():
                if self._stopping.wait(_LOOK_S):
                    return False
            at_ms += self._now_ms()
        return self._sleep_until(at_ms)

    def _sleep_until(self, at_ms: float) -> bool:
        while (left_ms := at_ms - self._now_ms()) > 0:
            if self._stopping.wait(left_ms / 1000):
                return False
        return True

    def _carry_out(self, strike: Strike) -> None:
        match strike.kind:
            case FaultKind.WORKER_KILL:
                self._kill(strike, Role.WORKER)
            case FaultKind.COORDINATOR_KILL:
                hit = self._kill(strike, Role.COORDINATOR)
                if hit.over_ms is not None:
                    self._resume()
            case FaultKind.WORKER_PAUSE:
                self._pause(strike)
            case FaultKind.BROKER_RESTART:
                self._restart_broker(strike)
            case FaultKind.BURST:
                self._note(strike, "the load", (), over=True)
            case FaultKind.RESCALE:
                self._rescale(strike)
            case FaultKind.COMMAND:
                self._command(strike)
            case _:
                assert_never(strike.kind)

    def _victim(self, strike: Strike, role: Role) -> str:
        targets = sorted(self._scene.job.targets(role), key=lambda target: target.name)
        if not targets:
            raise InstrumentFailed(f"no {role.value} was there to be hit")
        return targets[int(strike.victim * len(targets))].name

    def _kill(self, strike: Strike, role: Role) -> Hit:
        name = self._victim(strike, role)
        hit = self._signal(strike, name, signal.SIGKILL)
        return self._until_back(hit, name)

    def _pause(self, strike: Strike) -> None:
        name = self._victim(strike, Role.WORKER)
        hit = self._signal(strike, name, signal.SIGSTOP)
        try:
            self._sleep_until(hit.at_ms + (strike.lasts_ms or 0))
        finally:
            self._scene.supervisor.hit(name, signal.SIGCONT)
        self._replace(hit, over_ms=self._now_ms())

    def _restart_broker(self, strike: Strike) -> None:
        assert self._broker is not None, "a broker of others is not hit"
        hit = self._signal(strike, BROKER, signal.SIGKILL)
        death = self._death_of(hit)
        give_up_broker(self._scene.supervisor, self._broker)
        self._sleep_until(hit.at_ms + (strike.lasts_ms or 0))
        self._broker = restart_broker(self._scene.supervisor, self._broker)
        self._replace(hit, over_ms=self._now_ms(), exit_code=death.returncode)

    def _rescale(self, strike: Strike) -> None:
        if self._scene.wider is None:
            raise InstrumentFailed("there is no plan with one worker more")
        hit = self._note(strike, "the whole job", (), self._now_ms())
        try:
            self._scene.job.rescale(self._scene.wider)
        except StreambenchError as error:
            self.notes.append(f"the job could not be rescaled: {error.message}")
        else:
            self._replace(hit, over_ms=self._now_ms())

    def _command(self, strike: Strike) -> None:
        """Run it and wait for its end. One that fails is no hit: what it did then, nobody knows."""
        assert strike.command is not None, "a command has a text"
        self._first_ns = self._first_ns or time.monotonic_ns()
        at_ms = self._now_ms()
        child = self._commands.start(strike.command)
        hit = self._note(strike, None, (), at_ms)
        try:
            ended = self._commands.wait(child, strike.command, self._stopping)
        except StreambenchError:
            self._hits.remove(hit)
            raise
        over_ms = (ended.monotonic_ns - self._scene.start_monotonic_ns) / _NS_PER_MS
        self._replace(hit, over_ms=over_ms, exit_code=ended.exit_code, output=ended.output)

    def _resume(self) -> None:
        try:
            self._scene.job.resume()
        except StreambenchError as error:  # a finding: the engine did not come back
            self.notes.append(f"the job could not be resumed: {error.message}")

    def _signal(self, strike: Strike, name: str, signum: signal.Signals) -> Hit:
        """Hit a process and all that it started; its leader's death is expected from now on."""
        child = self._scene.supervisor.current(name)
        if child is not None:
            self._leaders.add(child.pid)
        self._first_ns = self._first_ns or time.monotonic_ns()
        at_ms = self._now_ms()
        pids = self._scene.supervisor.hit(name, signum)
        if child is None or not pids:
            raise InstrumentFailed(f"{name} was not there to be hit")
        return self._note(strike, name, (child.pid, *(p for p in pids if p != child.pid)), at_ms)

    def _note(
        self,
        strike: Strike,
        victim: str | None,
        pids: tuple[int, ...],
        at_ms: float | None = None,
        *,
        over: bool = False,
    ) -> Hit:
        at_ms = strike.at_ms if at_ms is None else at_ms
        self._first_ns = self._first_ns or time.monotonic_ns()
        realtime_ns = time.time_ns() - round((self._now_ms() - at_ms) * _NS_PER_MS)
        hit = Hit(
            kind=strike.kind,
            victim=victim,
            pids=pids,
            at_ms=at_ms,
            at_realtime_ns=realtime_ns,
            over_ms=at_ms if over else None,
            phase_in_window_ms=self._scene.window.phase_ms(at_ms),
            phase_in_commit_ms=at_ms % self._scene.commit_interval_ms,
            command=strike.command,
        )
        self._hits.append(hit)
        self._scene.struck()
        return hit

    def _replace(
        self,
        hit: Hit,
        *,
        over_ms: float | None,
        exit_code: int | None = None,
        output: tuple[str, ...] = (),
    ) -> Hit:
        done = replace(hit, over_ms=over_ms, exit_code=exit_code, output=output)
        self._hits[self._hits.index(hit)] = done
        return done

    def _death_of(self, hit: Hit) -> Death:
        """The death of what was hit; its session's leader comes first in `pids`."""
        while not self._stopping.is_set():
            for death in self._scene.supervisor.deaths():
                if death.pid == hit.pids[0]:
                    return death
            self._stopping.wait(_POLL_S)
        raise InstrumentFailed(f"{hit.victim} did not die")

    def _until_back(self, hit: Hit, name: str) -> Hit:
        """Wait until the supervisor has started the dead process again; for ever gone is a finding."""
        death = self._death_of(hit)
        deadline_s = time.monotonic() + _BACK_TIMEOUT_S
        while death.restarting and time.monotonic() < deadline_s and not self._stopping.is_set():
            child = self._scene.supervisor.current(name)
            if child is not None and child.pid != hit.pids[0]:
                back_ms = (child.started_monotonic_ns - self._scene.start_monotonic_ns) / _NS_PER_MS
                return self._replace(hit, over_ms=back_ms, exit_code=death.returncode)
            self._stopping.wait(_POLL_S)
        return self._replace(hit, over_ms=None, exit_code=death.returncode)
