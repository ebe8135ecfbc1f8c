from __future__ import annotations

from pathlib import Path

import pytest

from streambench.model.errors import UsageError
from streambench.workload.locate import available, find, shipped_root


def workload_in(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "workload.toml").write_text("")
    return folder


def test_the_users_own_workload_hides_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = workload_in(tmp_path / "workloads", "clicks")
    monkeypatch.chdir(tmp_path)
    assert find("clicks") == own
    assert find("flights") == shipped_root() / "flights"
    shipped = {folder.name for folder in shipped_root().iterdir()}
    assert [folder.name for folder in available()] == sorted(shipped)
    assert {"clicks", "flights"} <= shipped


def test_a_folder_without_workload_toml_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    workload_in(tmp_path, "mine")
    assert [folder.name for folder in available([tmp_path])] == ["mine"]


def test_an_unknown_name_is_answered_by_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'clicks'") as caught:
        find("cliks", [shipped_root()])
    assert caught.value.hint == "streambench run clicks"


def test_a_name_like_none_is_answered_by_all(tmp_path: Path) -> None:
    workload_in(tmp_path, "mine")
    with pytest.raises(UsageError, match="known are mine") as caught:
        find("zzz", [tmp_path])
    assert caught.value.hint == "streambench workloads"


def test_a_path_names_a_folder_anywhere(tmp_path: Path) -> None:
    folder = workload_in(tmp_path, "elsewhere")
    assert find(str(folder), []) == folder
