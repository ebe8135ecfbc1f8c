"""What looks for secrets sees those of a process that a child of ours started."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.end_to_end.shown import showing, shown_by_processes
from tests.kafka.kafka_lab import PART_OF_PASSWORD, PASSWORD

# A child that starts one of its own, with a secret in its arguments or in its environment, and waits for it.
STARTER = """
import os, subprocess, sys
way, secret = os.read(0, 99).decode().split("\\0")
arguments = [secret] if way == "argument" else []
more = {"NAME": secret} if way == "variable" else {}
wait = [sys.executable, "-c", "print(flush=True); import sys; sys.stdin.read()", *arguments]
process = subprocess.Popen(wait, env={**os.environ, **more}, stdin=subprocess.PIPE)
os.read(0, 1)
process.stdin.close()
process.wait()
"""


@pytest.mark.parametrize("way", ["argument", "variable", "nowhere"])
def test_a_secret_of_a_grandchild_is_seen(way: str) -> None:
    command = [sys.executable, "-c", STARTER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        with shown_by_processes() as seen:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(f"{way}\0{PASSWORD}".encode())
            child.stdin.flush()
            assert child.stdout.readline() == b"\n"  # the other one runs
        child.stdin.close()
    assert bool(showing(seen, PART_OF_PASSWORD)) is (way != "nowhere")


def test_the_part_of_the_password_is_the_same_in_every_language() -> None:
    assert PART_OF_PASSWORD in PASSWORD
    assert PART_OF_PASSWORD in repr(f'{PASSWORD}"')
    assert PART_OF_PASSWORD in PASSWORD.replace("'", "''")
