"""Texts of workload.toml: sound ones that were changed, and such as follow the grammar of keys and values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from streambench.workload.field_schema import GeneratedField
from streambench.workload.key_places import key_names
from streambench.workload.key_words import WORDS, example_of
from streambench.workload.locate import shipped_root
from streambench.workload.schema import (
    BurstsSpec,
    QuerySpec,
    ReplaySpec,
    ShapeSpec,
    SineSpec,
    SyntheticSpec,
    TimeSpec,
    WindowSpec,
)
from streambench.workload.unsupported import NEAREST
from tests.fuzz.expressions import expressions, sound_aggregates, sound_conditions
from tests.fuzz.values import durations, names, nasty_text, numbers

SOUND: Final = (
    (shipped_root() / "clicks" / "workload.toml").read_text(encoding="utf-8"),
    (shipped_root() / "flights" / "workload.toml").read_text(encoding="utf-8"),
    'title = "Small"\n[input]\nshape = { sine = { mean = 20_000, swing = 15_000, period = "60 s" } }\n'
    '[input.fields]\nuser = { choice = ["a", "b", "c", "d", "e", "f", "g"] }\nn = { int = [-5, 5] }\n'
    '[query]\ngroup_by = ["user"]\nwindow = { tumbling = "1 s" }\nselect = { rows = "count(*)" }\n',
    'title = "Owners"\n[input]\nrate = 500\n[input.fields]\ncampaign = { choice = 4, prefix = "c" }\n'
    '[query]\ngroup_by = ["owner"]\nwindow = { tumbling = "1 s" }\nselect = { n = "count(size)" }\n'
    '[query.lookup.campaigns]\nfile = "campaigns.csv"\non = { campaign = "id" }\n'
    '[query.lookup.campaigns.columns]\nowner = "string"\nsize = { column = "size", type = "decimal(4,2)" }\n',
)
_KEYS: Final = tuple(
    dict.fromkeys(
        [name for model in WORDS for name in key_names(model)]
        + [name for model in NEAREST for name in NEAREST[model]]
    )
)


class Raw(str):
    """A text that stands in a document as it is."""


raw = st.one_of(
    numbers,
    st.sampled_from(("true", "false", "[]", "{}", "2013-07-10", "10:00:00", "1979-05-27T07:32:00Z", "0001-01-01", "9999-12-31T23:59:59-23:59")),
    st.sampled_from(("'x'", '"""x\ny"""', "[[1]]", "{ a = 1 }", "yes", "[1, 'a']", "-inf", "nan", "", "=", "[", '"')),
).map(Raw)  # fmt: skip
anything: st.SearchStrategy[Any] = st.one_of(
    raw,
    nasty_text,
    durations,
    expressions,
    names,
    st.lists(st.one_of(raw, nasty_text), max_size=3),
    st.dictionaries(names, st.one_of(raw, nasty_text), max_size=2),
)


def written(value: Any) -> str:
    """A value as TOML."""
    match value:
        case Raw():
            return str(value)
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value.encode("utf-8", "replace").decode())
        case Mapping():
            return "{ " + ", ".join(f"{_key(k)} = {written(v)}" for k, v in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(written, value)) + "]"
        case _:
            return str(value)


def _key(name: str) -> str:
    bare = name.replace("_", "a").replace("-", "a")
    return (
        name
        if bare.isascii() and bare.isalnum()
        else json.dumps(name.encode("utf-8", "replace").decode())
    )


@st.composite
def table(draw: st.DrawFn, sound: Mapping[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """A table with most of these keys, a wrong value now and then, and sometimes a key of another table."""
    made: dict[str, Any] = {}
    for name, values in sound.items():
        chance = draw(st.integers(0, 19))
        if chance == 0:
            continue
        made[name] = draw(anything) if chance == 1 else draw(values)
    if draw(st.integers(0, 9)) == 0:
        made[draw(st.one_of(st.sampled_from(_KEYS), names))] = draw(anything)
    return made


def _of(model: Any, name: str) -> st.SearchStrategy[Any]:
    return st.just(example_of(WORDS[model][name]))


_shapes = st.one_of(
    table({"ramp": st.lists(st.integers(0, 9_000_000), min_size=2, max_size=2)}),
    table({"steps": st.lists(st.integers(0, 60_000), max_size=4)}),
    st.fixed_dictionaries({"sine": table({n: _of(SineSpec, n) for n in ("mean", "swing", "period")})}),
    st.fixed_dictionaries({"bursts": table({n: _of(BurstsSpec, n) for n in ("base", "peak", "every", "lasts")})}),
    table({n: _of(ShapeSpec, n) for n in ("ramp",)}),
)  # fmt: skip
_fields = st.one_of(
    table({"choice": st.integers(0, 2_000), "prefix": nasty_text, "skew": st.floats(-1, 11)}),
    table({"choice": st.lists(nasty_text, max_size=4)}),
    table({"int": st.lists(st.integers(), min_size=2, max_size=2).map(sorted)}),
    table({"int": st.lists(st.integers(-9, 999), min_size=1, max_size=3)}),
    table(
        {
            "decimal": st.lists(st.floats(-99, 999), min_size=2, max_size=2),
            "scale": st.integers(-1, 20),
        }
    ),
    table({"decimal": st.sampled_from(([0.5, 99.25], [-1, 1], [1e300, 1e301], [0.1, 0.125]))}),
    table({"double": st.lists(st.floats(), min_size=2, max_size=2).map(sorted)}),
    table({"bool": st.floats(-0.5, 1.5), "null": st.floats(-0.5, 1.5)}),
    table({n: _of(GeneratedField, n) for n in ("choice",)}),
)
_field_tables = st.builds(
    lambda some, more: {**some, **more},
    st.fixed_dictionaries(
        {
            "campaign": st.just({"choice": 1_000, "prefix": "c"}),
            "action": st.just({"choice": ["view", "click"]}),
            "price": st.just({"int": [1, 500]}),
            "amount": st.just({"int": [0, 9]}),
            "tip": st.just({"int": [0, 99], "null": 0.25}),
            "note": st.just({"choice": ["view", "x"], "null": 0.5}),
            "known": st.just({"bool": 0.5, "null": 0.1}),
            "sent": st.just({"timestamp": ["1969-12-31", "2026-01-31 12:00:00"]}),
        }
    ),
    st.dictionaries(names, _fields, max_size=2),
)
_generated = st.one_of(
    table(
        {
            "rate": st.integers(0, 6_000_000),
            "partitions": st.integers(0, 12),
            "quantum": durations,
            "fields": _field_tables,
            "time": table(dict.fromkeys(TimeSpec.model_fields, durations)),
        }
    ),
    table({"shape": _shapes, "fields": _field_tables}),
    table({n: _of(SyntheticSpec, n) for n in ("rate", "partitions", "quantum")} | {"fields": _field_tables}),
)  # fmt: skip
_types = st.sampled_from(("string", "bigint", "boolean", "double", "decimal(10,2)", "decimal(19,0)", "decimal(2,3)"))  # fmt: skip
_nullable = table({"type": _types, "null": st.booleans()})
_replayed = table(
    {n: _of(ReplaySpec, n) for n in ("replay", "arrival", "event_time", "speed_up", "origin")}
    | {"begin": st.one_of(raw, nasty_text), "fields": st.dictionaries(names, st.one_of(_types, _nullable, nasty_text), max_size=4)}
)  # fmt: skip
TABLE: Final = 'id,owner,n,size\nc1,o1,1,0.5\nc2,"o""2",2,\nc3,,3,1.25\n'
"""`campaigns.csv` beside the document."""
_columns = st.one_of(
    st.just({"owner": "string", "size": "decimal(10,2)"}),
    st.dictionaries(st.one_of(st.sampled_from(("owner", "size", "n")), names), st.one_of(_types, _nullable, nasty_text), max_size=3),
)  # fmt: skip
_lookup = table(
    {
        "file": st.one_of(st.just("campaigns.csv"), st.just("campaigns.csv"), nasty_text),
        "on": st.sampled_from(({"campaign": "id"}, {"price": "n"}, {"amount": "n"}, {"tip": "size"}, {"x": "y"}, {})),
        "columns": _columns,
    }
)  # fmt: skip
_queries = table(
    {
        "lookup": st.dictionaries(st.one_of(st.just("campaigns"), names), _lookup, max_size=2),
        "where": st.one_of(sound_conditions, sound_conditions, expressions),
        "group_by": st.one_of(
            st.just(["campaign"]),
            st.sampled_from(
                (["campaign"], ["note"], ["tip", "action"], ["known", "campaign"], ["owner"])
            ),
            st.lists(names, max_size=2),
        ),
        "window": table(dict.fromkeys(WindowSpec.model_fields, durations)),
        "grace": durations,
        "let": st.dictionaries(names, st.one_of(sound_conditions, expressions), max_size=2),
        "select": st.dictionaries(names, st.one_of(sound_aggregates, expressions), max_size=3),
        "having": st.one_of(st.builds("{} > 3".format, names), expressions),
    }
)
_simple_query = st.just(
    {name: example_of(WORDS[QuerySpec][name]) for name in ("group_by", "window", "grace", "select")}
)


@st.composite
def grammatical(draw: st.DrawFn) -> str:
    """A document by the grammar."""
    made = draw(
        table(
            {
                "title": nasty_text,
                "input": st.one_of(_generated, _generated, _replayed),
                "query": st.one_of(_queries, _queries, _simple_query),
            }
        )
    )
    lines = [
        f"{_key(name)} = {written(value)}"
        for name, value in made.items()
        if not isinstance(value, dict)
    ]
    for name, value in made.items():
        if isinstance(value, dict):
            lines.append(f"[{_key(name)}]")
            lines += [f"{_key(inner)} = {written(each)}" for inner, each in value.items()]
    return "\n".join(lines) + "\n"


_SLIPS: Final = (
    *(("{", ""), ("]", ""), ('"', "'"), ("=", ""), ("[", "[["), (",", "")),
    ("tumbling", "hopping"),
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A sound document in which a few things were changed."""
    lines = draw(st.sampled_from(SOUND)).splitlines()
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1)) if lines else 0
        line = lines[at] if lines else ""
        name, equals, value = line.partition("=")
        match draw(st.integers(0, 9)):
            case 0:
                del lines[at : at + 1]
            case 1:
                lines.insert(at, line)
            case 2:
                lines.insert(
                    at,
                    f"{_key(draw(st.one_of(st.sampled_from(_KEYS), names)))} = {written(draw(anything))}",
                )
            case 3:
                lines[at : at + 1] = [f"{name}{equals} {written(draw(anything))}"]
            case 4:
                cut = draw(st.integers(0, len(line)))
                lines[at : at + 1] = [line[:cut] + draw(st.characters()) + line[cut + 1 :]]
            case 5:
                cut = draw(st.integers(0, max(0, len(name) - 1)))
                lines[at : at + 1] = [f"{name[:cut]}{name[cut + 1 :]}{equals}{value}"]
            case 6:
                old = draw(
                    st.sampled_from(
                        ("20_000", "500", "1_000", "4", "5 ms", "view", "c", "count", "sum")
                    )
                )
                lines[at : at + 1] = [
                    line.replace(old, str(draw(st.one_of(numbers, durations, names))))
                ]
            case 7:
                old, new = draw(st.sampled_from(_SLIPS))
                lines[at : at + 1] = [line.replace(old, new)]
            case 8:
                lines = lines[:at]
            case _:
                lines[at : at + 1] = [f"{name}{equals}{written(draw(expressions))}"]
    return "\n".join(lines) + draw(st.sampled_from(("\n", "", "\r\n")))


documents = st.one_of(mutated(), mutated(), grammatical(), grammatical(), st.text(max_size=40))
