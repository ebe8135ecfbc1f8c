"""A folder with a `workload.toml` becomes a checked `Workload`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_never

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from streambench.model.errors import UsageError
from streambench.model.expression import (
    Aggregate,
    DecimalType,
    Expression,
    FieldReference,
    FieldType,
    ValueType,
)
from streambench.model.shape import Bursts, Ramp, Shape, Sine, Steps, mean_per_s, problem_with
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import (
    Choice,
    Coin,
    DecimalRange,
    DoubleRange,
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
from streambench.workload.expressions import (
    ExpressionError,
    Named,
    parse_aggregate,
    parse_expression,
    parse_having,
    parse_named,
)
from streambench.workload.locate import FILE_NAME
from streambench.workload.names import did_you_mean, problem_with_name
from streambench.workload.schema import (
    GeneratedField,
    QuerySpec,
    ReplaySpec,
    ShapeSpec,
    SyntheticSpec,
    TimeColumnSpec,
    WindowSpec,
    WorkloadSpec,
    input_kind,
    keys_at,
    value_type,
)
from streambench.workload.source import parse_instant_ms
from streambench.workload.toml_file import read_toml, refusal


def load_workload(folder: Path) -> Workload:
    """Read `workload.toml` in `folder`.

    Raises UsageError, naming the file, the key and what is wrong with it; broken TOML with its line
    and column. A replayed file is not opened here.
    """
    file = folder / FILE_NAME
    written = _read(file)
    try:
        spec = WorkloadSpec.model_validate(written)
    except ValidationError as error:
        replay = input_kind(written.get("input")) == "replay"
        messages = [_message(detail, replay=replay) for detail in error.errors()]
        raise _refusal(file, *dict.fromkeys(messages)) from None
    fields = _fields(file, spec)
    return Workload(
        name=folder.resolve().name,
        title=spec.title,
        folder=folder,
        fields=fields,
        input=_input(file, spec.input),
        query=_query(file, spec.query, fields),
        partitions=spec.input.partitions,
        quantum_ms=spec.input.quantum,
    )


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return read_toml(file, shown=str(file), check=_check(file)).data
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist", hint="streambench workloads") from None


def _refusal(file: Path, *messages: str) -> UsageError:
    return refusal(str(file), _check(file), *messages)


def _check(file: Path) -> str:
    return f"streambench validate {file.resolve().parent.name}"


def _message(detail: ErrorDetails, *, replay: bool) -> str:
    """One of pydantic's findings, in the words of the file."""
    # The tags of `input`'s two forms, and of unions within a key, are not the user's words.
    path = tuple(
        str(step)
        for step in detail["loc"]
        if step not in ("synthetic", "replay")
        and not str(step).startswith(("constrained-", "tuple["))
    )
    if detail["loc"][-2:] == ("replay", "replay"):
        path = ("input", "replay")
    parent, key = path[:-1], path[-1] if path else ""
    match detail["type"]:
        case "extra_forbidden":
            other = keys_at(parent, replay=not replay)
            if key in other:
                form = "replays a file" if replay else "is generated"
                what = f"this key has no meaning where the input {form}"
            else:
                what = f"unknown key{did_you_mean(key, keys_at(parent, replay=replay))}"
        case "missing":
            what = "this key is missing"
        case "value_error":
            what = str(detail["ctx"]["error"])
        case _:
            what = f"{detail['msg'][0].lower()}{detail['msg'][1:]}"
            if isinstance(detail["input"], str | int | float):
                what += f", not {detail['input']!r}"
    return f"{'.'.join(path)}: {what}" if path else what


def _fields(file: Path, spec: WorkloadSpec) -> tuple[Field, ...]:
    if not spec.input.fields:
        raise _refusal(file, "input.fields: a record has one field or more")
    fields: list[Field] = []
    for name, declared in spec.input.fields.items():
        if (problem := problem_with_name(name)) is not None:
            raise _refusal(file, f"input.fields.{name}: {problem}")
        if isinstance(declared, GeneratedField):
            source = _source(name, declared)
            fields.append(Field(name, _type(source), source))
        else:
            column = FileColumn(declared.column or name, declared.times or 1)
            fields.append(Field(name, value_type(declared.type), None, column))
    return tuple(fields)


def _source(name: str, declared: GeneratedField) -> FieldSource:
    if declared.int_ is not None:
        return IntRange(*declared.int_)
    if declared.decimal is not None:
        return DecimalRange(*declared.units, declared.digits_behind)
    if declared.double is not None:
        return DoubleRange(*declared.double)
    if declared.bool_ is not None:
        return Coin(declared.bool_)
    assert declared.choice is not None, "the schema asks for one of them"
    if isinstance(declared.choice, int):
        prefix = name if declared.prefix is None else declared.prefix
        values = tuple(f"{prefix}{number}" for number in range(declared.choice))
    else:
        values = declared.choice
    return Choice(values, declared.skew or 0.0)


def _type(source: FieldSource) -> ValueType:
    match source:
        case Choice():
            return FieldType.STRING
        case IntRange():
            return FieldType.BIGINT
        case DoubleRange():
            return FieldType.DOUBLE
        case Coin():
            return FieldType.BOOLEAN
        case DecimalRange(low=low, high=high, scale=scale):
            digits = max(len(str(abs(bound))) for bound in (low, high))
            return DecimalType(max(digits, scale), scale)
        case _:
            assert_never(source)


def _input(file: Path, spec: SyntheticSpec | ReplaySpec) -> Input:
    if isinstance(spec, SyntheticSpec):
        return _synthetic(file, spec)
    instants: dict[str, int] = {}
    for key, text in (("begin", spec.begin), ("end", spec.end)):
        if text is not None:
            try:
                instants[key] = parse_instant_ms(text)
            except ValueError:
                raise _refusal(
                    file, f"input.{key}: '{text}' is not a date such as 2013-07-10"
                ) from None
    if len(instants) == 2 and instants["begin"] >= instants["end"]:
        raise _refusal(file, f"input.end: {spec.end} is not after {spec.begin}")
    return Replay(
        path=file.parent / spec.replay,
        arrival=None if spec.arrival is None else _time_column(spec.arrival),
        event_time=_time_column(spec.event_time),
        speed_up=spec.speed_up,
        begin=spec.begin,
        end=spec.end,
        origin=spec.origin or spec.replay,
        leave_out=spec.leave_out,
        delimiter=spec.delimiter,
    )


def _time_column(spec: TimeColumnSpec) -> TimeColumn:
    return TimeColumn(spec.column, spec.format, spec.unit, spec.zone)


def _synthetic(file: Path, spec: SyntheticSpec) -> Synthetic:
    if spec.shape is None:
        assert spec.rate is not None, "the schema asks for rate or shape"
        return Synthetic(spec.rate, spec.time.disorder)
    shape = _shape(spec.shape)
    if (problem := problem_with(shape)) is not None:
        raise _refusal(file, f"input.shape: {problem}")
    return Synthetic(mean_per_s(shape), spec.time.disorder, shape)


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


def _query(file: Path, spec: QuerySpec, fields: tuple[Field, ...]) -> Query:
    group_by = _group_by(file, spec, fields)
    named = _named(file, spec, fields)
    try:
        where = None if spec.where is None else parse_expression(spec.where, fields, named)
    except ExpressionError as error:
        raise _refusal(file, f"query.where: {error.message}") from None
    aggregates = _aggregates(file, spec, fields, named)
    try:
        having = None if spec.having is None else parse_having(spec.having, aggregates)
    except ExpressionError as error:
        raise _refusal(file, f"query.having: {error.message}") from None
    return Query(where, group_by, _window(spec.window), spec.grace, aggregates, having)


def _named(file: Path, spec: QuerySpec, fields: tuple[Field, ...]) -> Named:
    """The expressions of `let`; each may use those before it."""
    known = {field.name for field in fields}
    named: dict[str, Expression] = {}
    for name, text in spec.let.items():
        problem = problem_with_name(name)
        if name in known:
            problem = "an expression cannot have the name of a field"
        if problem is not None:
            raise _refusal(file, f"query.let.{name}: {problem}")
        try:
            named[name] = parse_named(text, fields, named)
        except ExpressionError as error:
            raise _refusal(file, f"query.let.{name}: {error.message}") from None
    return named


def _aggregates(
    file: Path, spec: QuerySpec, fields: tuple[Field, ...], named: Named
) -> tuple[Aggregate, ...]:
    aggregates: list[Aggregate] = []
    for alias, text in spec.select.items():
        problem = problem_with_name(alias)
        if alias in spec.group_by:
            problem = "an aggregate cannot have the name of a group-by field"
        if problem is not None:
            raise _refusal(file, f"query.select.{alias}: {problem}")
        try:
            aggregates.append(parse_aggregate(text, alias, fields, named))
        except ExpressionError as error:
            raise _refusal(file, f"query.select.{alias}: {error.message}") from None
    return tuple(aggregates)


def _group_by(file: Path, spec: QuerySpec, fields: tuple[Field, ...]) -> tuple[FieldReference, ...]:
    types: Mapping[str, ValueType] = {field.name: field.type for field in fields}
    for place, key in enumerate(spec.group_by):
        if key in spec.let:
            raise _refusal(
                file,
                f"query.group_by: '{key}' is of `let`; records are grouped by their own fields",
            )
        if key not in types:
            raise _refusal(file, f"query.group_by: unknown field '{key}'{did_you_mean(key, types)}")
        if key in spec.group_by[:place]:
            raise _refusal(file, f"query.group_by: '{key}' stands there twice")
        if types[key] is FieldType.DOUBLE:
            raise _refusal(
                file,
                f"query.group_by: '{key}' is a double; group by what can be told to be the same",
            )
    return tuple(FieldReference(key, types[key]) for key in spec.group_by)


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
