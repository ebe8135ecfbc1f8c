"""A plan as JSON, for a program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from streambench.analysis.scale.plan import ScalePlan

VERSION: Final = 1


@dataclass(frozen=True)
class PublishedPlan:
    """What `streambench plan --json` prints; null is not known. Bytes are in bytes/s, of disks an hour."""

    version: int
    plan: ScalePlan


_ADAPTER: Final = TypeAdapter(PublishedPlan)


def plan_to_json(plan: ScalePlan) -> str:
    """The text of it."""
    return _ADAPTER.dump_json(PublishedPlan(VERSION, plan), indent=2).decode() + "\n"
