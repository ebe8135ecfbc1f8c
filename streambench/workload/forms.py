"""Other forms of a workload, `[forms.NAME]`: what they change of a declaration, and where that stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from streambench.model.errors import UsageError
from streambench.model.written import quoted
from streambench.workload.mistakes import value_at
from streambench.workload.names import did_you_mean, nearest
from streambench.workload.toml_places import KeyPath

FORM: Final = "form"
FORMS: Final = "forms"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# Of these tables a form changes single keys; any other value it replaces as a whole.
_TABLES: Final = frozenset(
    [
        ("input",),
        ("input", "fields"),
        ("input", "time"),
        ("query",),
        ("query", "let"),
        ("query", "lookup"),
        ("query", "select"),
    ]
)
_PARTS: Final = ("title", "input", "query")
_EITHER: Final[Mapping[str, str]] = {"rate": "shape", "shape": "rate"}
_TOP_KEY: Final = re.compile(rf"^{FORM}[ \t]*=.*\n?", re.MULTILINE)


def forms_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the forms that a document declares, in its order."""
    forms = data.get(FORMS)
    return tuple(forms) if isinstance(forms, Mapping) else ()


def chosen_form(data: Mapping[str, Any], named: str | None) -> str | None:
    """The form that is meant: the one that a user named, or else that of the document itself."""
    own = data.get(FORM)
    return named if named is not None else own if isinstance(own, str) else None


def formed(data: Mapping[str, Any], form: str | None) -> dict[str, Any]:
    """The document as it is in this form; None: as it stands. What is no table changes nothing."""
    changes = value_at(data, (FORMS, form)) if form is not None else None
    if not isinstance(changes, Mapping):
        return dict(data)
    return _changed(data, {key: changes[key] for key in _PARTS if key in changes}, ())


def effective(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a document declares in the form that it names itself, without its forms."""
    found = formed(data, chosen_form(data, None))
    return {key: value for key, value in found.items() if key not in (FORM, FORMS)}


def place_of(path: KeyPath, data: Mapping[str, Any], form: str | None) -> KeyPath:
    """Where in the document the value stands that is at `path` in its form."""
    if form is None:
        return path
    end = 1
    while end < len(path) and path[:end] in _TABLES:
        end += 1
    own: KeyPath = (FORMS, form, *path)
    return own if value_at(data, own[: 2 + end]) is not None else path


def text_in_form(text: str, form: str | None) -> str:
    """A document that says itself in which form it is meant; its other text stays as it is."""
    if form is None:
        return text
    marks = [line for line in text.splitlines(keepends=True) if line.startswith("#:schema")][:1]
    head = marks[0] if marks and text.startswith(marks[0]) else ""
    body = text.removeprefix(head)
    table = re.search(r"^[ \t]*\[", body, re.MULTILINE)
    end = len(body) if table is None else table.start()
    return f"{head}{FORM} = {json.dumps(form)}\n{_TOP_KEY.sub('', body[:end])}{body[end:]}"


def problem_with_form(name: str) -> str | None:
    """Why a form cannot be called so; None where it can."""
    if _NAME.fullmatch(name):
        return None
    return "a form's name is lower-case letters, digits, - and _, as it stands behind a colon"


def refuse_unknown_form(workload: str, form: str, known: tuple[str, ...]) -> None:
    """Raise UsageError where the workload has no such form."""
    if form in known:
        return
    if not known:
        raise UsageError(
            f"workload '{workload}' has one form alone, and none called {quoted(form)}",
            hint=f"streambench run {workload}",
        )
    close = nearest(form, known)
    shown = did_you_mean(form, known) if close else f"; it has {', '.join(known)}"
    raise UsageError(
        f"workload '{workload}' has no form {quoted(form)}{shown}",
        hint=f"streambench run {workload}:{close or known[0]}",
    )


def _changed(data: Mapping[str, Any], changes: Mapping[str, Any], at: KeyPath) -> dict[str, Any]:
    made = dict(data)
    for key, value in changes.items():
        path = (*at, key)
        if at == ("input",) and (other := _EITHER.get(key)) is not None and other not in changes:
            made.pop(other, None)
        if path in _TABLES and isinstance(value, Mapping) and isinstance(made.get(key), Mapping):
            made[key] = _changed(made[key], value, path)
        else:
            made[key] = value
    return made
