"""A folder with a `workload.toml` becomes a checked `Workload`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from streambench.model.aggregate import Aggregate
from streambench.model.errors import UsageError
from streambench.model.expression import (
    And,
    Expression,
    FieldReference,
    FieldType,
    IsNull,
    Membership,
    Not,
    parts,
)
from streambench.model.shape import mean_per_s, problem_with
from streambench.model.workload import (
    Field,
    Input,
    Query,
    Replay,
    Synthetic,
    Workload,
)
from streambench.model.written import quoted
from streambench.workload.by_hand import by_hand, keyed_by, mistakes_by_hand
from streambench.workload.draft import Draft, draft_of
from streambench.workload.expressions import (
    Named,
    parse_aggregate,
    parse_expression,
    parse_having,
    parse_named,
)
from streambench.workload.field_schema import GeneratedField, value_type
from streambench.workload.forms import (
    FORMS,
    chosen_form,
    formed,
    forms_of,
    place_of,
    problem_with_form,
    refuse_unknown_form,
    text_in_form,
)
from streambench.workload.from_spec import (
    dirt_of,
    field_source,
    file_column,
    load_shape,
    query_window,
    source_type,
    tail_of,
    time_column,
)
from streambench.workload.limits import (
    LONGEST_TITLE,
    MOST_AGGREGATES,
    MOST_FIELDS,
    MOST_PARTS,
    MOST_VALUES,
)
from streambench.workload.locate import FILE_NAME, find_form
from streambench.workload.lookups import Lookups
from streambench.workload.mistakes import Mistake, value_at
from streambench.workload.names import better_name, did_you_mean, nearest, problem_with_name
from streambench.workload.record_keys import key_mistakes, record_key
from streambench.workload.schema import QuerySpec, ReplaySpec, SyntheticSpec, WorkloadSpec
from streambench.workload.source import parse_instant_ms
from streambench.workload.sql_text import ExpressionError
from streambench.workload.toml_file import TomlFile, read_toml

_Parsed = TypeVar("_Parsed", Expression, Aggregate)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def load_named(name: str) -> Workload:
    """The workload that `WORKLOAD[:FORM]` stands for. Raises UsageError."""
    return load_workload(*find_form(name))


def load_workload(folder: Path, form: str | None = None) -> Workload:
    """Read `workload.toml` in `folder`, in one of its forms; None: the one that the file names, if any.

    Raises UsageError, naming the file and everything that is wrong with it, each with its line and column.
    A replayed file is not opened here.
    """
    written = workload_file(folder)
    name = folder.resolve().name
    chosen = chosen_form(written.data, form)
    if chosen is not None:
        refuse_unknown_form(name, chosen, forms_of(written.data))
    try:
        draft = draft_of(formed(written.data, chosen))
        document = _Document(folder, draft)
        found = None if draft.spec is None else document.workload(draft.spec)
    except RecursionError:
        raise written.too_deep() from None
    if found is None or document.mistakes:
        raise written.refusal(
            [
                replace(each, path=place_of(each.path, written.data, chosen))
                for each in document.mistakes
            ]
        )
    return _in_form(found, chosen, form, written)


def _in_form(found: Workload, chosen: str | None, named: str | None, written: TomlFile) -> Workload:
    """The workload with the name and the title of its form."""
    if named is not None:
        found = replace(found, name=f"{found.name}:{named}")
    if chosen is None or value_at(written.data, (FORMS, chosen, "title")) is not None:
        return found
    return replace(found, title=f"{found.title} ({chosen})")


def declared_text(name: str) -> str:
    """The text of the `workload.toml` of `WORKLOAD[:FORM]`, which says in which form it is meant."""
    folder, form = find_form(name)
    return text_in_form((folder / FILE_NAME).read_text(encoding="utf-8"), form)


def workload_file(folder: Path) -> TomlFile:
    """The `workload.toml` in `folder`, as far as it is TOML. Raises UsageError."""
    file = folder / FILE_NAME
    try:
        return read_toml(file, shown=str(file))
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist", hint="streambench workloads") from None


class _Document:
    """Makes a workload of what was read; notes what does not fit together, and goes on."""

    def __init__(self, folder: Path, draft: Draft) -> None:
        self.mistakes = list(draft.mistakes)
        self._folder = folder
        self._draft = draft
        # Names of fields, expressions and aggregates of which nothing is known, as they are wrong.
        self._unknown = set(draft.unknown_fields())

    def workload(self, spec: WorkloadSpec) -> Workload:
        """The workload, which is sound where nothing was noted."""
        for name in spec.forms:
            if (problem := problem_with_form(name)) is not None:
                self._wrong((FORMS, name), problem, f"write [{FORMS}.original], or the like")
        fields = self._fields(spec)
        lookups = Lookups(spec.query, fields, self._folder, self._draft)
        fields = (*fields, *lookups.fields())
        self.mistakes += lookups.mistakes
        if not self._knows_no_fields():
            self.mistakes += key_mistakes(spec.input.key or (), fields)
        query = self._query(spec, fields)
        return Workload(
            name=self._folder.resolve().name,
            title=self._title(spec.title),
            folder=self._folder,
            fields=fields,
            input=self._input(spec.input),
            query=query,
            partitions=spec.input.partitions,
            quantum_ms=spec.input.quantum,
            key=record_key(spec.input.key, [key.name for key in query.group_by]),
            dirt=dirt_of(spec.input.dirt),
        )

    def _wrong(self, path: Sequence[str], what: str, instead: str) -> None:
        self.mistakes.append(Mistake(tuple(path), what, instead))

    def _title(self, title: str) -> str:
        found = _CONTROL.search(title)
        if found is not None:
            what = (
                f"a title is one line, and this holds the character U+{ord(found[0]):04X} at position "
                f"{found.start() + 1}"
            )
            self._wrong(("title",), what, 'write title = "Clicks per campaign"')
        elif len(title) > LONGEST_TITLE:
            what = f"a title has at most {LONGEST_TITLE} characters, and this has {len(title):,}"
            self._wrong(("title",), what, "write a shorter one; a description can be a comment")
        return title

    def _fields(self, spec: WorkloadSpec) -> tuple[Field, ...]:
        declared = spec.input.fields
        if not declared:
            what = "a record has one field or more"
            self._wrong(
                ("input", "fields"), what, "add user = { choice = 1_000 } to [input.fields]"
            )
        if len(declared) > MOST_FIELDS:
            what = f"a record has at most {MOST_FIELDS} fields, and this has {len(declared):,}"
            self._wrong(("input", "fields"), what, "keep those that the query reads, and some more")
        fields: list[Field] = []
        for name, one in declared.items():
            if (problem := problem_with_name(name)) is not None:
                instead = f"call it {better_name(name)}, in the query as well"
                self._wrong(("input", "fields", name), problem, instead)
            if isinstance(one, GeneratedField):
                source = field_source(name, one)
                share = one.null or 0.0
                type_ = source_type(source)
                nullable = one.null is not None
                fields.append(Field(name, type_, source, nullable=nullable, null_share=share))
            else:
                type_, column = value_type(one.type), file_column(name, one)
                fields.append(Field(name, type_, None, column, nullable=one.null))
        return tuple(fields)

    def _input(self, spec: SyntheticSpec | ReplaySpec) -> Input:
        if isinstance(spec, SyntheticSpec):
            return self._synthetic(spec)
        instants: dict[str, int] = {}
        for key, text in (("begin", spec.begin), ("end", spec.end)):
            if text is not None:
                try:
                    instants[key] = parse_instant_ms(text)
                except (ValueError, OverflowError):
                    what = f"{quoted(text)} is not a date such as 2013-07-10"
                    self._wrong(("input", key), what, f"write {key} = 2013-07-10T08:00:00Z")
        if len(instants) == 2 and instants["begin"] >= instants["end"]:
            what = f"{spec.end} is not after {spec.begin}"
            self._wrong(("input", "end"), what, "write a later date, or leave end out")
        return Replay(
            path=self._folder / spec.replay,
            arrival=None if spec.arrival is None else time_column(spec.arrival),
            event_time=time_column(spec.event_time),
            speed_up=spec.speed_up,
            begin=spec.begin,
            end=spec.end,
            origin=spec.origin or spec.replay,
            leave_out=spec.leave_out,
            delimiter=spec.delimiter,
        )

    def _synthetic(self, spec: SyntheticSpec) -> Synthetic:
        if spec.shape is None:
            assert spec.rate is not None, "the schema asks for rate or shape"
            return Synthetic(spec.rate, spec.time.disorder, tail=tail_of(spec.time))
        shape = load_shape(spec.shape)
        if (problem := problem_with(shape)) is not None:
            self._wrong(("input", "shape"), problem, "write shape = { ramp = [5_000, 40_000] }")
            return Synthetic(1, spec.time.disorder)
        return Synthetic(mean_per_s(shape), spec.time.disorder, shape, tail_of(spec.time))

    def _query(self, whole: WorkloadSpec, fields: tuple[Field, ...]) -> Query:
        spec = whole.query
        if not self._draft.stands_in("query", "group_by"):
            self._check_keys(spec, fields)
        named = self._named(spec, fields)
        where = having = None
        if spec.where is not None:
            where = self._parsed(
                ("query", "where"), spec.where, lambda text: parse_expression(text, fields, named)
            )
        written = by_hand(spec, fields, self._folder)
        if written is not None:
            self.mistakes += mistakes_by_hand(spec, fields, whole.input.key, self._folder)
        aggregates = self._aggregates(spec, fields, named) if written is None else ()
        if spec.having is not None and written is None:
            self._unknown = set(spec.select) - {each.alias for each in aggregates}
            self._unknown |= self._draft.unknown_aggregates()
            having = self._having(spec.having, aggregates)
        known = {each.name: FieldReference(each.name, each.type, each.nullable) for each in fields}
        group_by = tuple(known[key] for key in spec.group_by if key in known)
        if written is not None:
            group_by = keyed_by(whole.input.key, written, known)
        where = _with_keys(where, group_by)
        window = query_window(spec.window)
        found = Query(where, group_by, window, spec.grace, aggregates, having, written)
        self._check_lists(found)
        return found

    def _named(self, spec: QuerySpec, fields: tuple[Field, ...]) -> Named:
        """The expressions of `let`; each may use those before it."""
        known = {field.name for field in fields}
        named: dict[str, Expression] = {}
        for name, text in spec.let.items():
            path = ("query", "let", name)
            if name in known:
                what = "an expression cannot have the name of a field"
                self._wrong(path, what, f"call it {name}_of, or otherwise")
                continue  # the field is what is meant elsewhere
            if (problem := problem_with_name(name)) is not None:
                self._wrong(path, problem, f"call it {better_name(name)}")

            def read(text: str) -> Expression:
                return parse_named(text, fields, named)

            if (found := self._parsed(path, text, read)) is None:
                self._unknown.add(name)
            else:
                named[name] = found
        return named

    def _aggregates(
        self, spec: QuerySpec, fields: tuple[Field, ...], named: Named
    ) -> tuple[Aggregate, ...]:
        aggregates: list[Aggregate] = []
        for alias, text in spec.select.items():
            path = ("query", "select", alias)
            if alias in spec.group_by:
                what = "an aggregate cannot have the name of a group-by field"
                self._wrong(path, what, f"call it {alias}_total, or otherwise")
            elif (problem := problem_with_name(alias)) is not None:
                self._wrong(path, problem, f"call it {better_name(alias)}")

            def read(text: str, alias: str = alias) -> Aggregate:
                return parse_aggregate(text, alias, fields, named)

            found = self._parsed(path, text, read)
            aggregates += [] if found is None else [found]
        self._check_size(aggregates, len(spec.select))
        return tuple(aggregates)

    def _having(self, text: str, aggregates: tuple[Aggregate, ...]) -> Expression | None:
        if ("query", "select") in self._draft.replaced:
            return None
        return self._parsed(("query", "having"), text, lambda text: parse_having(text, aggregates))

    def _check_keys(self, spec: QuerySpec, fields: tuple[Field, ...]) -> None:
        if self._knows_no_fields():
            return
        types = {field.name: field.type for field in fields}
        unknown = self._draft.unknown_fields()
        path = ("query", "group_by")
        for place, key in enumerate(spec.group_by):
            near = nearest(key, types) or next(iter(types), "user")
            instead = dict.fromkeys(near if each == key else each for each in spec.group_by)
            write = f"write group_by = [{', '.join(map(_in_quotes, instead))}]"
            if (
                spec.columns is not None
                and key in spec.columns
                and key not in spec.group_by[:place]
            ):
                continue
            if key in spec.let:
                what = f"{quoted(key)} is of `let`; records are grouped by their own fields"
                self._wrong(path, what, write)
            elif key not in types:
                what = f"unknown field {quoted(key)}{did_you_mean(key, types)}"
                self._wrong(path, what, write)
            elif key in spec.group_by[:place]:
                once = ", ".join(map(_in_quotes, dict.fromkeys(spec.group_by)))
                self._wrong(path, f"{quoted(key)} stands there twice", f"write group_by = [{once}]")
            elif types[key] is FieldType.DOUBLE and key not in unknown:
                what = f"{quoted(key)} is a double; group by what can be told to be the same"
                self._wrong(path, what, f"make {key} a bigint, a string or a decimal")

    def _knows_no_fields(self) -> bool:
        whole = {("input", "fields"), ("input",), ("query", "let"), ("query", "lookup")}
        return bool(whole & self._draft.replaced) or self._draft.lacks_a_table()

    def _parsed(
        self, path: tuple[str, ...], text: str, read: Callable[[str], _Parsed]
    ) -> _Parsed | None:
        """What a text means; None where it is wrong, or names something of which nothing is known."""
        if self._knows_no_fields():
            return None
        if any(re.search(rf"\b{re.escape(name)}\b", text) for name in self._unknown):
            return None
        try:
            return read(text)
        except ExpressionError as error:
            instead = error.hint or ""
            self.mistakes.append(Mistake(path, error.message, instead, error.position))
            return None

    def _check_size(self, aggregates: Sequence[Aggregate], columns: int) -> None:
        if columns > MOST_AGGREGATES:
            what = f"a query has at most {MOST_AGGREGATES} aggregates, and this has {columns:,}"
            self._wrong(("query", "select"), what, "take some of them out, or make two workloads")
        asked = (each for one in aggregates for each in (one.argument, one.filter))
        every = sum(1 for each in asked if each is not None for _ in parts(each))
        if every > MOST_PARTS:
            what = (
                f"the aggregates have {every:,} columns, constants and operators together; at most "
                f"{MOST_PARTS:,} can be used"
            )
            self._wrong(("query", "select"), what, "take some of them out, or make two workloads")

    def _check_lists(self, query: Query) -> None:
        asked = [*query.conditions, query.having, *(each.argument for each in query.aggregates)]
        every = [part for each in asked if each is not None for part in parts(each)]
        values = [len(part.values) for part in every if isinstance(part, Membership)]
        # Of one list alone its own text tells.
        if sum(values) > MOST_VALUES and max(values) <= MOST_VALUES:
            what = (
                f"the lists in IN (…) have {sum(values):,} constants together; at most {MOST_VALUES:,} can "
                "be used"
            )
            instead = "let the records carry a field that says it already, such as a group"
            self._wrong(("query",), what, instead)


def _with_keys(where: Expression | None, group_by: Sequence[FieldReference]) -> Expression | None:
    """`where` of those records alone that have a group."""
    known = tuple(Not(IsNull(key)) for key in group_by if key.nullable)
    every: tuple[Expression, ...] = known if where is None else (*known, where)
    return And(every) if len(every) > 1 else next(iter(every), None)


def _in_quotes(name: str) -> str:
    return f'"{name}"'
