"""The coordinator of a meeting: admits members to their seats, gives orders, hears reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from streambench import __version__
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
from streambench.model.errors import ClocksApart, InstrumentFailed

_POLL_S: Final = 0.5
# Whose topic has gone before it heard the end would take the coordinator for lost.
_GOODBYE_S: Final = 5.0


@dataclass
class Member:
    """Who sits where, and what it last said of itself."""

    name: str
    seat: int
    host: str
    state: Mapping[str, Any] = field(default_factory=dict)
    reports: dict[int, Report] = field(default_factory=dict)
    gone: str | None = None


@dataclass(frozen=True)
class OrderGiven:
    """An order, and to whom it was given."""

    number: int
    members: tuple[Member, ...]


class Host:
    """A meeting of so many seats in one role. Raises InstrumentFailed as soon as somebody is missed.

    A seat whose member has gone may be taken by another one, who gets the orders that follow.
    """

    def __init__(
        self,
        log: MeetingLog,
        role: str,
        seats: int,
        *,
        version: str = __version__,
        policy: MeetingPolicy = POLICY,
    ) -> None:
        self._role = role
        self._seats: list[Member | None] = [None] * seats
        self._by_name: dict[str, Member] = {}
        self._version = version
        self._orders = 0
        self._over = False
        self._answered: set[str] = set()
        self._to_answer: list[Admission] = []
        self._presence = Presence(COORDINATOR, policy.silent_beats)
        self._party = Party(log, COORDINATOR, Hearer(self._hear, self._misheard), policy=policy)

    def __enter__(self) -> Host:
        self._party.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.close(None if error is None else "the run was broken off")

    def close(self, reason: str | None = None) -> None:
        """Tell all that it is over, and leave when they have left, or after some seconds."""
        try:
            if not self._party.mute and not self._over:
                self._over = True
                self._party.speaker.say(Ended(reason))
                self._party.wait_for(lambda: not self._present(), _GOODBYE_S)
        except LogLost:
            pass  # they hear no heartbeats any more, and leave by themselves
        finally:
            self._party.close()

    # --- coming together ---

    def gather(
        self, timeout_s: float, told: Callable[[str], None], hint: Callable[[int], str]
    ) -> None:
        """Wait until every seat is taken; `hint` is a command that makes a missing one come.

        `told` hears of each who comes. Raises InstrumentFailed, naming those that are missing.
        """
        shown: set[str] = set()

        def everybody() -> bool:
            self._answer()
            for member in self._present():
                if member.name not in shown:
                    shown.add(member.name)
                    told(f"{self.words(member)} is here")
            return all(self._seats)

        if not self._wait(everybody, timeout_s):
            missing = [seat for seat, member in enumerate(self._seats) if member is None]
            names = ", ".join(f"{self._role} {self._place(seat)}" for seat in missing)
            verb = "has" if len(missing) == 1 else "have"
            raise InstrumentFailed(
                f"{names} {verb} not come within {timeout_s:.0f} s", hint=hint(missing[0])
            )

    @property
    def members(self) -> tuple[Member, ...]:
        """Who sits there, by seat. Raises InstrumentFailed where somebody is missed."""
        with self._party.changed:  # nobody leaves between
            self._check()
            return tuple(self._present())

    def words(self, member: Member) -> str:
        """What a member is called."""
        return f"{self._role} {self._place(member.seat)} on {member.host}"

    def check(self) -> None:
        """Raise InstrumentFailed where a member has gone, or nothing can be heard of any."""
        with self._party.changed:
            self._check()

    # --- work ---

    def say(self, message: ParcelPart | ClockProbe) -> Appended:
        """Write something that asks for no answer. Raises InstrumentFailed."""
        try:
            return self._party.speaker.say(message)
        except LogLost as lost:
            raise _unheard(str(lost)) from lost

    def order(
        self,
        command: str,
        arguments: Mapping[str, Any],
        members: Sequence[Member] | None = None,
    ) -> OrderGiven:
        """Give an order to all members or to some. Raises InstrumentFailed."""
        to = self.members if members is None else tuple(members)
        self._orders += 1
        order = Order(self._orders, tuple(member.name for member in to), command, arguments)
        try:
            self._party.speaker.say(order)
        except LogLost as lost:
            raise _unheard(str(lost)) from lost
        return OrderGiven(order.number, to)

    def reported(self, given: OrderGiven) -> bool:
        """Whether all have answered. Raises InstrumentFailed where one has gone, or could not do it."""
        with self._party.changed:
            self._check(given.members)
            return self._all_reported(given)

    def reports(self, given: OrderGiven, timeout_s: float) -> list[Mapping[str, Any]]:
        """What they answered, in the order's own order; waits. Raises InstrumentFailed, as `reported`."""
        if not self._wait(lambda: self._all_reported(given), timeout_s, given.members):
            late = [each for each in given.members if given.number not in each.reports]
            raise InstrumentFailed(f"{self.words(late[0])} did not answer within {timeout_s:.0f} s")
        with self._party.changed:
            return [member.reports.pop(given.number).result for member in given.members]

    def _all_reported(self, given: OrderGiven) -> bool:
        for member in given.members:
            report = member.reports.get(given.number)
            if report is not None and report.error is not None:
                said = f"{self.words(member)}: {report.error}"
                raise ClocksApart(said) if report.by_clocks else InstrumentFailed(said)
        return all(given.number in member.reports for member in given.members)

    def _wait(
        self,
        ready: Callable[[], bool],
        timeout_s: float,
        members: Sequence[Member] | None = None,
    ) -> bool:
        left = timeout_s
        while True:
            with self._party.changed:
                self._check(members if members is not None else ())
            if self._party.wait_for(ready, min(left, _POLL_S)):
                return True
            left -= _POLL_S
            if left <= 0:
                return False

    def _check(self, members: Sequence[Member] | None = None) -> None:
        if self._party.lost is not None:
            raise _unheard(self._party.lost)
        for member in self._by_name.values() if members is None else members:
            if member.gone is not None and (members is not None or self._is_missed(member)):
                raise InstrumentFailed(f"{self.words(member)} is gone: {member.gone}")

    def _is_missed(self, member: Member) -> bool:
        return self._seats[member.seat] is None

    def _present(self) -> list[Member]:
        return [member for member in self._seats if member is not None]

    def _place(self, seat: int) -> str:
        return f"{seat}/{len(self._seats)}"

    # --- hearing, in the party's thread ---

    def _hear(self, letter: Letter) -> None:
        sender, message = letter.sender, letter.message
        self._presence.heard(sender, beat=isinstance(message, Heartbeat))
        member = self._by_name.get(sender)
        match message:
            case Announce():
                self._announced(sender, message)
            case Heartbeat(state=state) if member is not None:
                member.state = state
            case Report(number=number) if member is not None:
                member.reports[number] = message
            case Ended(reason=reason) if member is not None:
                self._left(member, f"it says: {reason}" if reason else "it has ended")
            case _:
                pass
        for silent in self._presence.silent():
            self._left(self._by_name[silent], "nothing is heard of it any more")

    def _misheard(self, foreign: NotOurs) -> None:
        if foreign.sender is not None:
            self._will_answer(Admission(foreign.sender, None, f"it wrote {foreign}"))

    def _announced(self, sender: str, wanted: Announce) -> None:
        if sender in self._by_name:
            return  # it has its seat
        found = self._seat_for(wanted)
        if isinstance(found, str):
            self._will_answer(Admission(sender, None, found))
            return
        member = Member(sender, found, wanted.host)
        self._seats[found] = self._by_name[sender] = member
        self._presence.expect(sender)
        self._will_answer(Admission(sender, found))

    def _seat_for(self, wanted: Announce) -> int | str:
        """The seat that a member may take, or why it may take none."""
        seats = len(self._seats)
        if wanted.version != self._version:
            return (
                f"it is streambench {wanted.version}, and the coordinator is {self._version}: "
                "both must be the same"
            )
        if wanted.role != self._role:
            return f"this run waits for a {self._role}, and this is a {wanted.role}"
        if wanted.seats != seats or not 0 <= (wanted.seat or 0) < seats:
            return f"this run has {seats} {self._role}s, from 0/{seats} to {seats - 1}/{seats}"
        if wanted.seat is None:
            free = [seat for seat, member in enumerate(self._seats) if member is None]
            return free[0] if free else f"all {seats} {self._role}s are there already"
        if (there := self._seats[wanted.seat]) is not None:
            return f"{self.words(there)} is there already"
        return wanted.seat

    def _left(self, member: Member, how: str) -> None:
        self._presence.forget(member.name)
        if member.gone is None:
            member.gone = how
            self._seats[member.seat] = None

    def _will_answer(self, answer: Admission) -> None:
        if answer.member not in self._answered:
            self._answered.add(answer.member)
            self._to_answer.append(answer)
            self._answer()

    def _answer(self) -> None:
        """Answer whoever has announced itself."""
        while self._to_answer:
            try:
                self._party.speaker.say(self._to_answer[0])
            except LogLost:
                return
            del self._to_answer[0]


def _unheard(why: str) -> InstrumentFailed:
    return InstrumentFailed(f"the topic in which the hosts meet cannot be used: {why}")
