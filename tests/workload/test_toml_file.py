"""Where in a TOML file a key stands, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.model.errors import UsageError
from streambench.workload.toml_file import read_toml

TEXT = '''\
title = "x" # flink.a
[flink.a]
note = """
several lines with version in them
"""
version = "1"
[flink."b".settings]
state.backend.type = "rocksdb"
  "heartbeat.interval" = "1 s"
[spark.t]
settings = { trigger = "1s", 'spark.x' = 1 }
list = [
  1,
]
'''


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("title", "line 1, column 1"),
        ("flink a", "line 2, column 2"),
        ("flink a note", "line 3, column 1"),
        ("flink a version", "line 6, column 1"),
        ("flink b settings", "line 7, column 12"),
        ("flink b settings state backend type", "line 8, column 1"),
        ("flink b settings heartbeat.interval", "line 9, column 4"),
        ("spark t settings trigger", "line 11, column 14"),
        ("spark t settings spark.x", "line 11, column 31"),
        ("spark t list", "line 12, column 1"),
        ("spark t nothing", ""),
    ],
)
def test_a_key_is_found_with_line_and_column(tmp_path: Path, path: str, place: str) -> None:
    file = tmp_path / "some.toml"
    file.write_text(TEXT, encoding="utf-8")
    assert read_toml(file, shown="some.toml", check="").place(path.split()) == place


def test_problems_are_told_together_with_the_command_that_checks(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    file.write_text("", encoding="utf-8")
    read = read_toml(file, shown="some.toml", check="streambench validate clicks")
    error = read.refusal("this", "that")
    assert error.message == "some.toml: \n  this\n  that"
    assert error.hint == "streambench validate clicks"
    assert read.refusal("this").message == "some.toml: this"


def test_a_folder_of_that_name_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_toml(tmp_path, shown="some.toml", check="")
