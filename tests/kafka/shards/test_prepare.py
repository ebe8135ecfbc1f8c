"""A load is compiled on another host to the same bytes, or refused before it is played."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from streambench import __version__
from streambench.kafka.meeting.guest import Guest
from streambench.kafka.meeting.host import Host, Member, OrderGiven
from streambench.kafka.meeting.messages import COORDINATOR, Announce
from streambench.kafka.meeting.parcels import Parcels, name_of
from streambench.kafka.meeting.party import Hearer, MeetingPolicy, Party, Speaker
from streambench.kafka.player import Player
from streambench.kafka.shards.coordinator import MeetingPlace, Shards
from streambench.kafka.shards.data_file import content_of, with_own_file
from streambench.kafka.shards.player import ShardedPlayer
from streambench.kafka.shards.shard import Shard, ShardPlace
from streambench.load.trace import Trace, compile_trace
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess
from streambench.model.recipe import Recipe
from streambench.model.shards import Share
from streambench.model.workload import Replay, Workload
from streambench.runtime.supervisor import Supervisor
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.kafka.meeting.memory_log import Records

CLICKS = load_workload(find("clicks"))
FLIGHTS = load_workload(find("flights"))
QUICK = MeetingPolicy(beat_s=0.02, silent_beats=200, lost_s=5.0)
WAIT_S = 20.0


class Scene:
    """A coordinator and one shard, which work in folders of their own; the log is in memory."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.records = Records()
        self.told: list[str] = []
        self.cache = folder / "cache-there"
        for name in ("arrived-here", "arrived-there", "scratch"):
            (folder / name).mkdir()
        access = KafkaAccess("nowhere:1", {"sasl.jaas.config": "secret-word"})
        parcels = Parcels(folder / "arrived-there")
        place = ShardPlace(
            access, stack.enter_context(Supervisor()), folder / "scratch", self.cache, "there"
        )
        logs = Records()
        shard = Shard(Share(0, 1), place, parcels, Speaker(logs.log(), "s"), self.told.append)
        host = stack.enter_context(Host(self.records.log(), "shard", 1, policy=QUICK))
        guest = Guest(
            self.records.log(),
            "s",
            chunk=lambda part: parcels.hear(COORDINATOR, part),
            state=shard.state,
            policy=QUICK,
        )

        def work() -> None:
            with guest:
                guest.join(Announce("shard", 0, 1, __version__, "there"), WAIT_S)
                shard.serve(guest)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        host.gather(WAIT_S, lambda _: None, str)
        here = Parcels(folder / "arrived-here")
        listening = Party(logs.log(), COORDINATOR, Hearer(lambda _: None), state=None)
        self.shards = Shards(host, listening, here, MeetingPlace(access, "p-"))
        self.host = host
        stack.callback(thread.join)
        stack.callback(host.close)

    def compiled(self, workload: Workload, folder: Path) -> Trace:
        return compile_trace(workload, duration_ms=1_500, seed=2, cache=folder / "here")

    def parts(self) -> int:
        return sum(b'"parcelpart"' in value for value in self.records.values)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(stack, tmp_path)


@pytest.mark.parametrize("workload", [CLICKS, FLIGHTS], ids=lambda each: each.name)
def test_the_same_bytes_are_there_afterwards_and_once(
    scene: Scene, tmp_path: Path, workload: Workload
) -> None:
    trace = scene.compiled(workload, tmp_path)
    scene.shards.prepare(trace.ref)
    (there,) = scene.cache.glob(f"{workload.name}-*/records.bin")
    assert there.read_bytes() == trace.records_path.read_bytes()
    said = scene.parts()
    scene.shards.prepare(trace.ref)
    assert scene.parts() == said == 1


def test_no_message_holds_how_the_kafka_is_reached(scene: Scene, tmp_path: Path) -> None:
    scene.shards.prepare(scene.compiled(CLICKS, tmp_path).ref)
    said = b"\n".join(scene.records.values)
    assert b"prepare" in said
    assert b"secret-word" not in said
    assert b"nowhere" not in said


class OneAfterAnother:
    """A coordinator whose only member leaves when it has reported; another one takes its seat."""

    def __init__(self) -> None:
        self.members = (Member("first", 0, "there"),)

    def say(self, part: object) -> None:
        pass

    def order(self, command: str, arguments: object) -> OrderGiven:
        return OrderGiven(1, self.members)

    def reports(self, given: OrderGiven, timeout_s: float) -> list[object]:
        self.members = (Member("second", 0, "there"),)
        return [{}]


def test_who_came_after_a_load_was_prepared_has_not_got_it(scene: Scene, tmp_path: Path) -> None:
    host = OneAfterAnother()
    place = MeetingPlace(KafkaAccess("nowhere:1"), "p-")
    parcels = Parcels(tmp_path / "arrived-here")
    shards = Shards(cast(Host, host), cast(Party, None), parcels, place)
    ref = scene.compiled(CLICKS, tmp_path).ref
    shards.prepare(ref)
    assert not shards.has(ref)
    host.members = (Member("first", 0, "there"),)
    assert shards.has(ref)


def test_other_bytes_are_refused(scene: Scene, tmp_path: Path) -> None:
    ref = scene.compiled(CLICKS, tmp_path).ref
    with pytest.raises(
        InstrumentFailed, match=r"shard 0/1 on there: the load that is compiled here is another one"
    ):
        scene.shards.prepare(replace(ref, sha256="0" * 64))


def test_a_load_without_a_recipe_is_refused(scene: Scene, tmp_path: Path) -> None:
    ref = scene.compiled(CLICKS, tmp_path).ref
    with pytest.raises(InstrumentFailed, match="only the bytes are known"):
        scene.shards.prepare(replace(ref, recipe=None))


def test_what_was_not_prepared_or_opened_is_not_played(scene: Scene) -> None:
    for command, why in (("play", "has no topic"), ("send", "has no topic"), ("dance", "dance")):
        given = scene.host.order(command, {"records": [], "sha256": "0" * 64})
        with pytest.raises(InstrumentFailed, match=why):
            scene.host.reports(given, WAIT_S)


class IdlePlayer:
    """Is told to play, and must not be."""

    def close(self) -> None:
        pass


@pytest.mark.parametrize("unthrottled", [False, True])
@pytest.mark.parametrize("skew_ms", [3_600_000, -45])
def test_a_host_whose_clock_is_elsewhere_does_not_begin(
    scene: Scene,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    skew_ms: int,
    unthrottled: bool,
) -> None:
    monkeypatch.setattr(Player, "start", lambda *_, **__: IdlePlayer())
    ref = scene.compiled(CLICKS, tmp_path).ref
    player = ShardedPlayer(scene.shards, "t", 4, 1_000)
    player.connected()
    player.prepare(ref)
    scene.records.skew_ms = skew_ms

    def playing() -> None:
        player.play(
            ref,
            start_realtime_ns=0,
            event_offset_ms=0,
            send_log=tmp_path / "l.parquet",
            unthrottled=unthrottled,
        ).wait(WAIT_S)

    # The shard's own word, and then that of the coordinator, whose clock is as far away.
    with pytest.raises(
        InstrumentFailed, match=r"the clock of there \(shard 0/1\) is not the broker"
    ):
        playing()
    player.prepare(ref)
    with pytest.raises(InstrumentFailed, match=r"\(the coordinator\) is not the broker"):
        playing()
    player.close()


def replaying(path: Path) -> Recipe:
    assert isinstance(FLIGHTS.input, Replay)
    workload = replace(FLIGHTS, name="own", input=replace(FLIGHTS.input, path=path))
    return Recipe(workload, None, 1, None, 4)


def test_a_file_is_found_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    here, other = tmp_path / "data.csv", tmp_path / "elsewhere.csv"
    here.write_text("the same")
    other.write_text("the same")
    content = content_of(replaying(here))
    assert content == name_of(here)

    def found(*more: Path) -> Path:
        load = with_own_file(replaying(here), content, more).workload.input
        assert isinstance(load, Replay)
        return load.path

    assert found() == here
    assert found(other) == other
    here.write_text("other bytes")
    assert found(other) == other
    with pytest.raises(InstrumentFailed, match=r"data\.csv that own replays is not on this host"):
        found()
    own = tmp_path / "workloads" / "own"
    own.mkdir(parents=True)
    (own / "data.csv").write_text("the same")
    assert found() == own / "data.csv"
    here.unlink()
    (own / "data.csv").unlink()
    with pytest.raises(InstrumentFailed, match="there is none of its name"):
        found()


def test_generated_load_needs_no_file() -> None:
    recipe = Recipe(CLICKS, 1_000, 1, None, 4)
    assert content_of(recipe) is None
    assert with_own_file(recipe, None) is recipe


def test_shares_of_partitions_are_whole_and_apart() -> None:
    assert [Share(index, 3).partitions(8) for index in range(3)] == [3, 3, 2]
    assert str(Share(2, 3)) == "2/3"
