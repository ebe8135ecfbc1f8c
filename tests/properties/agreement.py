"""Whether rows of JSON, as an engine writes them, are those that are meant."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tests.properties.cases import Case
from tests.properties.folds import Found
from tests.properties.meaning import Meant, Place


def disagreements(case: Case, due: Mapping[Place, Meant], rows: Iterable[bytes]) -> list[str]:
    """What differs, in words; each row comes once."""
    wrong: list[str] = []
    seen: set[Place] = set()
    for text in rows:
        row = json.loads(text, parse_float=Decimal)
        group = tuple(row[key] for key in case.keys)
        start_ms = row["window_start"]
        end_ms = row["window_end"] if case.spans.gap_ms else start_ms + case.spans.size_ms
        place = (group, start_ms, end_ms)
        if place in seen:
            wrong.append(f"{place} comes twice")
        seen.add(place)
        if place not in due:
            wrong.append(f"{place} is not due: {text.decode()}")
            continue
        wrong += [
            f"{place}: {alias} is {row.get(alias)!r}, not {found.value!r} (within {found.tolerance})"
            for alias, found in due[place].found.items()
            if not same_value(row.get(alias), found)
        ]
    wrong += [
        f"{place} does not come" for place, row in due.items() if row.sure and place not in seen
    ]
    return wrong


def same_value(value: Any, due: Found) -> bool:
    """Whether a value is what is due; a double within its tolerance, a decimal as a number."""
    if due.value is None or value is None:
        return value is due.value
    if isinstance(due.value, float):
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        return is_number and abs(float(value) - due.value) <= due.tolerance
    if isinstance(due.value, Decimal):
        return (
            isinstance(value, int | Decimal) and not isinstance(value, bool) and value == due.value
        )
    return type(value) is int and value == due.value


def written_rows(case: Case, due: Mapping[Place, Meant]) -> list[bytes]:
    """The rows that are due, as JSON."""
    rows = []
    for (group, start_ms, end_ms), row in due.items():
        members: dict[str, Any] = dict(zip(case.keys, group, strict=True))
        members["window_start"] = start_ms
        if case.spans.gap_ms:
            members["window_end"] = end_ms
        members |= {alias: found.value for alias, found in row.found.items()}
        rows.append(json_object(members).encode())
    return rows


def json_object(members: Mapping[str, Any]) -> str:
    """A JSON object; decimals are written with the digits that they have."""
    written = (f"{json.dumps(name)}:{_json(value)}" for name, value in members.items())
    return "{" + ",".join(written) + "}"


def _json(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)
