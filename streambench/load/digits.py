"""The texts of many whole numbers and decimals at once, laid out in columns of digits."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Bytes: TypeAlias = npt.NDArray[np.uint8]
Integers: TypeAlias = npt.NDArray[np.int64]
_GROUP: Final = 4
_GROUP_VALUE: Final = 10**_GROUP
_POWERS: Final = 10 ** np.arange(1, 19, dtype=np.uint64)


def _groups() -> npt.NDArray[np.uint32]:
    """The four digits of each number below 10,000, as one 32-bit word."""
    numbers = np.arange(_GROUP_VALUE)
    digits = np.stack([numbers // 10**place % 10 for place in (3, 2, 1, 0)], axis=1)
    return np.ascontiguousarray(digits + ord("0"), np.uint8).view(np.uint32).reshape(-1)


_TEXT_OF_GROUP: Final = _groups()


def texts(units: Integers, scale: int, padding: int) -> tuple[Bytes, Integers]:
    """The text of each number of `units` of the last of `scale` digits behind the point, all of them written.

    Returns a matrix (numbers, greatest length) and the length of each. The texts end at its right edge: `padding`
    stands before the first digit, and behind a minus where others have more digits.
    """
    count = len(units)
    negative = units < 0
    # The least of all has no positive counterpart but without a sign.
    size = np.where(negative, 0 - units.view(np.uint64), units.view(np.uint64))
    digits = _digits_of(size)
    np.maximum(digits, scale + 1, out=digits)
    widest = int(digits.max(initial=scale + 1))
    plain = _digits(size, widest)
    point = 1 if scale else 0
    signed = 1 if negative.any() else 0
    matrix = np.empty((count, signed + widest + point), np.uint8)
    whole = widest - scale
    matrix[:, signed : signed + whole] = plain[:, :whole]
    if scale:
        matrix[:, signed + whole] = ord(".")
        matrix[:, signed + whole + 1 :] = plain[:, whole:]
    shortest = int(digits.min(initial=widest))
    for place in range(widest - shortest):
        matrix[:, signed + place][digits < widest - place] = padding
    if signed:
        matrix[:, 0] = np.where(negative, ord("-"), padding)
    return matrix, digits + point + negative


def _digits_of(size: npt.NDArray[np.uint64]) -> Integers:
    """How many digits each number has."""
    digits = np.ones(len(size), np.int64)
    greatest = int(size.max(initial=0))
    for power in _POWERS:
        if power > greatest:
            break
        digits += size >= power
    if greatest >= 10**19:
        digits += size >= np.uint64(10**19)
    return digits


def _digits(size: npt.NDArray[np.uint64], width: int) -> Bytes:
    """The last `width` digits of each number, with zeros before shorter ones."""
    groups = -(-width // _GROUP)
    # 32 bits are divided four times faster than 64.
    rest: npt.NDArray[Any] = size.astype(np.uint32) if int(size.max(initial=0)) < 1 << 32 else size
    words = np.empty((len(size), groups), np.uint32)
    for group in range(groups - 1, 0, -1):
        higher = rest // _GROUP_VALUE
        words[:, group] = _TEXT_OF_GROUP[rest - higher * _GROUP_VALUE]
        rest = higher
    words[:, 0] = _TEXT_OF_GROUP[rest]
    found: Bytes = words.view(np.uint8)[:, groups * _GROUP - width :]
    return found
