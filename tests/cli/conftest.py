"""Commands up to what they would carry out."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from streambench.experiment.request import Request
from streambench.model.errors import ExitCode
from streambench.model.search import SearchTerms
from streambench.model.sweep import Axis, AxisName
from streambench.trial.workspace import Workspaces


class Asked:
    """What a command would have carried out."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.requests: tuple[Request, ...] = ()
        self.axes: tuple[Axis, ...] = ()
        self.leaves_out: object = None
        self.cold = False
        self.terms: SearchTerms | None = None
        self.records: int | None = None
        self.workspaces: Workspaces | None = None
        self.compiled: object = None

    @property
    def one(self) -> Request:
        (request,) = self.requests
        return request


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The next command's; rates that are chosen by the way are the workload's own and its double."""
    monkeypatch.chdir(tmp_path)
    found = Asked()

    def bench(
        requests: tuple[Request, ...],
        axes: tuple[Axis, ...] = (),
        leaves_out: object = None,
        *,
        cold: bool = False,
        workspaces: Workspaces,
        compiled: object = None,
    ) -> ExitCode:
        found.requests, found.axes, found.leaves_out = requests, axes, leaves_out
        found.cold, found.workspaces, found.compiled = cold, workspaces, compiled
        return ExitCode.OK

    def auto_axis(request: Request) -> Axis:
        rate = float(request.load_rate_per_s)
        return Axis(AxisName.RATE, (rate, 2 * rate))

    def find(
        request: Request, terms: SearchTerms, *, workspaces: Workspaces, compiled: object
    ) -> ExitCode:
        found.requests, found.terms, found.workspaces = (request,), terms, workspaces
        found.compiled = compiled
        return ExitCode.OK

    def drain(
        request: Request, records: int, *, workspaces: Workspaces, compiled: object
    ) -> ExitCode:
        found.requests, found.records, found.workspaces = (request,), records, workspaces
        found.compiled = compiled
        return ExitCode.OK

    monkeypatch.setattr("streambench.cli.bench.bench", bench)
    monkeypatch.setattr("streambench.cli.bench.auto_axis", auto_axis)
    monkeypatch.setattr("streambench.cli.finding.find", find)
    monkeypatch.setattr("streambench.cli.draining.drain", drain)

    def lock(**_: Any) -> nullcontext[None]:
        return nullcontext()

    monkeypatch.setattr("streambench.runtime.runlock.RunLock", lock)
    return found
