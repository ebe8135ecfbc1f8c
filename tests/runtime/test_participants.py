"""Who takes part in a run without having been started by it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from streambench.runtime.participants import Address, Participants, Servers
from streambench.runtime.sessions import process_table
from streambench.runtime.waiting import wait_until

LISTEN = """
import socket, sys, subprocess
served = socket.create_server(("127.0.0.1", 0))
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
print(served.getsockname()[1], child.pid, flush=True)
kept = []
while True:
    kept.append(served.accept())
"""
CONNECT = """
import socket, sys
kept = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("connected", flush=True)
sys.stdin.read()
"""


@contextmanager
def running(program: str, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process of its own session, once it has said its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        os.killpg(process.pid, 9)
        process.communicate()


@pytest.fixture
def server() -> Iterator[tuple[int, int, Address]]:
    """Pid of a process that listens, of its child, and where it listens."""
    with running(LISTEN) as (process, said):
        port, child = map(int, said.split())
        yield process.pid, child, ("127.0.0.1", port)


def test_a_broker_takes_part_with_its_children_and_without_its_clients(
    server: tuple[int, int, Address],
) -> None:
    pid, child, address = server
    with running(CONNECT, str(address[1])) as (client, _):
        name = process_table()[client.pid].name
        found = Participants(Servers(alone=(address,), peer_name=name)).look(process_table())
        assert found == {pid, child}
        assert client.pid not in found


def test_a_coordinator_takes_part_with_those_that_are_connected_to_it(
    server: tuple[int, int, Address],
) -> None:
    pid, child, address = server
    with running(CONNECT, str(address[1])) as (worker, _):
        name = process_table()[worker.pid].name
        ours = Participants(Servers(with_peers=(address,), peer_name=name))
        # The kernel connects before the server accepts, and until then nobody has that end.
        wait_until(
            lambda: ours.look(process_table()) == {pid, child, worker.pid},
            what="the server to accept",
            timeout_s=10,
        )
        # Whoever looks at its pages is no part of the run.
        others = Participants(Servers(with_peers=(address,)))
        assert others.look(process_table()) == {pid, child}


def test_what_listens_elsewhere_is_nobody_here(server: tuple[int, int, Address]) -> None:
    _, _, (_, port) = server
    elsewhere = Servers(alone=(("192.0.2.1", port), ("no.such.host.invalid", port)))
    assert Participants(elsewhere).look(process_table()) == frozenset()
    assert Participants(Servers()).look(process_table()) == frozenset()


def test_a_name_of_this_machine_is_this_machine(server: tuple[int, int, Address]) -> None:
    pid, _, (_, port) = server
    named = Participants(Servers(alone=(("localhost", port),)))
    assert pid in named.look(process_table())


def test_one_that_listens_at_all_addresses_is_found_by_any() -> None:
    with socket.create_server(("0.0.0.0", 0)) as own:
        address = ("127.0.0.1", own.getsockname()[1])
        found = Participants(Servers(alone=(address,))).look(process_table())
        assert os.getpid() in found
