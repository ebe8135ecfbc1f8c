"""docs/support.md says what the engines answer."""

from __future__ import annotations

from tools import support_table


def test_the_table_is_what_the_engines_answer() -> None:
    made = support_table.page()
    assert support_table.PAGE.read_text(encoding="utf-8") == made
    assert "gap, the engine's (1)" in made
