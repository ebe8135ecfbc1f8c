"""One real broker for all tests of a session whose subject it is not; every job has topics of its own."""

from __future__ import annotations

import itertools
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

with warnings.catch_warnings():
    # kafka-python reads its schemas through functions that Python 3.11 and 3.12 call deprecated.
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    from streambench.kafka.broker import Broker
    from streambench.kafka.broker_versions import artifacts_of_testbed
    from streambench.kafka.topics import (
        TopicSpec,
        create_topics,
        input_topic_config,
        output_topic_config,
    )
    from streambench.load.trace import compile_trace
    from streambench.runtime.artifacts import resolve
    from streambench.runtime.paths import cache_dir
    from streambench.trial.testbed import warmed_broker
    from streambench.trial.workspace import Room, SharedPlace, Workspace, workspace
    from streambench.workload.locate import find
    from streambench.workload.parse import load_workload

_numbers = itertools.count(1)


JVM_OPTIONS = "JDK_JAVA_OPTIONS"


@contextmanager
def brief_jvms(options: str | None = "-XX:TieredStopAtLevel=1") -> Iterator[None]:
    """JVMs that are started meanwhile, save the broker's, do not optimize what soon ends anyway.

    On two cores a third of what a short job takes is the compiler's. None: as they are by themselves.
    """
    with pytest.MonkeyPatch.context() as patch:
        if options is None:
            patch.delenv(JVM_OPTIONS, raising=False)
        else:
            patch.setenv(JVM_OPTIONS, options)
        yield


class OneBroker:
    """A broker for many jobs, one after another: what an engine does with its load is not the broker's.

    It is started when it is first asked for, and stopped by `close`. A test that hits, restarts or measures
    a broker has one of its own.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._started: tuple[SharedPlace, Broker] | None = None
        self._starting = threading.Lock()

    @property
    def broker(self) -> Broker:
        """The running broker."""
        return self._running()[1]

    @contextmanager
    def workspace(self, room: Room) -> Iterator[Workspace]:
        """The place of a job."""
        with self._running()[0].workspace(room) as place:
            yield place

    def topics(self, partitions: int) -> tuple[str, str]:
        """Make an input and an output topic that nobody has used."""
        number = next(_numbers)
        names = f"input-of-test-{number}", f"output-of-test-{number}"
        configs = input_topic_config(), output_topic_config()
        create_topics(
            self.broker.access,
            tuple(
                TopicSpec(name, partitions, config)
                for name, config in zip(names, configs, strict=True)
            ),
        )
        return names

    def close(self) -> None:
        """Stop it; the next one who asks has another."""
        self._started = None
        self._open.close()

    def _running(self) -> tuple[SharedPlace, Broker]:
        with self._starting:
            if self._started is None:
                self._started = self._start()
            return self._started

    def _start(self) -> tuple[SharedPlace, Broker]:
        workload = load_workload(find("clicks"))
        load = compile_trace(
            workload, duration_ms=10_000, seed=7, cache=cache_dir() / "traces", rate_per_s=2_000
        )
        # The largest heap, and more records than all jobs together write.
        room = Room(4_096, 10_000_000, 1_000_000_000)
        with brief_jvms(None), ExitStack() as stack:
            place = stack.enter_context(workspace(room))
            broker = stack.enter_context(
                warmed_broker(place, resolve(artifacts_of_testbed()), workload.partitions, load.ref)
            )
            self._open = stack.pop_all()
        return SharedPlace(place, broker), broker


one_broker = OneBroker()
