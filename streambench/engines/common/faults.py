"""Faults that an engine cannot have."""

from __future__ import annotations

from collections.abc import Mapping

from streambench.model.fault import FaultKind
from streambench.model.plan import Unsupported, Whose


def lacking(fault: FaultKind, gaps: Mapping[FaultKind, str]) -> Unsupported | None:
    """Why `fault` cannot happen to the engine whose `gaps` these are: for each the reason."""
    return Unsupported(Whose.UPSTREAM, gaps[fault]) if fault in gaps else None
