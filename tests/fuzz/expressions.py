"""Texts of expressions: by the grammar of the subset, by more of SQL than that, and changed by accident."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from tests.fuzz.values import NUMBERS, names, nasty_text

COLUMNS: Final = (
    "price",
    "action",
    "campaign",
    "amount",
    "tip",
    "note",
    "known",
    "sent",
    '"price"',
    "PRICE",
    "prices",
    "t.price",
    "a.b.c",
)
LITERALS: Final = (
    "0",
    "1",
    "500",
    "-3",
    "'view'",
    "'it''s'",
    "''",
    "'ä'",
    "'\U0001d306'",
    "'a\\b'",
    "NULL",
)
INSTANTS: Final = (
    "TIMESTAMP '2026-01-31 12:00:00.001'",
    "DATE '1969-12-31'",
    "timestamp '2026-01-31T12:00+02:00'",
)
OPERATORS: Final = (
    "=",
    "<>",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    "AND",
    "OR",
    "==",
)
FUNCTIONS: Final = (
    "sum",
    "min",
    "max",
    "count",
    "avg",
    "upper",
    "lower",
    "length",
    "substring",
    "concat",
    "abs",
    "round",
    "coalesce",
    "median",
    "stddev",
    "var_samp",
    "stddev_pop",
    "first",
    "last_value",
    "distinct",
)
ODD: Final = (
    *("CASE WHEN price = 1 THEN 2 END", "SELECT 1", "price::int", "price IS NULL", "interval '1' day"),
    *("{x}", "?", "@x", ":x", "$1", "/* c */", "-- c", "price[1]", "x -> y", "ARRAY[1]", "TRUE", "*", "price.*"),
    *("price IN (SELECT 1)", "EXISTS (SELECT 1)", "price LIKE 'a%'", "DATE '2020-01-01'", "CAST(price AS int)"),
    *("cast(price AS bigint)", "cast(price AS decimal(9,2))", "cast(price AS decimal(2))", "cast(price AS)"),
    *("sum(price) OVER ()", "count(*) FILTER (WHERE price > 1)", "price BETWEEN SYMMETRIC 1 AND 2", ";", "()"),
    *("x'ff'", "b'1'", "1e5", "0x1F", "N'a'", "E'\\n'", "`price`", "[price]", "#{x}", "<% x %>", "ALTER TABLE x"),
)  # fmt: skip

_leaves = st.one_of(
    st.sampled_from(COLUMNS),
    st.sampled_from(LITERALS),
    st.sampled_from(NUMBERS),
    st.sampled_from(ODD),
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=1, max_size=6)
    return st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds("({})".format, inner),
        st.builds("NOT {}".format, inner),
        st.builds("-{}".format, inner),
        st.builds("{}({})".format, st.sampled_from(FUNCTIONS), inner),
        st.builds(lambda one, many: f"{one} IN ({', '.join(many)})", inner, several),
        st.builds(lambda many: " AND ".join(many), several),
        st.builds(lambda many: " OR ".join(many), several),
        st.builds("{} BETWEEN {} AND {}".format, inner, inner, inner),
        st.builds("{} LIKE {}".format, inner, inner),
        st.builds("CASE WHEN {} THEN {} ELSE {} END".format, inner, inner, inner),
        st.builds("{} FILTER (WHERE {})".format, inner, inner),
        st.builds("count(DISTINCT {})".format, inner),
        st.builds(lambda one, times: "(" * times + one + ")" * times, inner, st.integers(1, 60)),
        st.builds(lambda one, times: " + ".join([one] * times), inner, st.integers(2, 70)),
    )


_whole = st.recursive(
    st.sampled_from(
        ("price", "amount", "tip", "1", "0", "-3", "500", "length(action)", "length(note)")
    ),
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from("+-*"), inner),
        st.builds("({})".format, inner),
        st.builds("abs({})".format, inner),
        st.builds("round({})".format, inner),
        st.builds("cast({} / 3 as bigint)".format, inner),
        st.builds("{} - cast(sent as bigint) % 1000".format, inner),
        st.builds("({}) % (3 + abs({}))".format, inner, inner),
        st.builds("coalesce(tip + {}, {})".format, inner, inner),
        st.builds("case when {} > {} then {} end".format, inner, inner, inner),
        st.builds("case when {} > {} then {} else {} end".format, inner, inner, inner, inner),
    ),
    max_leaves=4,
)
_good_value = st.one_of(
    _whole,
    st.builds("({}) / (1.5 + abs({}))".format, _whole, _whole),
    st.builds("1e3 * ({})".format, _whole),
    st.builds("round({} * 0.25, {})".format, _whole, st.integers(0, 3)),
    st.builds("cast({} as {})".format, _whole, st.sampled_from(("double", "bigint", "decimal(24,2)"))),
    # A product of more decimals can have more digits than a decimal.
    st.builds("({}) {} {}".format, _whole, st.sampled_from("+-*"), st.sampled_from(("2.5", "0.125"))),
)  # fmt: skip
_good_text = st.recursive(
    st.sampled_from(("action", "campaign", "note", "'view'", "'ä'", "''")),
    lambda inner: st.one_of(
        st.builds("{}({})".format, st.sampled_from(("lower", "upper")), inner),
        st.builds("substring({}, {}, {})".format, inner, st.integers(1, 9), st.integers(0, 9)),
        st.builds("{} || {}".format, inner, inner),
        st.builds("coalesce(note || {}, {})".format, inner, inner),
        st.builds("{} || cast(price * {} as string)".format, inner, st.sampled_from(("1", "0.50"))),
        st.builds("case when {} = {} then {} else {} end".format, inner, inner, inner, inner),
    ),
    max_leaves=4,
)
_good_instant = st.recursive(
    st.sampled_from(("sent", *INSTANTS)),
    lambda inner: st.builds(
        "case when price > {} then {} else {} end".format, _whole, inner, inner
    ),
    max_leaves=3,
)
_good_comparison = st.one_of(
    st.builds("{} {} {}".format, _good_value, st.sampled_from(OPERATORS[1:7]), _good_value),
    st.builds("{} {} '{}'".format, st.sampled_from(("action", "campaign")), st.sampled_from(("=", "<>", "<")), st.sampled_from(("view", "c1", "ä", ""))),
    st.builds("{} {} {}".format, _good_text, st.sampled_from(OPERATORS[1:7]), _good_text),
    st.builds("({} || note) IS {}".format, _good_text, st.sampled_from(("NULL", "NOT NULL"))),
    st.builds("tip - {} IS {}".format, _whole, st.sampled_from(("NULL", "NOT NULL"))),
    st.sampled_from(("known", "NOT known", "known IS NULL", "known = (tip > 3)", "tip NOT IN (1, 2, 3)")),
    st.builds("{} {} {}".format, _good_instant, st.sampled_from(OPERATORS[1:7]), _good_instant),
    st.builds("sent IN ({}, {})".format, st.sampled_from(INSTANTS), st.sampled_from(INSTANTS)),
    st.builds("{} LIKE '{}'".format, _good_text, st.sampled_from(("v%", "%_w", "a_c", "%ä%", "", "_"))),
    st.builds(lambda many: f"price IN ({', '.join(map(str, many))})", st.lists(st.integers(-9, 999), min_size=1, max_size=30)),
    st.builds(lambda many: f"action IN ({', '.join(map(repr, many))})", st.lists(st.sampled_from(("view", "click", "x")), min_size=1, max_size=4)),
)  # fmt: skip
sound_conditions = st.recursive(
    _good_comparison,
    lambda inner: st.one_of(
        st.builds("({}) {} ({})".format, inner, st.sampled_from(("AND", "OR")), inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=6,
)
_unfiltered = st.one_of(
    st.just("count(*)"),
    st.builds("{}({})".format, st.sampled_from(("sum", "min", "max", "avg", "stddev_pop", "stddev_samp", "var_pop", "var_samp", "first", "last")), _good_value),
    st.builds("count(distinct {})".format, st.one_of(_good_text, st.sampled_from(("price", "amount + 0.5", "known")))),
    st.builds("{}{})".format, st.sampled_from(("min(", "max(", "first(", "last(", "count(", "count(distinct ")), _good_instant),
    st.builds("count({})".format, st.one_of(_good_text, _good_value, st.just("known"))),
)  # fmt: skip
sound_aggregates = st.one_of(
    _unfiltered, st.builds("{} filter (where {})".format, _unfiltered, sound_conditions)
)


@st.composite
def changed(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text with a few characters more, less or other ones."""
    text = draw(texts)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 3))
        put = draw(st.one_of(st.just(""), st.sampled_from(ODD), st.characters(), nasty_text))
        text = text[:at] + put + text[at + length :]
    return text


expressions = st.one_of(
    sound_conditions,
    sound_aggregates,
    changed(sound_conditions),
    changed(sound_aggregates),
    st.recursive(_leaves, _grown, max_leaves=8),
    changed(st.recursive(_leaves, _grown, max_leaves=4)),
    nasty_text,
    names,
    st.sampled_from(ODD),
)
