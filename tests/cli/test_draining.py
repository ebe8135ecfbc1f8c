"""What is too little to be drained is refused, with what is enough."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from streambench.cli.draining import drain
from streambench.cli.planning import make_request
from streambench.model.conditions import Conditions
from streambench.model.errors import UsageError
from streambench.model.windows import Tumbling


@pytest.mark.parametrize(
    ("window_ms", "least", "hint"),
    [(500, "30,000", "--drain 1000000"), (60_000, "3,600,000", "--drain 3600000")],
)
def test_a_drain_needs_three_windows(window_ms: int, least: str, hint: str, tmp_path: Path) -> None:
    request = make_request(
        workload="clicks",
        engines=("reference",),
        settings=(),
        conditions=Conditions(),
        rate_per_s=None,
        measured_s=None,
        warm_up_s=None,
        faults=(),
        quick=False,
        repeats=1,
        seed=1,
        out=tmp_path,
        command="test",
    )
    query = dataclasses.replace(request.workload.query, window=Tumbling(window_ms))
    request = dataclasses.replace(
        request, workload=dataclasses.replace(request.workload, query=query)
    )
    with pytest.raises(UsageError, match=f"at least {least} records") as refused:
        drain(request, 29_999)
    assert refused.value.hint is not None
    assert hint in refused.value.hint
    assert not any(tmp_path.iterdir())
