"""How late the oldest row is that has not come, as it is shown while a load is played."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from streambench.load.trace import Trace
from streambench.model.windows import Tumbling
from streambench.oracle.expected import Due
from streambench.trial.rows_due import RowsDue
from tests.oracle.stand_in import keyed_windows, query

ROWS = keyed_windows((key, start) for key in ("a", "b") for start in (0, 100, 200))


def due(*, follows: bool = True) -> RowsDue:
    trace = SimpleNamespace(meta=SimpleNamespace(event_time_follows_due=follows))
    return RowsDue(cast(Trace, trace), Due(ROWS, ROWS), query(window=Tumbling(100), grace_ms=50))


def test_a_job_that_has_written_what_was_due_is_not_behind() -> None:
    rows = due()
    assert rows.rows == 6
    assert rows.behind_s(0, 149) == 0
    assert rows.behind_s(2, 249) == 0
    assert rows.behind_s(6, 10_000) == 0
    assert rows.behind_s(9, 10_000) == 0


def test_it_is_behind_since_the_oldest_row_was_due() -> None:
    rows = due()
    assert rows.behind_s(0, 1_150) == 1.0
    assert rows.behind_s(1, 1_150) == 1.0
    assert rows.behind_s(2, 1_250) == 1.0


def test_of_a_replay_it_is_not_known() -> None:
    assert due(follows=False).behind_s(0, 1_000) is None
