from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.runtime import environments
from streambench.runtime.environments import (
    ENVIRONMENTS,
    EnvironmentSpec,
    InterpreterMissing,
    environment_spec,
    find_interpreter,
    install,
    installed,
)

FLINK = environment_spec("flink-2.2.1")
TINY = EnvironmentSpec("tiny-1.0", download_bytes=1000, disk_bytes=1000, peak_bytes=1000)


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STREAMBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only folder on PATH; the Python that runs streambench does not count."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    return folder


def put(folder: Path, name: str, script: str) -> Path:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_a_shim_that_fails_is_passed_over(programs: Path) -> None:
    put(programs, "python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")
    works = put(programs, "python3.11", "echo 3 11 True")
    assert find_interpreter(FLINK).request == str(works)
    assert find_interpreter(FLINK).version == "3.11"


def test_a_python_counts_by_what_it_is_not_by_its_name(programs: Path) -> None:
    put(programs, "python3.12", "echo 3 13 True")
    works = put(programs, "python3", "echo 3 10 True")
    assert find_interpreter(FLINK).request == str(works)


def test_no_fitting_python_says_which_would_fit(programs: Path) -> None:
    put(programs, "python3", "echo 3 13 True")
    with pytest.raises(InterpreterMissing, match=r"3\.10, 3\.11, 3\.12") as caught:
        find_interpreter(FLINK)
    assert "uv" in str(caught.value.hint)


def test_a_python_without_ensurepip_is_named_with_the_package_that_it_lacks(
    programs: Path,
) -> None:
    put(programs, "python3.11", "echo 3 11 False")
    with pytest.raises(InterpreterMissing, match="ensurepip") as caught:
        find_interpreter(FLINK)
    assert caught.value.hint == "sudo apt install python3.11-venv"


def test_a_python_without_ensurepip_gives_way_to_one_that_has_it(programs: Path) -> None:
    put(programs, "python3.12", "echo 3 12 False")
    works = put(programs, "python3.10", "echo 3 10 True")
    assert find_interpreter(FLINK).request == str(works)


def test_uv_needs_no_ensurepip(programs: Path) -> None:
    put(programs, "uv", "exit 1")
    works = put(programs, "python3.11", "echo 3 11 False")
    assert find_interpreter(FLINK).request == str(works)


def test_uv_may_bring_a_python_that_is_not_on_path(programs: Path) -> None:
    put(programs, "uv", "exit 1")
    assert find_interpreter(FLINK).request == "3.12"


def test_a_python_that_uv_cannot_bring_is_a_missing_interpreter(programs: Path) -> None:
    put(programs, "uv", "echo 'error: No interpreter found for Python 3.12'; exit 2")
    with pytest.raises(InterpreterMissing, match=r"No interpreter found for Python 3\.12"):
        install(FLINK)


def test_an_environment_for_any_python_takes_the_one_that_runs_streambench() -> None:
    spark = environment_spec("spark-4.2.0")
    assert find_interpreter(spark).request == sys.executable


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(UsageError, match="flnk"):
        environment_spec("flnk")


@pytest.mark.parametrize("name", [*ENVIRONMENTS, "build-tools"])
def test_every_locked_package_is_pinned_with_hashes_and_names_no_index(name: str) -> None:
    text = (environments.LOCKS / f"{name}.txt").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    packages = "\n".join(lines).replace("\\\n", "").splitlines()
    assert packages
    for package in packages:
        assert re.match(r"[a-z0-9-]+==[^ ]+( ;.*?)?(\s+--hash=sha256:[0-9a-f]{64})+$", package)


class Index:
    """A folder of wheels that takes the place of the package index, and locks of our own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wheels = folder / "wheels"
        self.locks = folder / "locks"
        self.wheels.mkdir()
        self.locks.mkdir()
        monkeypatch.setattr(environments, "LOCKS", self.locks)
        monkeypatch.setattr(environments, "BUILD_TOOLS", self.locks / "build-tools.txt")
        for tool in ("PIP", "UV"):
            monkeypatch.setenv(f"{tool}_FIND_LINKS", str(self.wheels))
            monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        self.lock("build-tools", "")
        self.wheel = self.build("1.0")
        self.lock("tiny-1.0", self.requirement("1.0"))

    def build(self, version: str) -> Path:
        files = {
            "tiny.py": f"VERSION = {version!r}\n",
            f"tiny-{version}.dist-info/METADATA": (
                f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n"
            ),
            f"tiny-{version}.dist-info/WHEEL": (
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            ),
            f"tiny-{version}.dist-info/RECORD": "",
        }
        wheel = self.wheels / f"tiny-{version}-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        return wheel

    def requirement(self, version: str) -> str:
        wheel = self.wheels / f"tiny-{version}-py3-none-any.whl"
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        return f"tiny=={version} --hash=sha256:{digest}\n"

    def lock(self, name: str, text: str) -> None:
        (self.locks / f"{name}.txt").write_text(text)


# What uv does for `uv venv … FOLDER` and `uv pip install --python PYTHON … -r LOCK`, in a moment
# and without looking at hashes: making real environments takes many seconds.
QUICK_UV = """#!{python}
import pathlib, subprocess, sys, zipfile
words = sys.argv[1:]
if words[0] == "venv":
    sys.exit(subprocess.call([{python!r}, "-m", "venv", "--without-pip", words[-1]]))
venv = pathlib.Path(words[words.index("--python") + 1]).parent.parent
[site_packages] = venv.glob("lib/python3*/site-packages")
for line in open(words[-1]):
    name = line.split()[0].replace("==", "-")
    zipfile.ZipFile({wheels!r} + "/" + name + "-py3-none-any.whl").extractall(site_packages)
"""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    return Index(tmp_path, monkeypatch)


@pytest.fixture
def quick_uv(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    uv = folder / "uv"
    uv.write_text(QUICK_UV.format(python=sys.executable, wheels=str(index.wheels)))
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def version_in(python: Path) -> str:
    said = subprocess.run(
        [python, "-c", "import tiny; print(tiny.VERSION)"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": ""},
    )
    return said.stdout.strip()


@pytest.mark.usefixtures("quick_uv")
def test_an_environment_is_made_once_and_left_half_made_it_is_made_anew(index: Index) -> None:
    assert installed(TINY) is None
    environment = install(TINY)
    assert version_in(environment.python) == "1.0"
    assert (environment.site_packages / "tiny.py").exists()
    folder = environment.python.parent.parent
    assert not list(folder.parent.glob("*.tmp"))

    index.wheel.rename(index.wheel.with_suffix(".away"))  # as when offline
    assert install(TINY) == environment

    (folder / environments.STAMP).unlink()
    (environment.site_packages / "tiny.py").write_text("broken off here")
    assert installed(TINY) is None
    index.wheel.with_suffix(".away").rename(index.wheel)
    assert version_in(install(TINY).python) == "1.0"


def test_a_package_that_does_not_match_its_hash_is_refused_and_leaves_no_environment(
    index: Index,
) -> None:
    # With the real uv or pip: it is they who look at hashes.
    index.lock("tiny-1.0", f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(EnvironmentLacks, match=r"tiny-1\.0 could not be installed") as caught:
        install(TINY)
    assert not isinstance(caught.value, InterpreterMissing)
    assert installed(TINY) is None
    log = re.search(r"see (\S+\.log)", str(caught.value.hint))
    assert log is not None
    assert "hash" in Path(log[1]).read_text().lower()


@pytest.mark.usefixtures("quick_uv")
def test_an_environment_whose_python_was_removed_from_the_machine_is_made_anew() -> None:
    python = install(TINY).python
    python.unlink()
    python.symlink_to("/no/longer/there")
    assert installed(TINY) is None
    assert version_in(install(TINY).python) == "1.0"


@pytest.mark.usefixtures("quick_uv")
def test_a_new_lock_gets_a_new_environment(index: Index) -> None:
    environment = install(TINY)
    index.build("1.1")
    index.lock("tiny-1.0", index.requirement("1.1"))
    assert installed(TINY) is None
    assert version_in(install(TINY).python) == "1.1"
    assert version_in(environment.python) == "1.0"


@pytest.mark.usefixtures("index")
def test_too_little_disk_is_said_before_anything_is_installed() -> None:
    huge = EnvironmentSpec("tiny-1.0", 1000, 1000, peak_bytes=10**18)
    with pytest.raises(EnvironmentLacks, match="GB of disk"):
        install(huge)
    assert installed(huge) is None


@pytest.mark.usefixtures("quick_uv")
def test_runs_at_the_same_time_make_one_environment() -> None:
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(install, TINY) for _ in range(3)]
    assert len({run.result() for run in runs}) == 1
    assert version_in(runs[0].result().python) == "1.0"
