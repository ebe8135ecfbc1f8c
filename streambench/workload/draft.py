"""A document as far as it can be read: what is wrong is told, and replaced, so that the rest is looked at, too."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from streambench.workload.key_places import words_at
from streambench.workload.key_words import example_of
from streambench.workload.mistakes import Mistake, value_at
from streambench.workload.schema import WorkloadSpec, input_kind
from streambench.workload.schema_mistakes import (
    is_strange,
    meant_by,
    mistakes_of,
    required,
)
from streambench.workload.toml_places import KeyPath

_ROUNDS: Final = 4


@dataclass(frozen=True)
class Draft:
    """What can be read of a document, and what the schema refuses in it.

    `spec` is None where hardly anything can be read. It is sound but for the values at `replaced`, which
    only stand in for what was refused.
    """

    spec: WorkloadSpec | None
    mistakes: tuple[Mistake, ...]
    replaced: frozenset[KeyPath]

    def stands_in(self, *path: str) -> bool:
        """Whether the value at `path`, or a part of it, is not the user's."""
        return any(each[: len(path)] == path or path[: len(each)] == each for each in self.replaced)

    def unknown_fields(self) -> frozenset[str]:
        """The names of fields, and of named expressions, of which nothing is known."""
        return (
            self._replaced_in("input", "fields")
            | self._replaced_in("query", "let")
            | frozenset(str(path[4]) for path in self.replaced if _is_looked_up(path))
        )

    def lacks_a_table(self) -> bool:
        """Whether of some table not even the columns' names are known."""
        return any(
            path[:2] == ("query", "lookup") and path[3:] in ((), ("columns",))
            for path in self.replaced
        )

    def unknown_aggregates(self) -> frozenset[str]:
        """The names of aggregates of which nothing is known."""
        return self._replaced_in("query", "select")

    def _replaced_in(self, *table: str) -> frozenset[str]:
        return frozenset(str(path[2]) for path in self.replaced if path[:2] == table and path[2:])


def draft_of(data: Mapping[str, Any]) -> Draft:
    """Read a document by the schema, as far as that goes."""
    draft = _Mending(copy.deepcopy(dict(data)))
    for _ in range(_ROUNDS):
        try:
            spec = WorkloadSpec.model_validate(draft.data)
        except ValidationError as error:
            draft.mend(mistakes_of(error, draft.data))
        else:
            return Draft(spec, tuple(draft.found), frozenset(draft.replaced))
    return Draft(None, tuple(draft.found), frozenset(draft.replaced))


def _is_looked_up(path: KeyPath) -> bool:
    """Whether it leads to a column that is looked up, or into one."""
    return path[:2] == ("query", "lookup") and path[3:4] == ("columns",) and len(path) > 4


def _within(path: KeyPath, others: Iterable[KeyPath]) -> bool:
    return any(path[: len(each)] == each for each in others)


class _Mending:
    """A document in which what is refused is replaced, round after round."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.found: list[Mistake] = []
        self.replaced: set[KeyPath] = set()
        self._renamed: dict[KeyPath, KeyPath] = {}

    def mend(self, mistakes: Sequence[Mistake]) -> None:
        """Note what was refused, and put something sound in its place."""
        replay = input_kind(self.data.get("input")) == "replay"
        # What is wrong with a table in which something was replaced may come of that alone.
        doubtful = {*self.replaced, *(path[:-1] for path in self.replaced)}
        for mistake in mistakes:
            path = mistake.path
            lacks = value_at(self.data, path) is None and path[:-1] in doubtful
            if path in doubtful or lacks or _within(path, self.replaced):
                continue
            # Of a mistyped key the user's own name is told, at its place.
            self.found.append(replace(mistake, path=self._renamed.get(path, path)))
        for mistake in mistakes:
            self._mend(mistake.path, replay=replay)

    def _mend(self, path: KeyPath, *, replay: bool) -> None:
        if path and is_strange(path, replay=replay):
            table = value_at(self.data, path[:-1])
            if not isinstance(table, dict) or path[-1] not in table:
                return  # what it stood in was replaced meanwhile
            value = table.pop(path[-1])
            if (meant := meant_by(path, self.data, replay=replay)) is not None:
                table[meant[-1]] = value
                self._renamed[meant] = path
            else:
                self.replaced.add(path)
            return
        self.replaced.add(self._replace(path, replay=replay))

    def _replace(self, path: KeyPath, *, replay: bool) -> KeyPath:
        """Something sound in place of the value at `path`, or nothing; returns what was replaced."""
        data = self.data
        if path == ("input",) and isinstance(data.get("input"), dict) and not replay:
            data["input"].pop("shape", None)  # either a rate or a shape
            data["input"]["rate"] = 1
            return ("input", "rate")
        table: Any = value_at(data, path[:2])
        if path[:2] == ("input", "fields") and len(path) > 2 and isinstance(table, dict):
            table[path[2]] = "string" if replay else {"choice": 1}
            return path[:3]
        table = value_at(data, path[:4])
        if _is_looked_up(path) and isinstance(table, dict):
            table[path[4]] = "string"
            return path[:5]
        table = value_at(data, path[:2])
        if path[:2] == ("query", "select") and len(path) > 2 and isinstance(table, dict):
            table.pop(path[2], None)
            if not table:
                table["n"] = "count(*)"
            return path[:3]
        for end in range(1, len(path) + 1):
            key = path[:end]
            table = value_at(data, key[:-1])
            if not isinstance(table, dict):
                return key
            inner = value_at(data, key)
            if end == len(path) or isinstance(path[end], int) or not isinstance(inner, dict):
                table.pop(key[-1], None)
                words = words_at(key, replay=replay)
                if words is not None and required(key, replay=replay):
                    table[key[-1]] = example_of(words)
                return key
        return path
