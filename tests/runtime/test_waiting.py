from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streambench.model.errors import EngineFailed
from streambench.runtime.waiting import tail, wait_until


def answers(*values: str | None) -> Callable[[], str | None]:
    iterator: Iterator[str | None] = iter(values)
    return lambda: next(iterator)


def test_the_first_answer_that_is_not_none_is_returned() -> None:
    got = wait_until(answers(None, None, "yes", "no"), what="it", timeout_s=5, poll_s=0.001)
    assert got == "yes"


def test_false_is_waited_for_and_zero_is_an_answer() -> None:
    values: Iterator[int | bool] = iter((False, 0))
    assert wait_until(lambda: next(values), what="it", timeout_s=5, poll_s=0.001) == 0


def test_success_is_not_slept_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    wait_until(answers(None, "yes"), what="it", timeout_s=5, poll_s=3.0)
    assert slept == [3.0]


def test_a_dead_process_ends_the_wait_at_once_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("starting\nno such class: Query\n")
    start_s = time.monotonic()
    with pytest.raises(EngineFailed) as caught:
        wait_until(
            lambda: None, what="the worker", timeout_s=60, alive=lambda: False, log=log, stage="run"
        )
    assert time.monotonic() - start_s < 5
    assert "the worker ended" in caught.value.message
    assert caught.value.stage == "run"
    assert caught.value.log_tail.endswith("no such class: Query")
    assert str(log) in (caught.value.hint or "")


def test_a_slow_process_is_told_from_a_dead_one() -> None:
    with pytest.raises(EngineFailed, match=r"not ready after 0\.\d s although it still runs"):
        wait_until(lambda: None, what="it", timeout_s=0.05, alive=lambda: True, poll_s=0.01)


def test_what_became_ready_just_before_it_ended_is_ready() -> None:
    got = wait_until(answers(None, "done"), what="it", timeout_s=5, alive=lambda: False)
    assert got == "done"


def test_exceptions_of_the_question_pass_through() -> None:
    def ready() -> str | None:
        raise PermissionError("not yours")

    with pytest.raises(PermissionError):
        wait_until(ready, what="it", timeout_s=5)


def test_tail_gives_the_last_lines_and_nothing_of_a_missing_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log) == ""
    log.write_bytes(b"".join(b"line %d\n" % number for number in range(50_000)) + b"\xff end\n")
    assert tail(log, 2) == "line 49999\n� end"
