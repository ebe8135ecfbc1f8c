"""A folder with a `workload.toml` becomes a checked `Workload`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from streambench.model.errors import UsageError
from streambench.model.expression import (
    Aggregate,
    Expression,
    FieldReference,
    FieldType,
    parts,
)
from streambench.model.shape import Bursts, Ramp, Shape, Sine, Steps, mean_per_s, problem_with
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import (
    Choice,
    Field,
    FieldSource,
    FileColumn,
    Input,
    IntRange,
    Query,
    Replay,
    Synthetic,
    TimeColumn,
    Workload,
)
from streambench.model.written import quoted
from streambench.workload.draft import Draft, draft_of
from streambench.workload.expressions import parse_aggregate, parse_expression
from streambench.workload.limits import (
    LONGEST_TITLE,
    MOST_AGGREGATES,
    MOST_FIELDS,
    MOST_PARTS,
)
from streambench.workload.locate import FILE_NAME
from streambench.workload.mistakes import Mistake
from streambench.workload.names import did_you_mean, nearest, problem_with_name
from streambench.workload.schema import (
    GeneratedField,
    QuerySpec,
    ReplaySpec,
    ShapeSpec,
    SyntheticSpec,
    TimeColumnSpec,
    WindowSpec,
    WorkloadSpec,
)
from streambench.workload.source import parse_instant_ms
from streambench.workload.sql_text import ExpressionError
from streambench.workload.toml_file import TomlFile, read_toml

_Parsed = TypeVar("_Parsed", Expression, Aggregate)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def load_workload(folder: Path) -> Workload:
    """Read `workload.toml` in `folder`.

    Raises UsageError, naming the file and everything that is wrong with it, each with its line and column.
    A replayed file is not opened here.
    """
    written = workload_file(folder)
    try:
        draft = draft_of(written.data)
        document = _Document(folder, draft)
        found = None if draft.spec is None else document.workload(draft.spec)
    except RecursionError:
        raise written.too_deep() from None
    if found is None or document.mistakes:
        raise written.refusal(document.mistakes)
    return found


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

    def workload(self, spec: WorkloadSpec) -> Workload:
        """The workload, which is sound where nothing was noted."""
        fields = self._fields(spec)
        return Workload(
            name=self._folder.resolve().name,
            title=self._title(spec.title),
            folder=self._folder,
            fields=fields,
            input=self._input(spec.input),
            query=self._query(spec.query, fields),
            partitions=spec.input.partitions,
            quantum_ms=spec.input.quantum,
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
                instead = f"call it {_better(name)}, in the query as well"
                self._wrong(("input", "fields", name), problem, instead)
            if isinstance(one, GeneratedField):
                source = _source(name, one)
                type_ = FieldType.STRING if isinstance(source, Choice) else FieldType.BIGINT
                fields.append(Field(name, type_, source))
            else:
                column = FileColumn(one.column or name, one.times or 1)
                fields.append(Field(name, one.type, None, column))
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
            arrival=None if spec.arrival is None else _time_column(spec.arrival),
            event_time=_time_column(spec.event_time),
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
            return Synthetic(spec.rate, spec.time.disorder)
        shape = _shape(spec.shape)
        if (problem := problem_with(shape)) is not None:
            self._wrong(("input", "shape"), problem, "write shape = { ramp = [5_000, 40_000] }")
            return Synthetic(1, spec.time.disorder)
        return Synthetic(mean_per_s(shape), spec.time.disorder, shape)

    def _query(self, spec: QuerySpec, fields: tuple[Field, ...]) -> Query:
        if not self._draft.stands_in("query", "group_by"):
            self._check_keys(spec.group_by, fields)
        where = None
        if spec.where is not None:
            where = self._parsed(("query", "where"), spec.where, fields, parse_expression)
        aggregates: list[Aggregate] = []
        for alias, text in spec.select.items():
            path = ("query", "select", alias)
            if alias in spec.group_by:
                what = "an aggregate cannot have the name of a group-by field"
                self._wrong(path, what, f"call it {alias}_total, or otherwise")
            elif (problem := problem_with_name(alias)) is not None:
                self._wrong(path, problem, f"call it {_better(alias)}")

            def aggregate(text: str, fields: Sequence[Field], alias: str = alias) -> Aggregate:
                return parse_aggregate(text, alias, fields)

            found = self._parsed(path, text, fields, aggregate)
            aggregates += [] if found is None else [found]
        self._check_size(aggregates, len(spec.select))
        types = {field.name: field.type for field in fields}
        group_by = tuple(FieldReference(key, types[key]) for key in spec.group_by if key in types)
        return Query(where, group_by, _window(spec.window), spec.grace, tuple(aggregates))

    def _check_keys(self, keys: Sequence[str], fields: tuple[Field, ...]) -> None:
        if ("input", "fields") in self._draft.replaced or ("input",) in self._draft.replaced:
            return
        types = {field.name: field.type for field in fields}
        path = ("query", "group_by")
        for place, key in enumerate(keys):
            if key not in types:
                near = nearest(key, types) or next(iter(types), "user")
                what = f"unknown field {quoted(key)}{did_you_mean(key, types)}"
                self._wrong(path, what, f'write group_by = ["{near}"]')
            elif key in keys[:place]:
                self._wrong(
                    path, f"{quoted(key)} stands there twice", f'write group_by = ["{key}"]'
                )

    def _parsed(
        self,
        path: tuple[str, ...],
        text: str,
        fields: tuple[Field, ...],
        parse: Callable[[str, Sequence[Field]], _Parsed],
    ) -> _Parsed | None:
        """What a text means; None where it is wrong, or names a field of which nothing is known."""
        if ("input", "fields") in self._draft.replaced or ("input",) in self._draft.replaced:
            return None
        if any(re.search(rf"\b{re.escape(n)}\b", text) for n in self._draft.unknown_fields()):
            return None
        try:
            return parse(text, fields)
        except ExpressionError as error:
            instead = error.hint or ""
            self.mistakes.append(Mistake(path, error.message, instead, error.position))
            return None

    def _check_size(self, aggregates: Sequence[Aggregate], columns: int) -> None:
        if columns > MOST_AGGREGATES:
            what = f"a query has at most {MOST_AGGREGATES} aggregates, and this has {columns:,}"
            self._wrong(("query", "select"), what, "take some of them out, or make two workloads")
        every = sum(
            1 for each in aggregates if each.argument is not None for _ in parts(each.argument)
        )
        if every > MOST_PARTS:
            what = (
                f"the aggregates have {every:,} columns, constants and operators together; at most "
                f"{MOST_PARTS:,} can be used"
            )
            self._wrong(("query", "select"), what, "take some of them out, or make two workloads")


def _better(name: str) -> str:
    """A name like this one that can be used."""
    made = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")[:40]
    made = made if made[:1].isalpha() else f"f_{made}"
    return made if problem_with_name(made) is None else f"{made}_of"


def _source(name: str, declared: GeneratedField) -> FieldSource:
    if declared.int_ is not None:
        return IntRange(*declared.int_)
    assert declared.choice is not None, "the schema asks for choice or int"
    if isinstance(declared.choice, int):
        prefix = name if declared.prefix is None else declared.prefix
        values = tuple(f"{prefix}{number}" for number in range(declared.choice))
    else:
        values = declared.choice
    return Choice(values, declared.skew or 0.0)


def _shape(spec: ShapeSpec) -> Shape:
    if spec.ramp is not None:
        return Ramp(*spec.ramp)
    if spec.steps is not None:
        return Steps(spec.steps)
    if spec.sine is not None:
        return Sine(spec.sine.mean, spec.sine.swing, spec.sine.period)
    assert spec.bursts is not None, "the schema asks for one of them"
    bursts = spec.bursts
    return Bursts(bursts.base, bursts.peak, bursts.every, bursts.lasts)


def _time_column(spec: TimeColumnSpec) -> TimeColumn:
    return TimeColumn(spec.column, spec.format, spec.unit, spec.zone)


def _window(spec: WindowSpec) -> Window:
    if spec.session is not None:
        return Sessions(spec.session)
    size_ms, every_ms = spec.hopping, spec.every
    if size_ms is None or every_ms is None:
        assert spec.tumbling is not None, "the schema asks for one of them"
        size_ms = every_ms = spec.tumbling
    # An offset of a whole advance moves nothing.
    offset_ms = spec.offset % every_ms
    if every_ms == size_ms:
        return Tumbling(size_ms, offset_ms)
    return Hopping(size_ms, every_ms, offset_ms)
