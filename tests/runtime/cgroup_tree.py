"""Trees of control groups as files, for what reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from streambench.runtime.cgroups import ControlGroups

Files = Mapping[str, Mapping[str, str]]
"""Folder, from the mount → file → text."""


def version_2(root: Path, own: str, files: Files) -> ControlGroups:
    """A tree of version 2; `own` is the group of the process."""
    groups = _tree(root, f"0::{own}\n", files)
    groups.mount.mkdir(parents=True, exist_ok=True)
    (groups.mount / "cgroup.controllers").write_text("cpu memory\n")
    return groups


def version_1(root: Path, own: str, files: Files) -> ControlGroups:
    """A tree of version 1 with version 2 beside it, as systemd has it; `own` for cpu and memory alike."""
    said = f"12:memory:{own}\n4:cpu,cpuacct:{own}\n1:name=systemd:/a:b\n0::/init.scope\n"
    groups = _tree(root, said, files)
    (groups.mount / "unified").mkdir(parents=True)
    (groups.mount / "unified" / "cgroup.controllers").write_text("")
    return groups


def _tree(root: Path, said: str, files: Files) -> ControlGroups:
    root.mkdir(parents=True, exist_ok=True)
    membership, mount = root / "cgroup", root / "fs"
    membership.write_text(said)
    for folder, texts in files.items():
        (mount / folder).mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (mount / folder / name).write_text(f"{text}\n")
    return ControlGroups(membership, mount)
