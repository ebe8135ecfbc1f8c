from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import islice

import pytest

from streambench.model.expression import FieldReference, FieldType
from streambench.model.field_source import Choice, Coin, DecimalRange, FieldSource, IntRange
from streambench.model.workload import Field, Workload
from streambench.workload.groups import groups_of
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

CLICKS = load_workload(shipped_root() / "clicks")


def grouped(**sources: FieldSource) -> Workload:
    """Clicks with these fields, grouped by all of them."""
    fields = tuple(
        Field(name, FieldType.STRING if isinstance(s, Choice) else FieldType.BIGINT, s)
        for name, s in sources.items()
    )
    keys = tuple(FieldReference(field.name, field.type) for field in fields)
    return replace(CLICKS, fields=fields, query=replace(CLICKS.query, group_by=keys))


def test_groups_are_all_combinations_in_order() -> None:
    workload = grouped(country=Choice(("DE", "FR"), 1.0), shop=IntRange(-1, 1))
    assert list(groups_of(workload)) == [
        (country, shop) for country in ("DE", "FR") for shop in (-1, 0, 1)
    ]


def test_decimals_and_flags_are_among_them() -> None:
    workload = grouped(vat=DecimalRange(-1, 1, 2), paid=Coin(0.5))
    assert list(groups_of(workload)) == [
        (Decimal(units).scaleb(-2), paid) for units in (-1, 0, 1) for paid in (False, True)
    ]
    assert [str(vat) for vat, _ in groups_of(workload)][-1] == "0.01"
    assert list(groups_of(grouped(paid=Coin(1.0)))) == [(True,)]
    assert list(groups_of(grouped(paid=Coin(0.0)))) == [(False,)]


def test_of_one_choice_they_are_its_values() -> None:
    assert [group[0] for group in groups_of(CLICKS)] == [f"c{n}" for n in range(1_000)]


def test_of_too_many_a_million_are_drawn_from_all_over() -> None:
    places = IntRange(0, 2**32 - 1)
    workload = grouped(a=places, b=Choice(("x", "y"), 0.0), c=IntRange(5, 1_004))
    some = list(islice(groups_of(workload), 2_000))
    assert len(set(some)) == 2_000
    firsts, flags, lasts = zip(*some, strict=True)
    assert len({int(first) >> 24 for first in firsts}) > 240
    assert (len(set(flags)), len(set(lasts)) > 800) == (2, True)


def test_a_replay_has_the_groups_of_its_file() -> None:
    flights = load_workload(shipped_root() / "flights")
    carriers = [group[0] for group in groups_of(flights)]
    assert carriers == sorted(carriers)
    assert len(carriers) == len(set(carriers)) > 10
    both = replace(
        flights.query, group_by=tuple(FieldReference(f.name, f.type) for f in flights.fields)
    )
    pairs = list(groups_of(replace(flights, query=both)))
    assert {carrier for carrier, _ in pairs} == set(carriers)
    assert all(isinstance(distance, int) for _, distance in pairs)


@pytest.mark.parametrize("size", [999, 1_000, 1_001])
def test_up_to_the_limit_there_are_all_of_them(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streambench.workload.groups._AT_MOST", 1_000)
    found = list(groups_of(grouped(a=IntRange(1, size))))
    assert len(found) == min(size, 1_000)
    assert len(set(found)) == size or size > 1_000
