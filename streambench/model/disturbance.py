"""Whether something else had a hand in a measurement: what the machine says, held against its limits."""

from __future__ import annotations

from dataclasses import dataclass

from streambench.model.machine import MachineLimits, MachineUsage

# Below this an engine left nothing to the generator.
SATURATED_IDLE_SHARE = 0.05


@dataclass(frozen=True)
class Disturbance:
    """`invalid` says why nothing can be said of the engine, `mark` what has to be known beside its figures."""

    invalid: str | None = None
    mark: str | None = None


def disturbance(machine: MachineUsage, limits: MachineLimits) -> Disturbance:
    """What disturbed a measured part (docs/method.md, the machine)."""
    foreign = _foreign_words(machine)
    if machine.foreign_share > limits.foreign_invalid_share:
        return Disturbance(invalid=foreign)
    steal = machine.steal_share
    if steal is not None and steal > limits.steal_invalid_share:
        return Disturbance(
            invalid=f"other guests of this host took {steal:.0%} of the processor's time"
        )
    throttled = machine.throttled_share
    if throttled is not None and throttled > limits.throttled_invalid_share:
        return Disturbance(
            invalid=f"the quota of processor time was used up in {throttled:.0%} of its periods, and "
            "everything stood still until the next"
        )
    memory = machine.memory_full_share
    if memory is not None and memory > limits.memory_full_invalid_share:
        return Disturbance(
            invalid=f"memory was short: for {memory:.0%} of the measured part nothing could go on "
            "until pages had been moved"
        )
    if machine.foreign_share > limits.foreign_marked_share:
        return Disturbance(mark=foreign)
    return Disturbance()


def saturated_by_the_engine(
    machine: MachineUsage, disturbed: Disturbance, *, only_late: bool, engine_seen: bool
) -> bool:
    """Whether a late load is the engine's doing: it, and nothing else, left the machine no room.

    Of an engine elsewhere nobody knows what it took of this machine, so it is to blame for nothing.
    """
    undisturbed = disturbed == Disturbance()
    left_no_room = undisturbed and machine.idle_share < SATURATED_IDLE_SHARE
    return only_late and engine_seen and left_no_room


def _foreign_words(machine: MachineUsage) -> str:
    share = f"something else was running: {machine.foreign_share:.0%} of the machine"
    named = ", ".join(f"{each.name} {each.share:.0%}" for each in machine.strangers)
    return f"{share} ({named})" if named else f"{share}, by processes that were not seen"
