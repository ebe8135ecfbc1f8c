"""A file of Python that a user wrote, read without being run: its functions, and where it is no Python."""

from __future__ import annotations

import ast

from streambench.model.by_hand import HandText
from streambench.model.errors import UsageError

_SEE = "docs/by-hand-workloads.md has an example"


def functions_of(file: HandText) -> dict[str, tuple[int, int]]:
    """How many arguments each function at the top of the file takes, and its line. Raises UsageError, with the line."""
    try:
        tree = ast.parse(file.text)
    except SyntaxError as error:
        raise UsageError(f"{file.path}:{error.lineno or 1}: {error.msg}", hint=_SEE) from None
    return {
        each.name: (len(each.args.posonlyargs) + len(each.args.args), each.lineno)
        for each in tree.body
        if isinstance(each, ast.FunctionDef)
    }


def require(file: HandText, due: dict[str, tuple[str, ...]]) -> None:
    """Refuse a file that lacks a function, or has one that takes other arguments. Raises UsageError."""
    found = functions_of(file)
    for name, arguments in due.items():
        written = f"def {name}({', '.join(arguments)})"
        if name not in found:
            raise UsageError(f"{file.path}: {written} is missing", hint=_SEE)
        count, line = found[name]
        if count != len(arguments):
            raise UsageError(
                f"{file.path}:{line}: {name} takes {count} arguments, and is given {', '.join(arguments)}",
                hint=f"write {written}",
            )
