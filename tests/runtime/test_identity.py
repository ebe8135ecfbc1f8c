from __future__ import annotations

from pathlib import Path

import pytest

from streambench.runtime.identity import Identity, telling, this_machine


def test_names_and_folders_of_this_machine_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "tessa"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LOGNAME", "t.smith")
    monkeypatch.setenv("JAVA_HOME", "/opt/jdk-21")
    monkeypatch.setattr("socket.gethostname", lambda: "lair.example.org")
    monkeypatch.chdir(tmp_path)
    found = this_machine(tmp_path / "bundle")
    assert {"lair", "lair.example.org"} <= found.hosts
    assert {"tessa", "t.smith"} <= found.users
    wanted = {str(path) for path in (home, tmp_path, tmp_path / "bundle")}
    assert wanted | {"/opt/jdk-21"} <= found.folders


def test_words_that_tell_nothing_are_not_taken_for_names() -> None:
    found = telling(("localhost", "kafka", "7", ""), ("root", "runner", "x"), ("/", "", "C:\\"))
    assert found == Identity()
