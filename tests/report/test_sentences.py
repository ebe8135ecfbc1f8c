"""Every sentence that a report can print is on a list, short, and was asked what would make it false.

`sentences.txt` has one a line, as it stands in the code, with `{}` for what is filled in. A sentence that
is new or changed fails here. Before it goes on the list, ask of it:

1. Which run, which missing value, which old bundle would make it false?
2. Does it claim more than was measured?
3. Would a reader who does not know us follow it?

UPDATE_SENTENCES=1 writes the list anew.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import streambench

PACKAGE = Path(streambench.__file__).parent
LIST = Path(__file__).parent / "sentences.txt"
SPOKEN_BY = (
    *sorted((PACKAGE / "report").rglob("*.py")),
    *sorted((PACKAGE / "analysis").glob("*.py")),
    *sorted((PACKAGE / "analysis" / "compare").glob("*.py")),
    *sorted((PACKAGE / "analysis" / "history").glob("*.py")),
    *sorted((PACKAGE / "analysis" / "scale").glob("*.py")),
    *(PACKAGE / "results" / name for name in ("measure.py", "speed.py", "sustained.py")),
)
WORDS_OF_A_SENTENCE = 5
WORDS_AT_MOST = 25


def literals(tree: ast.AST) -> Iterator[str]:
    """String literals that are no docstrings; `{}` stands for what a literal is filled with."""
    parts = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            parts.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            parts.update(id(value) for value in node.values)
    for node in ast.walk(tree):
        if id(node) in parts:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(value.value) if isinstance(value, ast.Constant) else "{}"
                for value in node.values
            )


def words(text: str) -> list[str]:
    return re.findall(r"[^\s{}<>]*[A-Za-z]{2,}[^\s{}<>]*|\b[aI]\b", text)


def spoken() -> list[str]:
    found = {
        " ".join(text.split())
        for path in SPOKEN_BY
        for text in literals(ast.parse(path.read_text(encoding="utf-8")))
        if len(words(text)) >= WORDS_OF_A_SENTENCE and "<svg" not in text
    }
    return sorted(found, key=str.lower)


def test_every_sentence_of_a_report_is_on_the_list() -> None:
    said = spoken()
    if os.environ.get("UPDATE_SENTENCES"):
        LIST.write_text("\n".join(said) + "\n", encoding="utf-8")
    listed = LIST.read_text(encoding="utf-8").splitlines()
    assert len(said) > 100  # that they are found at all
    assert said == listed


def test_no_sentence_is_longer_than_a_reader_bears() -> None:
    long = [
        sentence
        for text in spoken()
        for sentence in re.split(r"(?<=[.!?;:])\s+", text)
        if len(sentence.split()) > WORDS_AT_MOST
    ]
    assert long == []
