"""What must be said once is said once: window arithmetic, and a name of a class."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "streambench"
NAMES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse((PACKAGE / name).read_text())


# --- window arithmetic ---

WINDOW_ARITHMETIC = {
    "model/windows.py",
    # Programs that are engines: an oracle that shared their arithmetic would share their faults.
    "engines/kafka_python/windows.py",
    "engines/kafka_python/sessions.py",
    "engines/reference/windows.py",
    "engines/flink/query.py",
}
LENGTHS = {"size_ms", "advance_ms", "window_ms"}
GRACE = {"grace_ms"}
UNITS = {1000}
# What is played is shifted as a whole, windows and all.
IN_SQL = re.compile(r"window_start_ms\s*[-+](?!\s*\{event_offset_ms)")


def window_arithmetic(tree: ast.AST) -> list[int]:
    """Lines that compute with the length of a window or its grace; a change of units is nothing."""
    found = []
    nodes = list(ast.walk(tree))
    pieces = {id(piece) for n in nodes if isinstance(n, ast.JoinedStr) for piece in n.values}
    for node in nodes:
        if isinstance(node, ast.BinOp):
            left, right = _name(node.left), _name(node.right)
            changes_units = isinstance(node.right, ast.Constant) and node.right.value in UNITS
            with_length = bool({left, right} & LENGTHS) and not changes_units
            with_grace = bool({left, right} & GRACE) and isinstance(node.op, ast.Add | ast.Sub)
            if with_length or with_grace:
                found.append(node.lineno)
        elif isinstance(node, ast.expr) and id(node) not in pieces and IN_SQL.search(_text(node)):
            found.append(node.lineno)
    return found


def _text(node: ast.AST) -> str:
    """What is written in a string, with the names that are put into it."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value) for value in values)
        case ast.FormattedValue(value=value):
            return "{" + ast.unparse(value) + "}"
        case _:
            return ""


def _name(node: ast.expr) -> str:
    """`a` and `x.a`, `_a` and `A` are one name: of what is computed with, not where it stands."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lstrip("_").lower()
        case _:
            return ""


@pytest.mark.parametrize("name", NAMES)
def test_window_arithmetic_is_in_few_places(name: str) -> None:
    assert name in WINDOW_ARITHMETIC or window_arithmetic(tree_of(name)) == []


@pytest.mark.parametrize(
    "text",
    [
        "start = event // advance_ms * advance_ms",
        "closes = start + query.window.size_ms + query.grace_ms",
        "closes = end - grace_ms",
        "span = WINDOWS * self._window_ms",
        "sql = 'SELECT window_start_ms + 500'",
        "sql = f'SELECT window_start_ms + {closing_ms}'",
    ],
)
def test_window_arithmetic_is_seen(text: str) -> None:
    assert window_arithmetic(ast.parse(text)) != []


@pytest.mark.parametrize(
    "text", ["seconds = window.size_ms / 1_000", "graces = 4 * grace_ms", "x = window.advance_ms"]
)
def test_what_only_names_a_length_is_no_arithmetic(text: str) -> None:
    assert window_arithmetic(ast.parse(text)) == []


# --- names of classes ---


def test_no_two_classes_have_one_name() -> None:
    """Whoever reads a name must not have to look where it was imported from."""
    where: dict[str, list[str]] = {}
    for path, tree in zip(NAMES, map(tree_of, NAMES), strict=True):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                where.setdefault(node.name, []).append(path)
    twice = {name: paths for name, paths in where.items() if len(paths) > 1}
    assert twice == {}


# --- parameters ---

MOST_PARAMETERS = 6
FEW_PARAMETERS = ("experiment/", "trial/")


def parameters(function: ast.FunctionDef) -> int:
    arguments = function.args
    names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([name for name in names if name.arg not in ("self", "cls")])


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(FEW_PARAMETERS)])
def test_no_function_takes_more_than_six_parameters(name: str) -> None:
    """What belongs together is a value of its own."""
    found = [node for node in ast.walk(tree_of(name)) if isinstance(node, ast.FunctionDef)]
    assert [each.name for each in found if parameters(each) > MOST_PARAMETERS] == []
