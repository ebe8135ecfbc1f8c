"""Expressions as a user writes them, and what each means for a record, in plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from streambench.model.expression import DecimalType, FieldType
from streambench.model.workload import Field
from tests.workload.instant_meanings import INSTANTS
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
from tests.workload.null_meanings import NULLABLE

FIELDS = (
    Field("s", FieldType.STRING, None),
    Field("t", FieldType.STRING, None),
    Field("n", FieldType.BIGINT, None),
    Field("m", FieldType.BIGINT, None),
)
# m is never 0. Half-width is the last plane's neighbour: UTF-16 and code points order them differently.
STRINGS = (
    ("", "a"),
    ("abc", "ab"),
    ("ab\nc", "abXc"),
    ("a_c", "a%c"),
    ("Straße né ÄÖÜ", "ñ"),
    ("\U0001d306", "\uff61"),
    ("\uff61x", "\U0001d306y"),
    ("x\U0001f600y\U0001f600z", "x"),
    ("100%!", "!_%"),
    ('O\'K "q" \\ b', "o'k"),
    ("view", "VIEW"),
    ("日本語", "日本"),
    ("\u2028line", "\u2028"),
    ("a.c", "a*c"),
)
NUMBERS = ((0, 1), (-1, 7), (5, 2), (-7, -2), (7, -3), (3, 3), (2**53 + 1, 10), (-(2**60), 9))
RECORDS: tuple[Record, ...] = tuple(
    {"s": s, "t": t, "n": n, "m": m} for s, t in STRINGS for n, m in NUMBERS
)


VALUES: Mapping[str, Meaning] = {
    "cast(n as string)": lambda r: str(r["n"]),
    "'#' || cast(n as string) || t": lambda r: f"#{r['n']}{r['t']}",
    "length(cast(n - m as string))": lambda r: len(str(r["n"] - r["m"])),
    "cast(n as double) * 0.5": lambda r: float(r["n"]) * 0.5,
    "cast(n / m as bigint) % 5": lambda r: remainder(int(float(r["n"]) / float(r["m"])), 5),
    "round(n / m)": lambda r: nearest(float(r["n"]) / float(r["m"])),
    "round(n, 2) + round(m)": lambda r: r["n"] + r["m"],
    "cast(n as decimal(21,2))": lambda r: Decimal(r["n"]),
    "cast(n as bigint) - m::bigint": lambda r: r["n"] - r["m"],
    "case when n > 2 then cast(m as string) else s end": lambda r: (
        str(r["m"]) if r["n"] > 2 else r["s"]
    ),
    "n % m": lambda r: remainder(r["n"], r["m"]),
    "-n % 3 + m": lambda r: remainder(-r["n"], 3) + r["m"],
    "(n - m) % (2 + 5)": lambda r: remainder(r["n"] - r["m"], 7),
    "n / m": lambda r: float(r["n"]) / float(r["m"]),
    "7 / 2": lambda r: 3.5,
    "n / 4 + m": lambda r: float(r["n"]) / 4.0 + float(r["m"]),
    "1.5 * m - 1e-1": lambda r: 1.5 * r["m"] - 0.1,
    "-(n / 2)": lambda r: 0.0 - float(r["n"]) / 2.0,
    "abs(n - 3)": lambda r: abs(r["n"] - 3),
    "abs(m / 2)": lambda r: abs(r["m"] / 2),
    "abs(-5) * m": lambda r: 5 * r["m"],
    # In SQL these constants are of 32 bits.
    "abs(-50000) * abs(50000) - m": lambda r: 2_500_000_000 - r["m"],
    "case when n > 2 then 1 else 0 end": lambda r: 1 if r["n"] > 2 else 0,
    "case when n > 2 then n when m < 0 then -m else 9000000000 end": lambda r: (
        r["n"] if r["n"] > 2 else -r["m"] if r["m"] < 0 else 9_000_000_000
    ),
    "case when n > 0 then m / n else 0 end": lambda r: (
        float(r["m"]) / float(r["n"]) if r["n"] > 0 else 0.0
    ),
    "case m when 1 then 'one' when 7 then 'sieben' else s end": lambda r: (
        "one" if r["m"] == 1 else "sieben" if r["m"] == 7 else r["s"]
    ),
    "case when n > 2 then 'many' else 'few' end || '.'": lambda r: (
        "many." if r["n"] > 2 else "few."
    ),
    "case when n > 2 then 2000000000 else 1 end * 3": lambda r: 6_000_000_000 if r["n"] > 2 else 3,
    "length(s)": lambda r: len(r["s"]),
    "length(s) * 1000000000": lambda r: len(r["s"]) * 1_000_000_000,
    "length(s || t) - length('日本😀')": lambda r: len(r["s"]) + len(r["t"]) - 3,
    "lower(s)": lambda r: r["s"].lower(),
    "upper(t)": lambda r: r["t"].upper(),
    "upper(lower('AbC'))": lambda r: "ABC",
    "substring(s, 1, 2)": lambda r: r["s"][:2],
    "substring(s, 3)": lambda r: r["s"][2:],
    "substring(s, 2, 3)": lambda r: r["s"][1:4],
    "substring(s, 2, 0)": lambda r: "",
    "substring(s, 90, 5)": lambda r: "",
    "concat(s, '-', t)": lambda r: r["s"] + "-" + r["t"],
    "s || t || s": lambda r: r["s"] + r["t"] + r["s"],
    "substring(concat(t, s), 2, 4)": lambda r: (r["t"] + r["s"])[1:5],
}


CONDITIONS: Mapping[str, Meaning] = {
    "s like 'a%'": lambda r: r["s"].startswith("a"),
    "s not like 'a%'": lambda r: not r["s"].startswith("a"),
    "s like '%c'": lambda r: r["s"].endswith("c"),
    "s like '%b%'": lambda r: "b" in r["s"],
    "s like 'a%c'": lambda r: like(r["s"], "a.*c"),
    "s like 'a_c'": lambda r: like(r["s"], "a.c"),
    "s like 'ab_c'": lambda r: like(r["s"], "ab.c"),
    "s like '___'": lambda r: len(r["s"]) == 3,
    "s like '_%_'": lambda r: len(r["s"]) >= 2,
    "s like 'x_y_z'": lambda r: like(r["s"], "x.y.z"),
    "s like 'a!_c' escape '!'": lambda r: r["s"] == "a_c",
    "s like 'a!_%' escape '!'": lambda r: r["s"].startswith("a_"),
    "t like '%!%%' escape '!'": lambda r: "%" in r["t"],
    "t like '!!_!%' escape '!'": lambda r: like(r["t"], "!.%"),
    "t like 'a#%c' escape '#'": lambda r: r["t"] == "a%c",
    "s like 'a.c'": lambda r: r["s"] == "a.c",
    "t like 'a*%'": lambda r: r["t"].startswith("a*"),
    "t like '%*c'": lambda r: r["t"].endswith("*c"),
    "s like 'view'": lambda r: r["s"] == "view",
    "s like '_line'": lambda r: like(r["s"], ".line"),
    "s like '日%語'": lambda r: like(r["s"], "日.*語"),
    "lower(t) like 'v_ew'": lambda r: like(r["t"].lower(), "v.ew"),
    "s < t": lambda r: r["s"] < r["t"],
    "s >= t": lambda r: r["s"] >= r["t"],
    "s > '\uff61'": lambda r: r["s"] > "\uff61",
    "t <= '\U0001d306'": lambda r: r["t"] <= "\U0001d306",
    "'b' > s": lambda r: r["s"] < "b",
    "s between 'a' and '\U0001d306'": lambda r: "a" <= r["s"] <= "\U0001d306",
    "s || 'z' < t": lambda r: r["s"] + "z" < r["t"],
    "s = t or upper(s) = t": lambda r: r["s"] == r["t"] or r["s"].upper() == r["t"],
    "n / m > 1": lambda r: float(r["n"]) / float(r["m"]) > 1.0,
    "n > 2.5": lambda r: float(r["n"]) > 2.5,
    "n / 2 in (2.5, 1.5)": lambda r: float(r["n"]) / 2.0 in (2.5, 1.5),
    "n % 2 = 1 or n % 2 = -1": lambda r: r["n"] % 2 == 1,
    "n not between 0 and m": lambda r: not 0 <= r["n"] <= r["m"],
    "case when n > 2 then s else t end = 'view'": lambda r: (
        (r["s"] if r["n"] > 2 else r["t"]) == "view"
    ),
    "length(s) in (2, 3) and not (n < m)": lambda r: len(r["s"]) in (2, 3) and r["n"] >= r["m"],
}

TYPED_FIELDS = (
    Field("p", DecimalType(8, 2), None),
    Field("q", DecimalType(20, 6), None),
    Field("x", FieldType.DOUBLE, None),
    Field("ok", FieldType.BOOLEAN, None),
    Field("k", FieldType.BIGINT, None),
)
TYPED_RECORDS: tuple[Record, ...] = tuple(
    {"p": Decimal(p), "q": Decimal(q), "x": x, "ok": ok, "k": k}
    for p, q in (
        ("0.00", "0.000000"),
        ("12.50", "12.500000"),
        ("-0.05", "99999999999999.999999"),
        ("100.00", "-0.000001"),
        ("999999.99", "1234567.891011"),
        ("0.10", "0.100001"),
    )
    for x, ok in ((0.0, True), (0.1, False), (-2.5, True), (1e17, False), (1e-7, True))
    for k in (1, -7, 2**53 + 1)
)


TYPED_VALUES: Mapping[str, Meaning] = {
    "p + q": lambda r: exactly(lambda: r["p"] + r["q"]),
    "p - 2 * p": lambda r: exactly(lambda: -r["p"]),
    "-q": lambda r: exactly(lambda: -r["q"]),
    "p * p": lambda r: exactly(lambda: r["p"] * r["p"]),
    # More than 18 digits, of numbers that have no more each.
    "p * 9999999999.9": lambda r: exactly(lambda: r["p"] * Decimal("9999999999.9")),
    "99999999.9999999999 + cast(p as decimal(18,10))": lambda r: exactly(
        lambda: r["p"] + Decimal("99999999.9999999999")
    ),
    "-99999999.9999999999 - cast(p as decimal(18,10))": lambda r: exactly(
        lambda: -r["p"] - Decimal("99999999.9999999999")
    ),
    "p * k": lambda r: exactly(lambda: r["p"] * r["k"]),
    "p * 1.5 - 0.005": lambda r: exactly(lambda: r["p"] * Decimal("1.5") - Decimal("0.005")),
    "k * 1.5": lambda r: exactly(lambda: r["k"] * Decimal("1.5")),
    "abs(p - 12.5)": lambda r: exactly(lambda: abs(r["p"] - Decimal("12.5"))),
    "p / 3": lambda r: float(r["p"]) / 3.0,
    "q / 3": lambda r: float(r["q"]) / 3.0,
    "1e0 * q": lambda r: float(r["q"]),
    "p * x": lambda r: float(r["p"]) * r["x"],
    "x + k": lambda r: r["x"] + float(r["k"]),
    "x - 0.1": lambda r: r["x"] - 0.1,
    "abs(x) * 2": lambda r: abs(r["x"]) * 2.0,
    "cast(p as bigint)": lambda r: int(r["p"]),
    "cast(-q as bigint)": lambda r: int(-r["q"]),
    "cast(x as bigint)": lambda r: int(r["x"]),
    "cast(x * 3 - 0.5 as bigint)": lambda r: int(r["x"] * 3.0 - 0.5),
    "cast(2.5 as bigint) + cast(-2.5 as bigint) + k": lambda r: r["k"],
    "cast(2.99e0 as bigint)": lambda r: 2,
    "cast(p as double)": lambda r: float(r["p"]),
    "cast(k as decimal(22,3))": lambda r: Decimal(r["k"]),
    "cast(p as decimal(10,4))": lambda r: r["p"],
    "cast(q as decimal(18,1))": lambda r: half_up(r["q"], 1),
    "cast(p * 1.5 as decimal(9,2))": lambda r: half_up(r["p"] * Decimal("1.5"), 2),
    "cast(p as decimal(7,0)) * k": lambda r: exactly(lambda: half_up(r["p"]) * r["k"]),
    "round(p)": lambda r: half_up(r["p"]),
    "round(p, 1)": lambda r: half_up(r["p"], 1),
    "round(p, 5)": lambda r: r["p"],
    "round(q, 3)": lambda r: half_up(r["q"], 3),
    "round(-q, 4) - p": lambda r: exactly(lambda: half_up(-r["q"], 4) - r["p"]),
    "round(x)": lambda r: nearest(r["x"]),
    "round(x * 1e1 + 0.5)": lambda r: nearest(r["x"] * 10.0 + 0.5),
    "round(0.49999999999999994e0 + x * 0)": lambda r: 0.0,
    "cast(round(x / 3) as bigint)": lambda r: int(nearest(r["x"] / 3.0)),
    "cast(p as string)": lambda r: f"{r['p']:.2f}",
    "cast(p * -1 as string)": lambda r: f"{-r['p'] + 0:.2f}",
    "cast(q as string)": lambda r: f"{r['q']:.6f}",
    "cast(p * q as string)": lambda r: f"{exactly(lambda: r['p'] * r['q'] + 0):.8f}",
    "cast(round(p, 1) as string)": lambda r: f"{half_up(r['p'], 1):.1f}",
    "cast(cast(k as decimal(22,3)) as string)": lambda r: f"{r['k']}.000",
    "cast(0.00000001 as string)": lambda r: "0.00000001",
    "cast(case when ok then p else q end as string)": lambda r: (
        f"{r['p'] if r['ok'] else r['q']:.6f}"
    ),
    "case when ok then p else q end": lambda r: exactly(lambda: r["p"] if r["ok"] else r["q"]),
    "case when ok then p else 7 end": lambda r: r["p"] if r["ok"] else Decimal(7),
    "case when p > q then x else p end": lambda r: r["x"] if r["p"] > r["q"] else float(r["p"]),
    "case when not ok then 'no' else 'yes' end": lambda r: "yes" if r["ok"] else "no",
    "ok": lambda r: r["ok"],
}
TYPED_CONDITIONS: Mapping[str, Meaning] = {
    "ok and p > 0": lambda r: r["ok"] and r["p"] > 0,
    "not ok or x = 0": lambda r: not r["ok"] or r["x"] == 0.0,
    "ok = true": lambda r: r["ok"],
    "ok <> (p < q)": lambda r: r["ok"] != (r["p"] < r["q"]),
    "ok = (k > 0)": lambda r: r["ok"] == (r["k"] > 0),
    "p = q": lambda r: r["p"] == r["q"],
    "p < q": lambda r: r["p"] < r["q"],
    "p >= 12.5": lambda r: r["p"] >= Decimal("12.5"),
    "p = 100": lambda r: r["p"] == 100,
    "q in (0.1, 12.50, -0.000001)": lambda r: (
        r["q"] in (Decimal("0.1"), Decimal("12.5"), Decimal("-0.000001"))
    ),
    "p between -0.05 and 0.1": lambda r: Decimal("-0.05") <= r["p"] <= Decimal("0.1"),
    "p > x": lambda r: float(r["p"]) > r["x"],
    "x <= 0.1": lambda r: r["x"] <= 0.1,
    "x = 1e17 or x = -2.5": lambda r: r["x"] in (1e17, -2.5),
    "x * 3 > 0.3": lambda r: r["x"] * 3.0 > 0.3,
    "k > 1.5": lambda r: r["k"] > Decimal("1.5"),
    "p * k < q": lambda r: exactly(lambda: r["p"] * r["k"]) < r["q"],
    "round(q, 1) = 0.1 or cast(p as string) = '12.50'": lambda r: (
        half_up(r["q"], 1) == Decimal("0.1") or r["p"] == Decimal("12.5")
    ),
    "cast(x as bigint) = 0": lambda r: int(r["x"]) == 0,
    "k / 2 > x": lambda r: float(r["k"]) / 2.0 > r["x"],
}


PLAIN = Table(FIELDS, RECORDS, CONDITIONS, {**VALUES, **CONDITIONS})
TYPED = Table(TYPED_FIELDS, TYPED_RECORDS, TYPED_CONDITIONS, {**TYPED_VALUES, **TYPED_CONDITIONS})
TABLES = {"plain": PLAIN, "typed": TYPED, "nullable": NULLABLE, "instants": INSTANTS}
