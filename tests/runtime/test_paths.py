from __future__ import annotations

import socket
from pathlib import Path

import pytest

from streambench.model.errors import EnvironmentLacks
from streambench.runtime.paths import cache_dir, scrub, state_dir
from streambench.runtime.ports import free_port


@pytest.fixture
def mary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home" / "mary"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LOGNAME", "mary")
    return home


def test_the_home_folder_and_the_name_are_taken_out(mary: Path) -> None:
    text = f"{mary}/.cache/x.jar:{mary} run by mary in /scratch/mary_2 (not by rosemary)"
    assert scrub(text) == "~/.cache/x.jar:~ run by user in /scratch/user_2 (not by rosemary)"


def test_a_home_behind_a_symlink_is_taken_out_in_both_spellings(
    mary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(mary)
    monkeypatch.setenv("HOME", str(link))
    assert scrub(f"{link}/a {mary}/b") == "~/a ~/b"


def test_folders_that_only_begin_like_the_home_stay(mary: Path) -> None:
    assert scrub(f"{mary}-old/x") == f"{mary}-old/x".replace("mary", "user")


def test_account_names_that_are_words_of_every_log_stay(
    mary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "root")
    assert scrub("root logger") == "root logger"


def test_the_cache_is_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAMBENCH_CACHE", str(tmp_path / "deep" / "cache"))
    assert cache_dir() == tmp_path / "deep" / "cache"
    assert cache_dir().is_dir()


def test_a_folder_that_cannot_be_made_is_an_error_with_the_variable_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STREAMBENCH_STATE", str(tmp_path / "file" / "state"))
    with pytest.raises(EnvironmentLacks) as caught:
        state_dir()
    assert "STREAMBENCH_STATE=" in (caught.value.hint or "")


def test_free_ports_can_be_bound_and_are_never_given_twice() -> None:
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == 200
    with socket.socket() as server:
        server.bind(("127.0.0.1", ports[-1]))
