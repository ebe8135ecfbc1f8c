"""Setting up what is around an engine: where it fails, no engine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.model.errors import EngineSlow, InstrumentFailed
from streambench.model.trial import TraceRef
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.trial import lab


def test_a_broker_that_does_not_start_is_not_an_engines_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*given: object, **named: object) -> None:
        raise EngineSlow(
            "the Kafka broker was not ready after 60.0 s", stage="start", hint="less x"
        )

    monkeypatch.setattr(lab, "start_broker", slow)
    with (
        Supervisor() as supervisor,
        pytest.raises(InstrumentFailed, match="the Kafka broker was not ready") as caught,
        lab.open_lab(
            supervisor,
            Resolved(Path("java"), {"broker": ()}),
            scratch=tmp_path / "scratch",
            log_dir=tmp_path,
            partitions=4,
            warm_up=TraceRef(tmp_path, "", 0, 0),
        ),
    ):
        pass
    assert caught.value.hint == "less x"
