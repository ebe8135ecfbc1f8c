"""Setting up what is around an engine: where it fails, no engine has."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from streambench.kafka.broker_versions import artifacts_of_testbed
from streambench.kafka.topics import topic_bytes
from streambench.load.trace import compile_trace
from streambench.model.errors import EngineSlow, InstrumentFailed
from streambench.model.trial import TraceRef
from streambench.runtime.artifacts import Resolved, resolve
from streambench.trial import testbed
from streambench.trial.workspace import Room, workspace
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.one_broker import one_broker


def test_a_broker_that_does_not_start_is_not_an_engines_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*given: object, **named: object) -> None:
        raise EngineSlow(
            "the Kafka broker was not ready after 60.0 s", stage="start", hint="less x"
        )

    monkeypatch.setattr(testbed, "start_broker", slow)
    with (
        workspace(Room(0, 1_000, 60_000)) as place,
        pytest.raises(InstrumentFailed, match="the Kafka broker was not ready") as caught,
        testbed.embedded_testbed(
            place,
            Resolved(Path("java"), {"broker-4.4.0": ()}),
            shape=testbed.TestbedShape(4),
            broker_warm_up=TraceRef(tmp_path, "", 0, 0),
        ),
    ):
        pass
    assert caught.value.hint == "less x"


@pytest.mark.broker
def test_jobs_of_a_shared_place_have_topics_and_folders_of_their_own(tmp_path: Path) -> None:
    workload = load_workload(find("clicks"))
    load = compile_trace(
        workload, duration_ms=1_000, seed=1, cache=tmp_path / "loads", rate_per_s=1_000
    )
    artifacts = resolve(artifacts_of_testbed())
    seen: list[tuple[str, str, int]] = []
    folders: list[Path] = []
    broker = one_broker.broker
    for _ in range(2):
        with (
            one_broker.workspace(Room(0, 10_000, 600_000)) as place,
            testbed.embedded_testbed(
                place,
                artifacts,
                shape=testbed.TestbedShape(workload.partitions),
                broker_warm_up=load.ref,
            ) as bed,
        ):
            bed.player.play(
                load.ref,
                start_realtime_ns=time.time_ns(),
                event_offset_ms=0,
                send_log=bed.scratch / "load.parquet",
                unthrottled=True,
            ).wait(30)
            written = topic_bytes(broker, bed.input_topic)
            seen.append((bed.input_topic, bed.output_topic, written))
            folders.append(bed.scratch)
    assert broker.child.alive()
    (first, _, bytes_first), (second, _, bytes_second) = seen
    assert first != second
    assert bytes_first == bytes_second > load.ref.records
    assert not any(folder.exists() for folder in folders)
