"""Coordinator and members by scripted records: who comes, who is refused, who is missed."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import cast

import pytest

from streambench import __version__
from streambench.cli.joining import admitted
from streambench.kafka.meeting.guest import Guest, MeetingOver
from streambench.kafka.meeting.host import Host, Member
from streambench.kafka.meeting.messages import (
    COORDINATOR,
    Announce,
    ClockProbe,
    Heartbeat,
    Letter,
    Order,
    ParcelPart,
    Report,
    encode,
)
from streambench.kafka.meeting.party import MeetingPolicy, Speaker
from streambench.kafka.meeting.serving import serve_orders
from streambench.kafka.one_record import Appended
from streambench.model.errors import ClocksApart, EnvironmentLacks, InstrumentFailed, UsageError
from streambench.runtime.signals import Terminated
from streambench.runtime.waiting import wait_until

from .memory_log import MemoryLog, Records

QUICK = MeetingPolicy(beat_s=0.02, silent_beats=8, lost_s=0.3)
WAIT_S = 10.0


def wanted(seat: int | None, seats: int = 2, version: str = __version__) -> Announce:
    return Announce("shard", seat, seats, version, f"host-{seat}")


def no_hint(seat: int) -> str:
    return f"come {seat}"


def _failure(asked: Callable[[], None]) -> str | None:
    try:
        asked()
    except InstrumentFailed as failed:
        return str(failed)
    return None


class Scene:
    """A meeting under way, whose parts end with the test."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.records = Records()
        self.told: list[str] = []

    def host(self, seats: int = 2, *, twice: bool = False) -> Host:
        log = MemoryLog(self.records, twice=twice)
        return self.stack.enter_context(Host(log, "shard", seats, policy=QUICK))

    def guest(self, name: str, *, twice: bool = False) -> Guest:
        log = MemoryLog(self.records, twice=twice)
        return self.stack.enter_context(Guest(log, name, policy=QUICK))

    def joined(self, name: str, seat: int, seats: int = 2) -> Guest:
        guest = self.guest(name)
        guest.join(wanted(seat, seats), WAIT_S)
        return guest

    def gather(self, host: Host, timeout_s: float = WAIT_S) -> None:
        host.gather(timeout_s, self.told.append, no_hint)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(stack)


def answering(guest: Guest, result: dict[str, object]) -> None:
    """Answer the next order, in the background."""

    def answer() -> None:
        order = None
        while order is None:
            order = guest.next_order(0.1)
        guest.say(Report(order.number, result))

    threading.Thread(target=answer, daemon=True).start()


def test_all_come_get_an_order_and_report(scene: Scene) -> None:
    host = scene.host()
    guests = [scene.joined("a", 0), scene.joined("b", 1)]
    scene.gather(host)
    assert scene.told == ["shard 0/2 on host-0 is here", "shard 1/2 on host-1 is here"]
    given = host.order("play", {"at": 5})
    for number, guest in enumerate(guests):
        answering(guest, {"number": number})
    assert host.reports(given, WAIT_S) == [{"number": 0}, {"number": 1}]


def test_an_order_to_one_is_heard_by_that_one(scene: Scene) -> None:
    host = scene.host()
    first, second = scene.joined("a", 0), scene.joined("b", 1)
    scene.gather(host)
    given = host.order("send", {}, host.members[1:])
    answering(second, {})
    host.reports(given, WAIT_S)
    assert first.waiting() is None


def test_who_announced_itself_before_the_coordinator_listened_is_admitted(scene: Scene) -> None:
    early = Speaker(scene.records.log(), "early")
    early.say(wanted(0, 1))
    host = scene.host(1)
    scene.gather(host)
    assert host.members[0].name == "early"


def test_missing_shards_are_named_and_told_how_to_come(scene: Scene) -> None:
    host = scene.host(4)
    scene.joined("b", 1, 4)
    scene.joined("d", 3, 4)
    with pytest.raises(
        InstrumentFailed, match=r"^shard 0/4, shard 2/4 have not come within 0 s$"
    ) as raised:
        scene.gather(host, 0.1)
    assert raised.value.hint == "come 0"


@pytest.mark.parametrize(
    ("announced", "why"),
    [
        (wanted(0), "shard 0/2 on host-0 is there already"),
        (wanted(1, 3), "this run has 2 shards, from 0/2 to 1/2"),
        (wanted(2), "this run has 2 shards, from 0/2 to 1/2"),
        (wanted(None, 3), "this run has 2 shards, from 0/2 to 1/2"),
        (wanted(1, version="9.9"), f"streambench 9.9, and the coordinator is {__version__}"),
        (Announce("worker", 1, 2, __version__, "h"), "waits for a shard, and this is a worker"),
    ],
)
def test_who_does_not_fit_is_refused_with_the_reason(
    scene: Scene, announced: Announce, why: str
) -> None:
    host = scene.host()
    scene.joined("a", 0)
    second = scene.guest("x")
    with pytest.raises(UsageError, match=why):
        second.join(announced, WAIT_S)
    scene.joined("b", 1)
    scene.gather(host)
    assert [member.name for member in host.members] == ["a", "b"]


def test_who_takes_any_seat_gets_one_that_is_free(scene: Scene) -> None:
    host = scene.host(3)
    scene.joined("b", 1, 3)
    seats = [scene.guest(name).join(wanted(None, 3), WAIT_S) for name in ("x", "y")]
    assert seats == [0, 2]
    scene.gather(host)
    assert [member.name for member in host.members] == ["x", "b", "y"]
    with pytest.raises(UsageError, match="all 3 shards are there already") as refused:
        scene.guest("z").join(wanted(None, 3), WAIT_S)
    assert refused.value.hint == "streambench play --help"


def test_a_seat_that_became_free_goes_to_who_takes_any(scene: Scene) -> None:
    host = scene.host(2)
    scene.joined("a", 0)
    leaving = scene.joined("b", 1)
    scene.gather(host)
    leaving.__exit__(None, None, None)
    assert scene.guest("c").join(wanted(None), WAIT_S) == 1


def test_who_speaks_another_protocol_is_refused(scene: Scene) -> None:
    scene.host()
    value = encode(Letter("newer", 1, ClockProbe())).replace(b'"streambench":1', b'"streambench":2')
    stranger = scene.guest("newer")
    scene.records.log().append(value)
    with pytest.raises(UsageError, match="it wrote a message of protocol 2"):
        stranger.join(wanted(0), WAIT_S)


def test_a_message_that_was_written_twice_counts_once(scene: Scene) -> None:
    host = scene.host(1, twice=True)
    guest = scene.guest("a", twice=True)
    guest.join(wanted(0, 1), WAIT_S)
    scene.gather(host)
    assert len(host.members) == 1
    host.order("play", {})
    assert guest.next_order(WAIT_S) is not None
    assert guest.next_order(0.2) is None


def test_a_failure_is_told_with_the_shards_name(scene: Scene) -> None:
    host = scene.host(1)
    guest = scene.joined("a", 0, 1)
    scene.gather(host)
    given = host.order("prepare", {})
    assert guest.next_order(WAIT_S) is not None
    guest.say(Report(given.number, error="there is no file"))
    with pytest.raises(InstrumentFailed, match="shard 0/1 on host-0: there is no file"):
        host.reports(given, WAIT_S)


@pytest.mark.parametrize(
    "failed", [ClocksApart("the clock of host-0 is far"), InstrumentFailed("?")]
)
def test_that_clocks_are_apart_is_known_on_the_other_host(
    scene: Scene, failed: InstrumentFailed
) -> None:
    def fails(order: Order) -> dict[str, object]:
        raise failed

    def serve() -> None:
        with Guest(MemoryLog(scene.records), "a", policy=QUICK) as guest:
            guest.join(wanted(0, 1), WAIT_S)
            serve_orders(guest, fails, scene.told.append)

    serving = threading.Thread(target=serve)
    with Host(MemoryLog(scene.records), "shard", 1, policy=QUICK) as host:
        serving.start()
        scene.gather(host)
        with pytest.raises(InstrumentFailed) as told:
            host.reports(host.order("play", {}), WAIT_S)
        assert isinstance(told.value, ClocksApart) is isinstance(failed, ClocksApart)
    serving.join(WAIT_S)
    assert not serving.is_alive()


def test_no_answer_in_time_is_told_with_the_shards_name(scene: Scene) -> None:
    host = scene.host(1)
    scene.joined("a", 0, 1)
    scene.gather(host)
    with pytest.raises(InstrumentFailed, match="shard 0/1 on host-0 did not answer within 0 s"):
        host.reports(host.order("play", {}), 0.1)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ZeroDivisionError("out of order"), "out of order"),
        (KeyboardInterrupt(), "it was interrupted"),
        (Terminated(signal.SIGTERM), "it was interrupted"),
    ],
)
def test_who_says_that_it_ends_is_missed_at_once(
    scene: Scene, error: BaseException, words: str
) -> None:
    host = scene.host()
    scene.joined("a", 0)
    leaving = Guest(scene.records.log(), "b", policy=QUICK)
    with suppress(type(error)), leaving:
        leaving.join(wanted(1), WAIT_S)
        scene.gather(host)
        given = host.order("play", {})
        raise error
    with pytest.raises(InstrumentFailed, match=rf"shard 1/2 on host-1 is gone: it says: {words}$"):
        host.reports(given, WAIT_S)
    with pytest.raises(InstrumentFailed, match="is gone"):
        host.order("play", {})


def test_who_falls_silent_is_missed_and_another_one_may_take_the_seat(scene: Scene) -> None:
    host = scene.host(1)
    speaker = Speaker(scene.records.log(), "mute")
    speaker.say(wanted(0, 1))  # and nothing more
    scene.gather(host)

    wait_until(lambda: _failure(host.check), what="the silence", timeout_s=WAIT_S)
    assert _failure(host.check) == ("shard 0/1 on host-0 is gone: nothing is heard of it any more")
    scene.joined("second", 0, 1)
    host.check()
    assert [member.name for member in host.members] == ["second"]


def test_a_broker_that_is_away_for_a_while_is_nobodys_death(scene: Scene) -> None:
    host = scene.host(1)
    guest = scene.joined("a", 0, 1)
    scene.gather(host)
    scene.records.away = True
    threading.Event().wait(0.2)  # ten heartbeats of either
    scene.records.away = False
    host.check()
    given = host.order("play", {})
    answering(guest, {})
    host.reports(given, WAIT_S)


@pytest.mark.parametrize("how", ["away", "gone"])
def test_a_topic_that_is_lost_for_good_ends_both(
    scene: Scene, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streambench.kafka.meeting.party._GONE_S", 0.1)
    host = scene.host(1)
    guest = scene.joined("a", 0, 1)
    scene.gather(host)
    setattr(scene.records, how, True)

    for asked in (host.check, guest.check):
        wait_until(lambda asked=asked: _failure(asked), what="the end", timeout_s=WAIT_S)  # type: ignore[misc]


def test_members_hear_that_all_is_over(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streambench.kafka.meeting.host._GOODBYE_S", 0.1)
    with Host(scene.records.log(), "shard", 1, policy=QUICK) as host:
        guest = scene.joined("a", 0, 1)
        scene.gather(host)
    with pytest.raises(MeetingOver) as raised:
        guest.next_order(WAIT_S)
    assert raised.value.reason is None


def test_a_coordinator_leaves_when_its_members_have_left(scene: Scene) -> None:
    left = threading.Event()

    def work() -> None:
        with suppress(MeetingOver), Guest(scene.records.log(), "a", policy=QUICK) as guest:
            guest.join(wanted(0, 1), WAIT_S)
            while True:
                guest.next_order(WAIT_S)
        left.set()

    with Host(scene.records.log(), "shard", 1, policy=QUICK) as host:
        threading.Thread(target=work, daemon=True).start()
        scene.gather(host)
        (member,) = host.members
    assert member.gone == "it says: the run is over"
    assert left.wait(WAIT_S)


def test_a_coordinator_that_falls_silent_is_missed_by_its_members(scene: Scene) -> None:
    mute = Speaker(scene.records.log(), COORDINATOR)
    guest = scene.guest("a")
    mute.say(Heartbeat())

    with pytest.raises(InstrumentFailed, match="nothing is heard of the coordinator any more"):
        guest.join(wanted(0, 1), WAIT_S)


def test_what_cannot_be_taken_in_ends_a_member_and_is_told(scene: Scene) -> None:
    def full(_: ParcelPart) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    host = scene.host(1)
    with suppress(InstrumentFailed), Guest(scene.records.log(), "a", chunk=full, policy=QUICK) as a:
        a.join(wanted(0, 1), WAIT_S)
        scene.gather(host)
        host.say(ParcelPart("recipe", 0, 1, ""))
        given = host.order("prepare", {})
        wait_until(lambda: _failure(a.check), what="the failure", timeout_s=WAIT_S)
        a.check()
    with pytest.raises(
        InstrumentFailed,
        match=r"shard 0/1 on host-0 is gone: it says: .* nothing can be heard any more: .*No space left",
    ):
        host.reports(given, WAIT_S)


def test_a_coordinator_that_can_take_nothing_in_says_why(scene: Scene) -> None:
    host = scene.host(1)
    scene.joined("a", 0, 1)
    scene.gather(host)
    host.members[0].reports = cast(dict[int, Report], ())  # what it hears cannot be put there
    guest = Speaker(scene.records.log(), "a")
    guest._number = 1_000
    guest.say(Report(1, {}))
    wait_until(lambda: _failure(host.check), what="the failure", timeout_s=WAIT_S)
    assert "nothing can be heard any more: 'tuple' object" in str(_failure(host.check))


def test_nobody_leaves_between_the_look_at_a_member_and_its_name(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = scene.host()
    scene.joined("a", 0)
    scene.joined("b", 1)
    scene.gather(host)
    present, left = Host._present, threading.Event()

    def leave() -> None:
        with host._party.changed:
            host._left(second, "it has ended")
        left.set()

    def slow(self: Host) -> list[Member]:
        threading.Thread(target=leave, daemon=True).start()
        left.wait(0.3)
        return present(self)

    _, second = host.members
    with monkeypatch.context() as patch:
        patch.setattr(Host, "_present", slow)
        assert [member.name for member in host.members] == ["a", "b"]
    assert left.wait(WAIT_S)
    assert "shard 1/2" in str(_failure(host.check))


def test_who_comes_when_all_is_over_is_told_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streambench.kafka.meeting.host._GOODBYE_S", 0.1)
    with Host(scene.records.log(), "shard", 1, policy=QUICK):
        pass
    late = scene.guest("late")
    with pytest.raises(EnvironmentLacks, match=r"^run monday has ended$") as raised:
        admitted(late, wanted(0, 1), "monday", WAIT_S)
    assert raised.value.hint is not None
    assert "--run-id monday" in raised.value.hint


def test_who_leaves_a_meeting_that_has_ended_waits_for_no_topic(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    class Noted(MemoryLog):
        def append(self, value: bytes) -> Appended:
            if b'"kind":"ended"' in value:
                done.append("said")
            return super().append(value)

        def give_up(self) -> None:
            done.append("gave up")

    with (
        Host(scene.records.log(), "shard", 1, policy=QUICK) as host,
        suppress(MeetingOver),
        Guest(Noted(scene.records), "a", policy=QUICK) as guest,
    ):
        guest.join(wanted(0, 1), WAIT_S)
        threading.Thread(target=host.close, daemon=True).start()
        while True:
            guest.next_order(WAIT_S)
    assert done == ["gave up", "said", "gave up"]
