"""Processes of clusters on this machine that a run uses and did not start, known by their connections."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import psutil

from streambench.model.loopback import is_loopback
from streambench.runtime.sessions import ProcessRow, descendants

Address: TypeAlias = tuple[str, int]


@dataclass(frozen=True)
class Servers:
    """Where what a run uses listens: host and port of each.

    `alone` are followed by themselves (brokers, whose clients may be anybody). Of `with_peers` (an engine's
    coordinator) its workers take part, too: they are connected to it, and a program of `peer_name`, as a
    browser that shows its pages is not.
    """

    alone: tuple[Address, ...] = ()
    with_peers: tuple[Address, ...] = ()
    peer_name: str = "java"


class Participants:
    """Looks for the processes of `servers`; nobody is looked for where none of them is on this machine."""

    def __init__(self, servers: Servers) -> None:
        here = _addresses_here()
        self._alone = _local(servers.alone, here)
        self._with_peers = _local(servers.with_peers, here)
        self._peer_name = servers.peer_name

    def look(self, table: Mapping[int, ProcessRow]) -> frozenset[int]:
        """The pids of all that take part now: with the workers' children, which executors are."""
        if not self._alone and not self._with_peers:
            return frozenset()
        try:
            seen = psutil.net_connections("tcp")
        except psutil.AccessDenied:  # only root sees them here: nobody is known to take part
            return frozenset()
        connections = [
            (_plain(each.laddr), _plain(each.raddr) if each.raddr else None, each.pid)
            for each in seen
            if each.pid is not None and each.laddr
        ]
        alone = {pid for at, to, pid in connections if to is None and _serves(at, self._alone)}
        leaders = {
            pid for at, to, pid in connections if to is None and _serves(at, self._with_peers)
        }
        ends = {at for at, to, pid in connections if to is not None and pid in leaders}
        peers = {pid for _, to, pid in connections if to in ends and self._works(pid, table)}
        children = {
            child for pid in peers for child in descendants(pid, table) if self._works(child, table)
        }
        families = (descendants(pid, table) for pid in alone | leaders)
        return frozenset((alone | leaders | peers | children).union(*families)) & table.keys()

    def _works(self, pid: int, table: Mapping[int, ProcessRow]) -> bool:
        row = table.get(pid)
        return row is not None and row.name == self._peer_name


def _local(servers: Iterable[Address], here: Collection[str]) -> frozenset[Address]:
    """Those of them that are on this machine, by number."""
    found = set()
    for host, port in servers:
        try:
            numbers = {str(each[4][0]) for each in socket.getaddrinfo(host, port)}
        except OSError:
            continue
        found |= {(number, port) for number in numbers if number in here or is_loopback(number)}
    return frozenset(found)


def _addresses_here() -> frozenset[str]:
    families = (socket.AF_INET, socket.AF_INET6)
    return frozenset(
        each.address.partition("%")[0]
        for addresses in psutil.net_if_addrs().values()
        for each in addresses
        if each.family in families
    )


def _plain(address: Address) -> Address:
    """Java writes an IPv4 address as IPv6."""
    return str(address[0]).removeprefix("::ffff:"), int(address[1])


def _serves(at: Address, servers: Collection[Address]) -> bool:
    """Whether what listens at `at` serves one of these addresses: it may listen at all of them."""
    host, port = at
    return at in servers or (
        host in ("0.0.0.0", "::", "") and any(port == served for _, served in servers)
    )
