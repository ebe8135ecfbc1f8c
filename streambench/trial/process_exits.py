"""A process that ends by itself ends the trial, and its log says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.plan import Role
from streambench.runtime.supervisor import Death, Supervisor
from streambench.runtime.waiting import tail

OWN_ROLES = (Role.BROKER, Role.PLAYER, Role.READER)


class Excuses(Protocol):
    """Whoever may have brought a process's death about."""

    def excuses(self, death: Death) -> bool:
        """Whether a death is its doing."""
        ...


def excused_by(*those: Excuses | None) -> Callable[[Death], bool]:
    """Which deaths are the doing of some of them."""
    return lambda death: any(each is not None and each.excuses(death) for each in those)


def fail_on_exit(
    supervisor: Supervisor, *, stage: str, excused: Callable[[Death], bool] | None = None
) -> None:
    """Raise for the first process that died unasked and is not `excused` (by a fault).

    EngineFailed for the engine's, InstrumentFailed for streambench's own (an invalid trial).
    """
    for death in supervisor.deaths():
        if excused is not None and excused(death):
            continue
        said = tail(death.log)
        if death.role in OWN_ROLES:
            raise InstrumentFailed(
                f"the {death.role.value} died by itself (exit {death.returncode}): {said}"
            )
        raise EngineFailed(
            f"{death.name} (pid {death.pid}) died by itself with exit {death.returncode}",
            stage=stage,
            hint="see the end of its log in the report, or run: streambench logs",
            log_tail=said,
        )
