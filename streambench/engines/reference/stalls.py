"""Stalls of the scripted engine: per hit, from when on and for how long which partition is silent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from streambench.model.written import WHOLE

_STALL: Final = re.compile(rf"(?:({WHOLE}):)?({WHOLE})\+({WHOLE})")


@dataclass(frozen=True)
class Stall:
    """From `begin_ms` after the hit on, for `length_ms`; `partition` None: all of them."""

    partition: int | None
    begin_ms: int
    length_ms: int


def parsed_stalls(text: str) -> tuple[tuple[Stall, ...], ...]:
    """`[PARTITION:]BEGIN+LENGTH` in ms, those of a hit with commas between, hits with slashes.

    `0+3000/0:0+3000,1:0+1500` is 3 s of all partitions after the first hit, and of two after the
    second. Raises ValueError.
    """
    if not text:
        return ()
    return tuple(
        tuple(_stall(piece) for piece in hit.split(",") if piece) for hit in text.split("/")
    )


def _stall(text: str) -> Stall:
    match = _STALL.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is no stall")
    partition, begin_ms, length_ms = match.groups()
    return Stall(None if partition is None else int(partition), int(begin_ms), int(length_ms))
