"""What an engine left of its event clock, by which late records are told exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Batches: TypeAlias = Sequence[tuple[int, Mapping[int, int]]]
"""Per micro-batch from the first: the watermark in its metadata (ms since the epoch), and the end
offset (exclusive) of each partition."""


@dataclass(frozen=True, eq=False)
class MovedLog:
    """The records in the topic to which they were moved by their group, in the order of its log.

    One entry a record: its partition there, its group as a place in `groups` (texts, `workload.keys`), and its
    event time relative to the trace's origin. Records that are none of the load's may be among them. `restarted`:
    an engine that began anew in between may have forgotten its clock.
    """

    partition: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    groups: Sequence[str]
    event_ms: npt.NDArray[np.int64]
    restarted: bool = False


@dataclass(frozen=True, eq=False)
class ClockEvidence:
    """What is known of one engine's clock; each clock asks for its own part, and without it bounds are wide.

    Of a micro-batch engine: its `batches`, the offset of the trace's first record in each partition (0 where
    absent), and what was added to event times at play. Where records were moved: the log of that topic.
    """

    batches: Batches | None = None
    first_offsets: Mapping[int, int] = field(default_factory=dict)
    event_offset_ms: int = 0
    moved: MovedLog | None = None


NO_EVIDENCE = ClockEvidence()
