"""`[query.columns]` and the files beside it become what a query by hand has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from streambench.model.by_hand import ByHand, GivenColumn, HandFile, HandText
from streambench.model.errors import UsageError
from streambench.model.expression import FieldReference, FieldType
from streambench.model.workload import Field
from streambench.model.written import quoted
from streambench.workload.field_schema import value_type
from streambench.workload.mistakes import Mistake
from streambench.workload.names import problem_with_name
from streambench.workload.schema import STANDS_IN, QuerySpec
from streambench.workload.text_file import NoText, read_text

_COLUMNS: Final = ("query", "columns")


def by_hand(spec: QuerySpec, fields: Sequence[Field], folder: Path) -> ByHand | None:
    """What is written by hand; None where `select` says it all. Raises UsageError for a file that cannot be read."""
    if spec.columns is None:
        return None
    types = {field.name: (field.type, field.nullable) for field in fields}
    given = {
        name: GivenColumn(name, value_type(each.type), each.null, each.within)
        for name, each in spec.columns.items()
    }
    keys = [
        FieldReference(name, given[name].type)
        if name in given
        else FieldReference(name, types[name][0])
        for name in spec.group_by
        if name in given or name in types
    ]
    columns = tuple(each for name, each in given.items() if name not in spec.group_by)
    return ByHand(tuple(keys), columns, tuple(_read(folder)))


def _read(folder: Path) -> Iterator[HandText]:
    for file in HandFile:
        path = folder / file.value
        if path.is_file():
            try:
                yield HandText(file, str(path), read_text(path))
            except NoText as error:
                raise UsageError(
                    f"{path} cannot be read: {error.why}", hint=f"ls -l {path}"
                ) from None


def mistakes_by_hand(
    spec: QuerySpec, fields: Sequence[Field], key: Sequence[str] | None, folder: Path
) -> Iterator[Mistake]:
    """What does not fit together in a query that is written by hand."""
    assert spec.columns is not None, "it is by hand"
    if spec.select != STANDS_IN:
        yield Mistake(
            _COLUMNS,
            "select and columns are there both: either the declaration makes the rows, or files do",
            "leave select out, and oracle.sql says what each column is",
        )
    for name, there in (("having", spec.having is not None), ("let", bool(spec.let))):
        if there and name == "having":
            what = "having compares aggregates of select, and there are none"
            yield Mistake(("query", name), what, "let oracle.sql leave such rows out")
    names = {field.name for field in fields}
    for name, each in spec.columns.items():
        path = (*_COLUMNS, name)
        if (problem := problem_with_name(name)) is not None:
            yield Mistake(path, problem, "call it otherwise, in the files as well")
        in_group = name in spec.group_by
        if in_group and name in names:
            what = "records have this field, which tells its type"
            yield Mistake(path, what, f"take {name} out of columns")
        if in_group and (value_type(each.type) is FieldType.DOUBLE or each.null):
            what = "a row is known by its group, so this always has a value, and is no double"
            yield Mistake(path, what, f'write {name} = "bigint", or "string"')
        if each.within is not None and value_type(each.type) is not FieldType.DOUBLE:
            yield Mistake(path, "within belongs to a double", f'write {name} = "{each.type}"')
    strange = [name for name in spec.group_by if name not in names and name in spec.columns]
    if strange and key is None:
        what = f"no record has {quoted(strange[0])}, so records cannot be keyed by the group"
        first = next(iter(names), "user")
        yield Mistake(
            ("query", "group_by"), what, f'add key = "{first}", or key = false, to [input]'
        )
    if not (folder / HandFile.ORACLE.value).is_file():
        what = f"rows are made by hand, and {HandFile.ORACLE.value} is missing: nothing says which are right"
        yield Mistake(
            _COLUMNS,
            what,
            f"write {folder / HandFile.ORACLE.value}; docs/by-hand-workloads.md has one",
        )


def keyed_by(
    key: Sequence[str] | None, by_hand: ByHand, known: Mapping[str, FieldReference]
) -> tuple[FieldReference, ...]:
    """The fields by which records are keyed: those of the group, if nothing else is said.

    Where records have no key, the fields of the group that they have stand for it, or else their first.
    """
    of_group = tuple(known[each.name] for each in by_hand.keys if each.name in known)
    if key:
        return tuple(known[name] for name in key if name in known)
    return of_group or tuple(known.values())[:1]
