"""Aggregates as a user writes them, and what each means, in plain Python: slow and obvious."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from streambench.model.aggregate import Aggregate
from streambench.model.expression import DecimalType, FieldType
from streambench.model.workload import Field
from streambench.workload.expressions import parse_aggregate
from tests.workload.meaning_tables import half_up

Event: TypeAlias = Mapping[str, Any]
Meaning: TypeAlias = Callable[[Any], Any]

FIELDS = (
    Field("shop", FieldType.STRING, None),
    Field("state", FieldType.STRING, None),
    Field("price", FieldType.BIGINT, None),
    Field("pieces", FieldType.BIGINT, None),
    Field("fee", DecimalType(6, 2), None),
    Field("weight", FieldType.DOUBLE, None),
    Field("gift", FieldType.BOOLEAN, None),
    Field("at", FieldType.BIGINT, None),
    Field("tip", FieldType.BIGINT, None, nullable=True),
    Field("note", FieldType.STRING, None, nullable=True),
    Field("vat", DecimalType(6, 2), None, nullable=True),
    Field("size", FieldType.DOUBLE, None, nullable=True),
    Field("fresh", FieldType.BOOLEAN, None, nullable=True),
    Field("paid", FieldType.TIMESTAMP, None, nullable=True),
)
TEXTS = ("", "ok", "né", "a b", "😀", "O'K")


def prices(events: Sequence[Event]) -> list[int]:
    return [event["price"] for event in events]


def ok(events: Sequence[Event]) -> list[Event]:
    """Those that pass `state = 'ok'`."""
    return [event for event in events if event["state"] == "ok"]


def large(events: Sequence[Event]) -> list[Event]:
    """Those that pass `price > 30 and state <> 'né'`."""
    return [event for event in events if event["price"] > 30 and event["state"] != "né"]


def fees(events: Sequence[Event]) -> list[Decimal]:
    return [event["fee"] for event in events]


def gifts(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event["gift"]]


def known(events: Sequence[Event], name: str) -> list[Any]:
    """The values of a field that are there."""
    return [event[name] for event in events if event[name] is not None]


def with_value(events: Sequence[Event], name: str) -> list[Event]:
    """Those that have a value in a field."""
    return [event for event in events if event[name] is not None]


def map_known(function: Meaning, events: Sequence[Event], name: str) -> list[Any]:
    """What becomes of the values that are there."""
    return [function(value) for value in known(events, name)]


def tipped(events: Sequence[Event]) -> list[Event]:
    """Those that pass `tip > 5`."""
    return [event for event in events if event["tip"] is not None and event["tip"] > 5]


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def spread(values: Sequence[Any], *, sample: bool = False) -> float | None:
    """The variance, exact until it is a double."""
    divisor = len(values) - (1 if sample else 0)
    if divisor < 1:
        return None
    exact = [Fraction(value) for value in values]
    middle = sum(exact) / len(exact)
    return float(sum((value - middle) ** 2 for value in exact) / divisor)


def root(variance: float | None) -> float | None:
    return None if variance is None else math.sqrt(variance)


def first(events: Sequence[Event], value: Meaning) -> Any:
    """The least value of those at the least time."""
    return min((event["at"], value(event)) for event in events)[1] if events else None


def last(events: Sequence[Event], value: Meaning) -> Any:
    """The greatest value of those at the greatest time."""
    return max((event["at"], value(event)) for event in events)[1] if events else None


def of_any(function: Callable[[Any], Any], values: Sequence[Any]) -> Any:
    """Its value, if there is one."""
    return function(values) if values else None


TABLE: Mapping[str, tuple[str, Meaning]] = {
    "n": ("count(*)", len),
    "n_price": ("count(price)", len),
    "total": ("sum(price)", lambda e: sum(prices(e))),
    "worth": ("sum(price * pieces - 1)", lambda e: sum(x["price"] * x["pieces"] - 1 for x in e)),
    "mean": ("avg(price)", lambda e: mean(prices(e))),
    "mean_worth": ("avg(price - pieces)", lambda e: mean([x["price"] - x["pieces"] for x in e])),
    "least": ("min(price)", lambda e: min(prices(e))),
    "greatest": ("max(price + pieces)", lambda e: max(x["price"] + x["pieces"] for x in e)),
    "states": ("count(distinct state)", lambda e: len({x["state"] for x in e})),
    "price_kinds": ("count(distinct price)", lambda e: len(set(prices(e)))),
    "sums": (
        "count(distinct price + pieces)",
        lambda e: len({x["price"] + x["pieces"] for x in e}),
    ),
    "n_ok": ("count(*) filter (where state = 'ok')", lambda e: len(ok(e))),
    "total_ok": (
        "sum(price) filter (where state = 'ok')",
        lambda e: of_any(sum, prices(ok(e))),
    ),
    "mean_ok": ("avg(price) filter (where state = 'ok')", lambda e: of_any(mean, prices(ok(e)))),
    "least_large": (
        "min(price) filter (where price > 30 and state <> 'né')",
        lambda e: of_any(min, prices(large(e))),
    ),
    "greatest_large": (
        "max(price) filter (where price > 30 and state <> 'né')",
        lambda e: of_any(max, prices(large(e))),
    ),
    "states_large": (
        "count(distinct state) filter (where price > 30 and state <> 'né')",
        lambda e: len({x["state"] for x in large(e)}),
    ),
    "fees": ("sum(fee)", lambda e: sum(fees(e))),
    "fees_of_all": ("sum(fee * pieces)", lambda e: sum(x["fee"] * x["pieces"] for x in e)),
    "mean_fee": ("avg(fee)", lambda e: float(sum(fees(e))) / len(e)),
    "least_fee": ("min(fee) filter (where gift)", lambda e: of_any(min, fees(gifts(e)))),
    "greatest_fee": ("max(fee - 0.005)", lambda e: max(fees(e)) - Decimal("0.005")),
    "fees_given": ("sum(fee) filter (where gift)", lambda e: of_any(sum, fees(gifts(e)))),
    "fee_kinds": ("count(distinct fee)", lambda e: len(set(fees(e)))),
    "gift_kinds": ("count(distinct gift)", lambda e: len({x["gift"] for x in e})),
    "given": (
        "count(*) filter (where gift and fee > 0.5)",
        lambda e: sum(x["fee"] > Decimal("0.5") for x in gifts(e)),
    ),
    "load": ("sum(weight)", lambda e: math.fsum(x["weight"] for x in e)),
    "lightest": ("min(weight)", lambda e: min(x["weight"] for x in e)),
    "heaviest": (
        "max(weight * 2) filter (where not gift)",
        lambda e: of_any(max, [x["weight"] * 2.0 for x in e if not x["gift"]]),
    ),
    "mean_load": (
        "avg(weight / pieces) filter (where gift)",
        lambda e: of_any(mean, [x["weight"] / x["pieces"] for x in gifts(e)]),
    ),
    "wide": ("var_pop(price)", lambda e: spread(prices(e))),
    "wide_of_some": (
        "var_samp(price * pieces)",
        lambda e: spread([x["price"] * x["pieces"] for x in e], sample=True),
    ),
    "off": ("stddev_pop(weight)", lambda e: root(spread([x["weight"] for x in e]))),
    "fee_off": ("stddev_samp(fee)", lambda e: root(spread(fees(e), sample=True))),
    "far": ("stddev_pop(price + 1000)", lambda e: root(spread(prices(e)))),
    "wide_given": (
        "var_pop(fee * 2) filter (where gift)",
        lambda e: spread([x["fee"] * 2 for x in gifts(e)]),
    ),
    "some_given": (
        "var_samp(weight) filter (where gift)",
        lambda e: spread([x["weight"] for x in gifts(e)], sample=True),
    ),
    "off_ok": (
        "stddev_pop(price) filter (where state = 'ok')",
        lambda e: root(spread(prices(ok(e)))),
    ),
    "off_some_ok": (
        "stddev_samp(price - pieces) filter (where state = 'ok')",
        lambda e: root(spread([x["price"] - x["pieces"] for x in ok(e)], sample=True)),
    ),
    "even": ("stddev_pop(0.1)", lambda e: 0.0),
    "latest": ("max(at)", lambda e: max(x["at"] for x in e)),
    "first_price": ("first(price)", lambda e: first(e, lambda x: x["price"])),
    "last_worth": ("last(price * pieces)", lambda e: last(e, lambda x: x["price"] * x["pieces"])),
    "first_fee": ("first(fee)", lambda e: first(e, lambda x: x["fee"])),
    "last_fee_given": (
        "last(fee * 2) filter (where gift)",
        lambda e: last(gifts(e), lambda x: x["fee"] * 2),
    ),
    "first_ok": (
        "first(pieces - 1) filter (where state = 'ok')",
        lambda e: first(ok(e), lambda x: x["pieces"] - 1),
    ),
    "one_each": ("sum(1)", len),
    "never": ("sum(price) filter (where price > 1000)", lambda e: None),
    "n_tip": ("count(tip)", lambda e: len(known(e, "tip"))),
    "n_tip_ok": (
        "count(tip) filter (where state = 'ok')",
        lambda e: len(known(ok(e), "tip")),
    ),
    "n_tipped": ("count(*) filter (where tip > 5)", lambda e: len(tipped(e))),
    "n_plain": (
        "count(*) filter (where not (tip > 5))",
        lambda e: len(known(e, "tip")) - len(tipped(e)),
    ),
    "n_none": ("count(*) filter (where tip is null)", lambda e: len(e) - len(known(e, "tip"))),
    "tips": ("sum(tip)", lambda e: of_any(sum, known(e, "tip"))),
    "tips_and_price": (
        "sum(tip + price)",
        lambda e: of_any(sum, [x["tip"] + x["price"] for x in e if x["tip"] is not None]),
    ),
    "tips_filled": (
        "sum(coalesce(tip, 3))",
        lambda e: sum(3 if x["tip"] is None else x["tip"] for x in e),
    ),
    "least_tip": ("min(tip)", lambda e: of_any(min, known(e, "tip"))),
    "greatest_tip": (
        "max(tip) filter (where fresh)",
        lambda e: of_any(max, known([x for x in e if x["fresh"] is True], "tip")),
    ),
    "mean_tip": ("avg(tip)", lambda e: of_any(mean, known(e, "tip"))),
    "notes": ("count(distinct note)", lambda e: len(set(known(e, "note")))),
    "notes_of_tipped": (
        "count(distinct note || state) filter (where tip > 5)",
        lambda e: len({x["note"] + x["state"] for x in tipped(e) if x["note"] is not None}),
    ),
    "news": ("count(distinct fresh)", lambda e: len(set(known(e, "fresh")))),
    "tip_kinds": ("count(distinct tip)", lambda e: len(set(known(e, "tip")))),
    "vats": ("sum(vat)", lambda e: of_any(sum, known(e, "vat"))),
    "vat_kinds": ("count(distinct vat)", lambda e: len(set(known(e, "vat")))),
    "mean_vat": ("avg(vat)", lambda e: of_any(lambda v: float(sum(v)) / len(v), known(e, "vat"))),
    "greatest_vat": ("max(vat)", lambda e: of_any(max, known(e, "vat"))),
    "sizes": ("sum(size)", lambda e: of_any(math.fsum, known(e, "size"))),
    "least_size": ("min(size * 2)", lambda e: of_any(min, [2.0 * x for x in known(e, "size")])),
    "large_only": (
        "sum(case when price > 30 then pieces end)",
        lambda e: of_any(sum, [x["pieces"] for x in e if x["price"] > 30]),
    ),
    "tip_off": ("stddev_pop(tip)", lambda e: root(spread(known(e, "tip")))),
    "tip_wide": ("var_samp(tip)", lambda e: spread(known(e, "tip"), sample=True)),
    "vat_off_given": (
        "stddev_samp(vat * 2) filter (where gift)",
        lambda e: root(spread([2 * x for x in known(gifts(e), "vat")], sample=True)),
    ),
    "size_wide": ("var_pop(size)", lambda e: spread(known(e, "size"))),
    "first_tip": ("first(tip)", lambda e: first(with_value(e, "tip"), lambda x: x["tip"])),
    "last_tip_and_price": (
        "last(tip + price)",
        lambda e: last(with_value(e, "tip"), lambda x: x["tip"] + x["price"]),
    ),
    "last_vat_ok": (
        "last(vat) filter (where state = 'ok')",
        lambda e: last(with_value(ok(e), "vat"), lambda x: x["vat"]),
    ),
    "first_large": (
        "first(case when price > 30 then pieces end)",
        lambda e: first([x for x in e if x["price"] > 30], lambda x: x["pieces"]),
    ),
    "first_filled": (
        "first(coalesce(tip, -9))",
        lambda e: first(e, lambda x: -9 if x["tip"] is None else x["tip"]),
    ),
    "whole_vats": ("sum(cast(vat as bigint))", lambda e: of_any(sum, map_known(int, e, "vat"))),
    "round_vats": (
        "count(distinct cast(round(vat) as string))",
        lambda e: len(set(map_known(half_up, e, "vat"))),
    ),
    "paid_at_last": ("max(paid)", lambda e: of_any(max, known(e, "paid"))),
    "paid_first": ("first(paid)", lambda e: first(with_value(e, "paid"), lambda x: x["paid"])),
    "paid_kinds": (
        "count(distinct paid) filter (where paid > date '2013-01-01')",
        lambda e: len({at for at in known(e, "paid") if at > 1_356_998_400_000}),
    ),
    "paid_late": (
        "min(case when price > 30 then paid end)",
        lambda e: of_any(min, known([x for x in e if x["price"] > 30], "paid")),
    ),
    "n_sizes": ("count(round(size))", lambda e: len(known(e, "size"))),
    "always": ("avg(pieces) filter (where price < 1000)", lambda e: mean([x["pieces"] for x in e])),
}


# What Flink has not.
ALL: Mapping[str, tuple[str, Meaning]] = {
    **TABLE,
    "first_weight": ("first(weight)", lambda e: first(e, lambda x: x["weight"])),
    "last_weight_given": (
        "last(weight) filter (where gift)",
        lambda e: last(gifts(e), lambda x: x["weight"]),
    ),
    "first_size": ("first(size)", lambda e: first(with_value(e, "size"), lambda x: x["size"])),
    "last_size_given": (
        "last(size) filter (where gift)",
        lambda e: last(with_value(gifts(e), "size"), lambda x: x["size"]),
    ),
}


def aggregates(table: Mapping[str, tuple[str, Meaning]] = TABLE) -> tuple[Aggregate, ...]:
    """All of them, parsed."""
    return tuple(parse_aggregate(text, alias, FIELDS) for alias, (text, _) in table.items())


def meant(
    events: Sequence[Event], table: Mapping[str, tuple[str, Meaning]] = TABLE
) -> dict[str, Any]:
    """The value of each over these events, of which there is one at least."""
    return {alias: meaning(events) for alias, (_, meaning) in table.items()}


class AsAsked(dict[str, Any]):
    """The value of each over these events; of those only that somebody looks at."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__()
        self._events = events

    def __missing__(self, alias: str) -> Any:
        _, meaning = TABLE[alias]
        self[alias] = found = meaning(self._events)
        return found


def drawn_events(seed: int, count: int, shops: int = 3) -> list[Event]:
    """Events of some shops; not every shop has one that passes each filter. Several are of one time."""
    rng, times = random.Random(seed), random.Random(-1 - seed)
    more, paid = random.Random(f"{seed}/null"), random.Random(f"{seed}/paid")

    def perhaps(value: Any) -> Any:
        return None if more.random() < 0.6 else value

    return [
        {
            "shop": f"s{rng.randrange(shops)}",
            "state": rng.choice(TEXTS),
            "price": rng.randint(-20, 50),
            "pieces": rng.randint(1, 3),
            "fee": Decimal(rng.randint(-500, 9_999)).scaleb(-2),
            "weight": rng.choice([0.1, 2.5, -1e-3, rng.random() * 40]),
            "gift": rng.random() < 0.3,
            "at": times.randint(1_000, 1_000 + count // 3),
            "tip": perhaps(more.randint(-3, 20)),
            "note": perhaps(more.choice(TEXTS)),
            "vat": perhaps(Decimal(more.randint(-500, 9_999)).scaleb(-2)),
            "size": perhaps(more.choice([0.1, 2.5, -1e-3, more.random() * 40])),
            "fresh": perhaps(more.random() < 0.5),
            "paid": None
            if paid.random() < 0.5
            else 1_356_998_400_000 + paid.randint(-9, 9) * 1_000,
        }
        for _ in range(count)
    ]


def same(found: Any, due: Any) -> bool:
    """Whether a value is what is meant; a double within a billionth, a decimal be it a text."""
    if isinstance(due, Decimal) and isinstance(found, str | int | Decimal):
        return Decimal(found) == due
    if isinstance(due, float) and isinstance(found, int | float | Decimal):
        return abs(float(found) - due) <= 1e-9 * 100
    return type(found) is type(due) and bool(found == due)


# Conditions on aggregates, and what each means for the values of TABLE.
HAVING: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "n > 4": lambda v: v["n"] > 4,
    "n_ok >= 1 and total < 80": lambda v: v["n_ok"] >= 1 and v["total"] < 80,
    "not (states = 1 or greatest > 45)": lambda v: not (v["states"] == 1 or v["greatest"] > 45),
    "mean > 12.5": lambda v: v["mean"] > 12.5,
    "mean between -5 and 20 and n <> 3": lambda v: -5 <= v["mean"] <= 20 and v["n"] != 3,
    "n_ok < states": lambda v: v["n_ok"] < v["states"],
    "least in (-20, -19, -18) or n = 1": lambda v: v["least"] in (-20, -19, -18) or v["n"] == 1,
    "fees > 45.5 and greatest_fee < 99.99": lambda v: (
        v["fees"] > Decimal("45.5") and v["greatest_fee"] < Decimal("99.99")
    ),
    "load > 20 or fee_kinds < n": lambda v: v["load"] > 20 or v["fee_kinds"] < v["n"],
    "fees < mean_fee or n > 2.5": lambda v: float(v["fees"]) < v["mean_fee"] or v["n"] > 2,
    "tips > 10": lambda v: v["tips"] is not None and v["tips"] > 10,
    "not (tips > 10)": lambda v: v["tips"] is not None and v["tips"] <= 10,
    "tips > 10 or n_ok > 1": lambda v: (v["tips"] or 0) > 10 or v["n_ok"] > 1,
    "not (tips > 10 and n_ok > 1)": lambda v: (
        v["n_ok"] <= 1 or (v["tips"] is not None and v["tips"] <= 10)
    ),
    "least_tip is null or n_tip > 3": lambda v: v["least_tip"] is None or v["n_tip"] > 3,
    "total_ok is not null and mean_vat > 20": lambda v: (
        v["total_ok"] is not None and v["mean_vat"] is not None and v["mean_vat"] > 20
    ),
    "greatest_tip in (7, 12, 19) or vats < 12.5": lambda v: (
        v["greatest_tip"] in (7, 12, 19) or (v["vats"] is not None and v["vats"] < Decimal("12.5"))
    ),
    "tip_off > 4": lambda v: v["tip_off"] is not None and v["tip_off"] > 4,
    "tip_wide is null or first_tip > 8": lambda v: (
        v["tip_wide"] is None or (v["first_tip"] is not None and v["first_tip"] > 8)
    ),
    "not (fee_off < 20)": lambda v: v["fee_off"] is not None and v["fee_off"] >= 20,
    "last_vat_ok > 10.5 or n = 2": lambda v: (
        (v["last_vat_ok"] is not None and v["last_vat_ok"] > Decimal("10.5")) or v["n"] == 2
    ),
    "paid_first < timestamp '2013-01-01 00:00:03' or paid_at_last is null": lambda v: (
        v["paid_first"] is None or v["paid_first"] < 1_356_998_403_000
    ),
    "lightest >= 0 and mean_worth > -1e2": lambda v: v["lightest"] >= 0 and v["mean_worth"] > -100,
}
