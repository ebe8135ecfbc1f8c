"""Expressions over fields that may lack values, and what each means for a record, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from streambench.model.expression import DecimalType, FieldType
from streambench.model.workload import Field
from tests.workload.meaning_tables import (
    Meaning,
    Record,
    Table,
    exactly,
    half_up,
    like,
    nearest,
    remainder,
)

FIELDS = (
    Field("k", FieldType.BIGINT, None),
    Field("s", FieldType.STRING, None, nullable=True),
    Field("t", FieldType.STRING, None, nullable=True),
    Field("n", FieldType.BIGINT, None, nullable=True),
    Field("m", FieldType.BIGINT, None, nullable=True),
    Field("p", DecimalType(8, 2), None, nullable=True),
    Field("x", FieldType.DOUBLE, None, nullable=True),
    Field("ok", FieldType.BOOLEAN, None, nullable=True),
)
# Numbers beyond the first 128, of which Java keeps one object each.
RECORDS: tuple[Record, ...] = tuple(
    {
        "k": k,
        "s": s,
        "t": t,
        "n": n,
        "m": m,
        "p": None if p is None else Decimal(p),
        "x": x,
        "ok": ok,
    }
    for s, t in (
        ("abc", "abc"),
        ("x", "né"),
        (None, "a_c"),
        ("ab\nc", None),
        (None, None),
        ("ab", "né"),
    )
    for k, n, m in (
        *((1, 5000, 5000), (0, None, 7), (5000, -3, None), (2, None, None), (-1, 0, 3)),
        *((4, 4, 3), (0, 200, None)),
    )
    for p, x in (("12.50", 12.5), (None, -2.5), ("0.10", None), ("0.10", 0.5))
    for ok in (True, False, None)
)


def strict(compute: Callable[..., Any], *values: Any) -> Any:
    """What is computed of values; None where one is None."""
    return compute(*values) if None not in values else None


def both(left: Any, right: Any) -> Any:
    """AND, as its table of truth says."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: Any, right: Any) -> Any:
    """OR, as its table of truth says."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def opposite(value: Any) -> Any:
    return None if value is None else not value


def first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


VALUES: Mapping[str, Meaning] = {
    "n": lambda r: r["n"],
    "n + m * 2": lambda r: strict(lambda n, m: n + m * 2, r["n"], r["m"]),
    "-n": lambda r: strict(lambda n: -n, r["n"]),
    "n + k": lambda r: strict(lambda n: n + r["k"], r["n"]),
    "n % 7": lambda r: strict(lambda n: remainder(n, 7), r["n"]),
    "n / 4": lambda r: strict(lambda n: n / 4.0, r["n"]),
    "abs(n)": lambda r: strict(abs, r["n"]),
    "p * n": lambda r: strict(lambda p, n: exactly(lambda: p * n), r["p"], r["n"]),
    "p - 0.005": lambda r: strict(lambda p: exactly(lambda: p - Decimal("0.005")), r["p"]),
    "p * x": lambda r: strict(lambda p, x: float(p) * x, r["p"], r["x"]),
    "x + n": lambda r: strict(lambda x, n: x + float(n), r["x"], r["n"]),
    "abs(x) * 2": lambda r: strict(lambda x: abs(x) * 2.0, r["x"]),
    "length(s)": lambda r: strict(len, r["s"]),
    "upper(s)": lambda r: strict(str.upper, r["s"]),
    "substring(s, 2, 2)": lambda r: strict(lambda s: s[1:3], r["s"]),
    "s || t": lambda r: strict(lambda s, t: s + t, r["s"], r["t"]),
    "concat(s, '-', t, '.')": lambda r: strict(lambda s, t: f"{s}-{t}.", r["s"], r["t"]),
    "lower(s || 'X') || '-'": lambda r: strict(lambda s: s.lower() + "x-", r["s"]),
    "cast(n as string)": lambda r: strict(str, r["n"]),
    "cast(n as double) * 0.5": lambda r: strict(lambda n: float(n) * 0.5, r["n"]),
    "cast(n as decimal(21,2))": lambda r: strict(Decimal, r["n"]),
    "cast(p as bigint) + n": lambda r: strict(lambda p, n: int(p) + n, r["p"], r["n"]),
    "cast(x as bigint)": lambda r: strict(int, r["x"]),
    "cast(p as decimal(9,1))": lambda r: strict(lambda p: half_up(p, 1), r["p"]),
    "cast(p as string) || '-' || s": lambda r: strict(lambda p, s: f"{p:.2f}-{s}", r["p"], r["s"]),
    "cast(coalesce(n, m, 7) as string)": lambda r: str(first(r["n"], r["m"], 7)),
    "coalesce(cast(n as string), s, 'none')": lambda r: first(strict(str, r["n"]), r["s"], "none"),
    "round(p)": lambda r: strict(half_up, r["p"]),
    "round(p, 1) * n": lambda r: strict(
        lambda p, n: exactly(lambda: half_up(p, 1) * n), r["p"], r["n"]
    ),
    "round(x)": lambda r: strict(nearest, r["x"]),
    "round(x / 3) + n": lambda r: strict(lambda x, n: nearest(x / 3.0) + float(n), r["x"], r["n"]),
    "cast(round(x) as bigint) % 5": lambda r: strict(
        lambda x: remainder(int(nearest(x)), 5), r["x"]
    ),
    "round(case when ok then x end)": lambda r: strict(nearest, r["x"]) if r["ok"] else None,
    "coalesce(n, 0)": lambda r: first(r["n"], 0),
    "coalesce(n, m)": lambda r: first(r["n"], r["m"]),
    "coalesce(n, m, k) * 3": lambda r: first(r["n"], r["m"], r["k"]) * 3,
    "coalesce(s, t, 'none')": lambda r: first(r["s"], r["t"], "none"),
    "coalesce(s, '') || '.'": lambda r: first(r["s"], "") + ".",
    "coalesce(p, n)": lambda r: first(r["p"], strict(Decimal, r["n"])),
    "coalesce(p, 0.005)": lambda r: first(r["p"], Decimal("0.005")),
    "coalesce(x, p, 1)": lambda r: first(r["x"], strict(float, r["p"]), 1.0),
    "coalesce(n + m, -1)": lambda r: first(strict(lambda n, m: n + m, r["n"], r["m"]), -1),
    "case when n > 2 then n end": lambda r: r["n"] if r["n"] is not None and r["n"] > 2 else None,
    "case when n > 2 then 1 else 0 end": lambda r: int(r["n"] is not None and r["n"] > 2),
    "case when k > 1 then m when ok then 7 end": lambda r: (
        r["m"] if r["k"] > 1 else 7 if r["ok"] else None
    ),
    "case when k > 0 then 3 else m end": lambda r: 3 if r["k"] > 0 else r["m"],
    "case when ok then p else x end": lambda r: strict(float, r["p"]) if r["ok"] else r["x"],
    "case when n > 0 then m / n else 0 end": lambda r: (
        strict(lambda m: m / float(r["n"]), r["m"]) if (r["n"] or 0) > 0 else 0.0
    ),
    "case s when 'abc' then 'first' when t then 'same' end": lambda r: (
        "first" if r["s"] == "abc" else "same" if r["s"] is not None and r["s"] == r["t"] else None
    ),
    "case when n is null then 'none' when n = m then 'same' else s end": lambda r: (
        "none" if r["n"] is None else "same" if r["n"] == r["m"] else r["s"]
    ),
}
CONDITIONS: Mapping[str, Meaning] = {
    "n = m": lambda r: strict(lambda n, m: n == m, r["n"], r["m"]),
    "n <> m": lambda r: strict(lambda n, m: n != m, r["n"], r["m"]),
    "n = k": lambda r: strict(lambda n: n == r["k"], r["n"]),
    "n < 5": lambda r: strict(lambda n: n < 5, r["n"]),
    "not (n < 5)": lambda r: strict(lambda n: n >= 5, r["n"]),
    "p >= 12.5": lambda r: strict(lambda p: p >= Decimal("12.5"), r["p"]),
    "p < x": lambda r: strict(lambda p, x: float(p) < x, r["p"], r["x"]),
    "x = 12.5": lambda r: strict(lambda x: x == 12.5, r["x"]),
    "s = t": lambda r: strict(lambda s, t: s == t, r["s"], r["t"]),
    "s < t": lambda r: strict(lambda s, t: s < t, r["s"], r["t"]),
    "coalesce(n, 5000) = coalesce(m, 5000)": lambda r: first(r["n"], 5000) == first(r["m"], 5000),
    "coalesce(s, t) = t": lambda r: strict(lambda s, t: s == t, first(r["s"], r["t"]), r["t"]),
    "ok": lambda r: r["ok"],
    "not ok": lambda r: opposite(r["ok"]),
    "ok and n > 0": lambda r: both(r["ok"], strict(lambda n: n > 0, r["n"])),
    "ok or n > 0": lambda r: either(r["ok"], strict(lambda n: n > 0, r["n"])),
    "ok and k > 0": lambda r: both(r["ok"], r["k"] > 0),
    "not (ok and k > 0)": lambda r: opposite(both(r["ok"], r["k"] > 0)),
    "not (ok or k > 0)": lambda r: opposite(either(r["ok"], r["k"] > 0)),
    "ok and s = t and m > 3": lambda r: both(
        both(r["ok"], strict(lambda s, t: s == t, r["s"], r["t"])),
        strict(lambda m: m > 3, r["m"]),
    ),
    "ok or s = t or m > 3": lambda r: either(
        either(r["ok"], strict(lambda s, t: s == t, r["s"], r["t"])),
        strict(lambda m: m > 3, r["m"]),
    ),
    "ok = (n > 0)": lambda r: strict(lambda ok, n: ok == (n > 0), r["ok"], r["n"]),
    "n in (0, 5000)": lambda r: strict(lambda n: n in (0, 5000), r["n"]),
    "n not in (0, 5000)": lambda r: strict(lambda n: n not in (0, 5000), r["n"]),
    f"n in ({', '.join(map(str, range(0, 60, 3)))})": lambda r: strict(
        lambda n: n in range(0, 60, 3), r["n"]
    ),
    f"n not in ({', '.join(map(str, range(0, 60, 3)))})": lambda r: strict(
        lambda n: n not in range(0, 60, 3), r["n"]
    ),
    "s in ('abc', 'x')": lambda r: strict(lambda s: s in ("abc", "x"), r["s"]),
    "s not in ('abc', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j')": lambda r: strict(
        lambda s: s not in ("abc", *"bcdefghij"), r["s"]
    ),
    "k in (n, 2)": lambda r: either(strict(lambda n: r["k"] == n, r["n"]), r["k"] == 2),
    "n in (m, -3)": lambda r: either(
        strict(lambda n, m: n == m, r["n"], r["m"]), strict(lambda n: n == -3, r["n"])
    ),
    "k between m and 5": lambda r: both(strict(lambda m: r["k"] >= m, r["m"]), r["k"] <= 5),
    "n not between m and 5": lambda r: opposite(
        both(strict(lambda n, m: n >= m, r["n"], r["m"]), strict(lambda n: n <= 5, r["n"]))
    ),
    "s like 'a%'": lambda r: strict(lambda s: s.startswith("a"), r["s"]),
    "s not like 'ab_c'": lambda r: strict(lambda s: not like(s, "ab.c"), r["s"]),
    "s like 'a_'": lambda r: strict(lambda s: like(s, "a."), r["s"]),
    "cast(n as string) = '5000'": lambda r: strict(lambda n: n == 5000, r["n"]),
    "cast(p as bigint) in (0, 3)": lambda r: strict(lambda p: int(p) in (0, 3), r["p"]),
    "round(p, 1) >= 0.5 or ok": lambda r: either(
        strict(lambda p: half_up(p, 1) >= Decimal("0.5"), r["p"]), r["ok"]
    ),
    "round(x) = 13": lambda r: strict(lambda x: nearest(x) == 13.0, r["x"]),
    "cast(x as bigint) is null": lambda r: r["x"] is None,
    "n is null": lambda r: r["n"] is None,
    "s is not null": lambda r: r["s"] is not None,
    "p is null or x is null": lambda r: r["p"] is None or r["x"] is None,
    "(ok and n > 0) is null": lambda r: both(r["ok"], strict(lambda n: n > 0, r["n"])) is None,
    "(s || t) is not null": lambda r: None not in (r["s"], r["t"]),
    "case when n > 2 then m end is null": lambda r: r["m"] is None or r["n"] is None or r["n"] <= 2,
    "case when ok then n end > 3": lambda r: strict(lambda n: n > 3, r["n"] if r["ok"] else None),
    "n is null and not ok": lambda r: both(r["n"] is None, opposite(r["ok"])),
}

NULLABLE = Table(FIELDS, RECORDS, CONDITIONS, {**VALUES, **CONDITIONS})
