"""The list of slow tests names tests that are there."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.slow import slow_functions

PROJECT = Path(__file__).parent.parent


def test_each_slow_test_is_there() -> None:
    names: dict[str, set[str]] = defaultdict(set)
    for listed in slow_functions():
        file, _, function = listed.partition("::")
        names[file].add(function)
    for file, functions in names.items():
        tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert functions <= there, file
