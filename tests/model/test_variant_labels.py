"""A label names a variant: the same for the same terms, another for others, and fit for a folder."""

from __future__ import annotations

import re

import pytest

from streambench.model.conditions import Variant

LONG = "taskmanager.memory.jvm-overhead.fraction"


def label(*settings: tuple[str, str], name: str | None = None) -> str:
    return Variant("flink", "2.2.1", settings, name).label


def test_a_label_says_what_was_asked_for() -> None:
    assert label() == "flink"
    assert label(name="spare") == "flink:spare"
    assert label(("a.b", "3")) == "flink+a.b=3"
    assert label(("b", "2 s"), ("a.b", "3"), name="spare").startswith("flink:spare+a.b=3+b=2-s~")


def test_the_order_of_settings_does_not_matter_and_the_last_of_a_key_counts() -> None:
    assert label(("a", "1"), ("b", "2")) == label(("b", "2"), ("a", "1"))
    assert label(("a", "1"), ("a", "2")) == label(("a", "2"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((("a", "1"),), (("a", "2"),)),
        ((("a", "1"),), (("b", "1"),)),
        ((("a", "1"), ("b", "2")), (("a", "1+b=2"),)),
        ((("a", "x y"),), (("a", "x/y"),)),
        ((("a", "x y"),), (("a", "x-y"),)),
        (((LONG, "x" * 90),), ((LONG, "x" * 91),)),
        ((("a", ""),), ()),
    ],
)
def test_other_settings_make_another_label(
    one: tuple[tuple[str, str], ...], other: tuple[tuple[str, str], ...]
) -> None:
    assert label(*one) != label(*other)
    assert label(*one, name="spare") != label(*one)


@pytest.mark.parametrize("value", ["1", "../../x", "a:b\\c", "-XX:+UseZGC", "é ", "x" * 300])
def test_a_folder_is_short_and_safe_on_any_file_system(value: str) -> None:
    folder = Variant("kafka-streams", "4", (("jvm.options", value),), "shipped-commit").folder
    assert re.fullmatch(r"[A-Za-z0-9_.+=~-]{1,120}", folder)
    assert folder != Variant("kafka-streams", "4", (("jvm.options", value),)).folder
