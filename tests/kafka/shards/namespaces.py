"""Hosts on one machine: network namespaces that are joined by a bridge; where there can be none, processes."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CLONE_NEWNET: Final = 0x40000000
_NET: Final = "10.77.0"


@dataclass(frozen=True)
class Hosts:
    """`address` is where the hub is reached from each host; `prefixes` run a command on one of them."""

    address: str
    prefixes: Sequence[Sequence[str]]


@contextmanager
def hosts(count: int) -> Iterator[Hosts]:
    """So many hosts; meanwhile this thread, and what it starts, is in the hub between them."""
    if os.geteuid() != 0 or shutil.which("ip") is None or not _can_be_made():
        yield Hosts("127.0.0.1", [()] * count)
        return
    mark = secrets.token_hex(3)
    hub = f"sb-{mark}-hub"
    names = [f"sb-{mark}-{number}" for number in range(count)]
    made: list[str] = []
    try:
        for name in (hub, *names):
            _ip("netns", "add", name)
            made.append(name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", hub, "link", "add", "middle", "type", "bridge")
        _ip("-n", hub, "addr", "add", f"{_NET}.1/24", "dev", "middle")
        _ip("-n", hub, "link", "set", "middle", "up")
        for number, name in enumerate(names):
            port = f"port{number}"
            _ip("-n", hub, "link", "add", port, "type", "veth", "peer", "eth0", "netns", name)
            _ip("-n", hub, "link", "set", port, "master", "middle", "up")
            _ip("-n", name, "addr", "add", f"{_NET}.{10 + number}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
        with _inside(hub):
            yield Hosts(f"{_NET}.1", [("ip", "netns", "exec", name) for name in names])
    finally:
        for name in made:
            _ip("netns", "del", name)


def _can_be_made() -> bool:
    name = f"sb-{secrets.token_hex(3)}-try"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return False
    _ip("netns", "del", name)
    return True


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stderr)


@contextmanager
def _inside(name: str) -> Iterator[None]:
    with Path("/proc/thread-self/ns/net").open() as former:
        with Path(f"/run/netns/{name}").open() as wanted:
            _enter(wanted.fileno())
        try:
            yield
        finally:
            _enter(former.fileno())


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
