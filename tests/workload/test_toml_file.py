"""A TOML file that a user wrote: where in it a key stands, however it is written, and how it is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from streambench.model.errors import UsageError
from streambench.workload.mistakes import Mistake
from streambench.workload.toml_file import TomlFile, read_toml

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
  1, # [not.a.table]
  { a = "}" },
]
[[many]]
a = 1
[[many]]
a = 2
[many.inner]
b = """
  key = 5"""
'''


def read(folder: Path, text: str | bytes) -> TomlFile:
    file = folder / "some.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_toml(file, shown="some.toml")


def path_of(words: str) -> tuple[str | int, ...]:
    return tuple(int(word) if word.isdecimal() else word for word in words.split())


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("title", "line 1, column 1"),
        ("flink a", "line 2, column 2"),
        ("flink a note", "line 3, column 1"),
        ("flink a version", "line 6, column 1"),
        ("flink b settings", "line 7, column 2"),
        ("flink b settings state backend type", "line 8, column 1"),
        ("flink b settings heartbeat.interval", "line 9, column 3"),
        ("spark t settings trigger", "line 11, column 14"),
        ("spark t settings spark.x", "line 11, column 30"),
        ("spark t list", "line 12, column 1"),
        ("spark t list 0", "line 13, column 3"),
        ("spark t list 1 a", "line 14, column 5"),
        ("many 1 a", "line 19, column 1"),
        ("many 1 inner b", "line 21, column 1"),
        # What is not there is told at the table in which it is missing.
        ("spark t nothing", "line 10, column 2"),
        ("nothing", "line 1, column 1"),
    ],
)
def test_a_key_is_found_with_line_and_column(tmp_path: Path, path: str, place: str) -> None:
    found = read(tmp_path, TEXT).place(Mistake(path_of(path), "wrong", "right"))
    assert str(found) == place


@pytest.mark.parametrize(
    ("written", "position", "place"),
    [
        ('a = "acton = 1"', 1, "line 1, column 6"),
        ("a = 'x acton'", 3, "line 1, column 8"),
        ('a = "  acton"', 1, "line 1, column 8"),  # texts are read without the space around them
        ('a = """\nx\n  acton"""', 5, "line 3, column 3"),
        ('a = "\\u0041cton"', 3, "line 1, column 5"),  # escapes: the text as a whole
        ('a = "x"', 99, "line 1, column 7"),
        ("a = 5", 1, "line 1, column 5"),
    ],
)
def test_a_place_within_a_text_is_found(
    tmp_path: Path, written: str, position: int, place: str
) -> None:
    found = read(tmp_path, written).place(Mistake(("a",), "wrong", "right", position))
    assert str(found) == place


def test_mistakes_are_told_together_in_their_order_with_what_to_do_about_the_first(
    tmp_path: Path,
) -> None:
    file = read(tmp_path, "a = 1\nb = 2\n")
    error = file.refusal([Mistake(("b",), "this", "x"), Mistake(("a",), "that", "y")])
    assert error.message == (
        "some.toml has 2 mistakes:\n  line 1, column 1: a: that\n  line 2, column 1: b: this"
    )
    assert error.hint == "line 1: y"
    one = file.refusal([Mistake(("b",), "this", "x")] * 2)
    assert (one.message, one.hint) == ("some.toml: line 2, column 1: b: this", "x")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[input\n", "line 1, column 7: broken TOML: the name of a table is not closed by ]"),
        ("title = [1", "line 1, column 11: broken TOML: a list is not closed at the end of the file"),
        ('a = "x', "line 1, column 7: broken TOML: a text is not closed at the end of the file"),
        ("a = 1\na = 2", "line 2, column 6: broken TOML: this stands twice"),
        ("[a]\n[a]", "line 2, column 3: broken TOML: the table [a] stands twice"),
        ("[a.b]\n[a.b]", "line 2, column 5: broken TOML: the table [a.b] stands twice"),
        ("a = 1 b = 2", "line 1, column 7: broken TOML: one line holds one key and its value"),
        ("a = yes", "line 1, column 5: broken TOML: this is no value"),
        ("a 5", "line 1, column 3: broken TOML: a key is followed by ="),
        ("a = 'x\x00'", "line 1, column 7: broken TOML: the character \\x00 cannot stand here"),
        ("= 5", "line 1, column 1: broken TOML: this is neither a key with its value nor a table"),
        (f"x = 1\na = {'1' * 5000}", "line 2, column 5: broken TOML: a number has more digits"),
        (f"x = 1\na = {'[' * 2000}{']' * 2000}", "line 2, column 2004: broken TOML: lists or tables are"),
        (b'title = "\xff"', "some.toml cannot be read: byte 10 is not UTF-8"),
        (b"\x00" * 5, "line 1, column 1: broken TOML: this is neither"),
        (b"#" * (16 * 1024 * 1024 + 1), "it is longer than 16 MiB"),
    ],
)  # fmt: skip
def test_what_is_no_toml_is_told_with_its_place(
    tmp_path: Path, written: str | bytes, said: str
) -> None:
    with pytest.raises(UsageError) as told:
        read(tmp_path, written)
    assert said in told.value.message
    assert told.value.hint


def test_the_line_that_is_no_toml_is_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as told:
        read(tmp_path, "x = 1\n  a = yes # no\n")
    assert told.value.hint is not None
    assert told.value.hint.startswith("line 2 is `a = yes # no`; ")


@pytest.mark.parametrize("written", ["\ufeffa = 1\n", "a = 1\r\n", "a = 1\r"])
def test_what_other_editors_write_is_read(tmp_path: Path, written: str) -> None:
    assert read(tmp_path, written).data == {"a": 1}


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    def said(name: str) -> str:
        with pytest.raises(UsageError) as told:
            read_toml(tmp_path / name, shown=name)
        assert told.value.hint
        return told.value.message

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")
    assert said("pipe") == "pipe cannot be read: it is a pipe or a device, not a file"
    assert said("device") == "device cannot be read: it is a pipe or a device, not a file"
    assert said("loop") == "loop cannot be read: it is a symlink that leads back to itself"
    assert said("folder") == "folder cannot be read: it is a folder, not a file"
    assert "its name is too long" in said("x" * 600)
    with pytest.raises(FileNotFoundError):
        read_toml(tmp_path / "nothing", shown="nothing")


def test_a_file_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("streambench.workload.text_file.os.open", forbidden)
    with pytest.raises(UsageError, match="you may not use it"):
        read_toml(tmp_path / "x", shown="x")
