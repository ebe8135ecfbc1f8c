"""What a control group leaves this process: processor time and memory, of version 1 and 2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_UNLIMITED: Final = "max"
# Version 1 has no word for it: the greatest number of pages that the kernel counts, in bytes.
_V1_UNLIMITED_BYTES: Final = 1 << 60


@dataclass(frozen=True)
class ControlGroups:
    """Where the kernel says to which groups this process belongs, and where their file systems are mounted.

    A limit of any parent holds as well, so that all of them are asked, as far up as can be seen.
    """

    membership: Path = Path("/proc/self/cgroup")
    mount: Path = Path("/sys/fs/cgroup")

    def folders(self, controller: str) -> Iterator[tuple[int, Path]]:
        """(version, folder) of every group that a controller of this process may be limited by."""
        for version, names, path in self._memberships():
            if version == 1 and controller not in names.split(","):
                continue
            for root in self._roots(version, names, controller):
                yield from ((version, folder) for folder in _upwards(root, path))

    def _memberships(self) -> Iterator[tuple[int, str, str]]:
        for line in _lines(self.membership):
            number, names, path = line.split(":", 2)
            yield (2, "", path) if (number, names) == ("0", "") else (1, names, path)

    def _roots(self, version: int, names: str, controller: str) -> tuple[Path, ...]:
        if version == 2:
            # Beside version 1 it has a folder of its own, in which controllers may be missing.
            both = (self.mount, self.mount / "unified")
            return tuple(root for root in both if (root / "cgroup.controllers").exists())
        either = (self.mount / names, self.mount / controller)
        return tuple(root for root in either if root.is_dir())[:1]


HERE: Final = ControlGroups()


def cpu_quota_cores(groups: ControlGroups = HERE) -> float | None:
    """How many cores' worth of time the least quota allows, fractions included; None where there is none."""
    quotas = (_quota_cores(version, folder) for version, folder in groups.folders("cpu"))
    return min((quota for quota in quotas if quota is not None), default=None)


def memory_limit_bytes(groups: ControlGroups = HERE) -> int | None:
    """The least limit of memory; None where there is none."""
    return _least(groups, _memory_limit_bytes)


def memory_room_bytes(groups: ControlGroups = HERE) -> int | None:
    """The least that a limit of memory leaves; None where there is none."""
    return _least(groups, _memory_room_bytes)


@dataclass(frozen=True)
class Throttling:
    """Cumulative: the periods in which a group with a quota ran, and those in which it was stopped."""

    periods: int
    throttled: int


def throttling(groups: ControlGroups = HERE) -> Throttling | None:
    """Of the group that was stopped most often; None where no quota holds or nothing is counted."""
    found = []
    for version, folder in groups.folders("cpu"):
        if _quota_cores(version, folder) is not None:
            counted = _table(folder / "cpu.stat")
            if "nr_periods" in counted and "nr_throttled" in counted:
                found.append(Throttling(counted["nr_periods"], counted["nr_throttled"]))
    return max(found, key=lambda each: each.throttled, default=None)


def _least(groups: ControlGroups, of: Callable[[int, Path], int | None]) -> int | None:
    found = (of(version, folder) for version, folder in groups.folders("memory"))
    return min((value for value in found if value is not None), default=None)


def _quota_cores(version: int, folder: Path) -> float | None:
    if version == 2:
        quota, _, period = _text(folder / "cpu.max").partition(" ")
    else:
        quota, period = (_text(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    if not quota.isdigit() or not period.isdigit() or not int(period):  # "max", -1, or no such file
        return None
    return int(quota) / int(period)


def _memory_limit_bytes(version: int, folder: Path) -> int | None:
    text = _text(folder / ("memory.max" if version == 2 else "memory.limit_in_bytes"))
    if not text.isdigit() or int(text) >= _V1_UNLIMITED_BYTES:
        return None
    return int(text)


def _memory_room_bytes(version: int, folder: Path) -> int | None:
    limit = _memory_limit_bytes(version, folder)
    used = _text(folder / ("memory.current" if version == 2 else "memory.usage_in_bytes"))
    if limit is None or not used.isdigit():
        return None
    # Page cache counts as used, yet gives way. Version 1 counts the children's under another name.
    cache = "inactive_file" if version == 2 else "total_inactive_file"
    return max(0, limit - int(used) + _table(folder / "memory.stat").get(cache, 0))


def _upwards(root: Path, path: str) -> Iterator[Path]:
    """The group's folder and all above it. In a container the path may be one that only the host sees."""
    parts = [part for part in path.split("/") if part]
    if ".." in parts or not root.joinpath(*parts).is_dir():
        parts = []
    for length in range(len(parts), -1, -1):
        yield root.joinpath(*parts[:length])


def _lines(path: Path) -> list[str]:
    return [line for line in _text(path).splitlines() if line.count(":") >= 2]


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:  # no Linux, no such controller, or nothing that this process may read
        return ""


def _table(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
