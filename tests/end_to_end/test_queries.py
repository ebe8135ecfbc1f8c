"""What a query can say, on every engine: each workload uses all constructs of one kind.

By day kinds and windows are asked together, which starts engines least; the rest runs by night.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from streambench.model.conditions import Guarantee
from streambench.model.errors import ExitCode
from streambench.model.trial import Completed, Invalid
from streambench.model.verdict import Verdict
from streambench.results.bundle import Bundle
from tests.end_to_end.bench import came_late, run
from tests.workload.lacking import LACKING
from tests.workload.looked_up import LOOKED_UP, ads_csv, places_jsonl

pytestmark = [pytest.mark.engine, pytest.mark.patient]

ENGINES = ("flink", "spark", "kafka-streams", "kafka-streams:flat-json", "kafka-python")


def assert_right_everywhere(
    folder: Path,
    text: str,
    files: Mapping[str, str] | None = None,
    engines: tuple[str, ...] = ENGINES,
) -> Bundle:
    """Run a workload on engines: every row is right, although a busy machine may have made the load late.

    `files` are written beside it, by their names.
    """
    place = folder / "workloads" / "asked"
    place.mkdir(parents=True)
    for name, content in {"workload.toml": text, **(files or {})}.items():
        (place / name).write_text(content, encoding="utf-8")
    with contextlib.chdir(folder):
        code, found = run(
            folder / "results", *engines, workload="asked", guarantee=Guarantee.AT_LEAST_ONCE
        )
    valid = [t for t in found.trials if not isinstance(t.record.outcome, Invalid)]
    assert code is (ExitCode.OK if valid else ExitCode.INVALID)
    for engine in engines:
        (trial,) = found.of(engine)
        match trial.record.outcome:
            case Completed(verdict=verdict) | Invalid(verdict=Verdict() as verdict):
                assert verdict.right, (engine, verdict.damage, verdict.examples)
                assert verdict.expected_rows == verdict.right_rows > 100
            case Invalid(reason=reason):
                assert came_late(trial.record), (engine, reason)
            case other:
                pytest.fail(f"{engine}: {other}")
    return found


GROUPS = """
title = "Departures per country, gate and carrier"
[input]
rate       = 2_000
partitions = 4
[input.fields]
country = { choice = ["DE", "a\\"b", "x,y", "né", "]"] }
gate    = { int = [-2, 9] }
carrier = { choice = 3, prefix = "l" }
seats   = { int = [1, 300] }
[input.time]
disorder = "50 ms"
[query]
where    = "gate <> 3"
group_by = ["country", "gate", "carrier"]
window   = { tumbling = "500 ms" }
grace    = "100 ms"
select   = { flights = "count(*)", seated = "sum(seats)" }
"""


@pytest.mark.nightly
def test_groups_of_several_fields(tmp_path: Path) -> None:
    found = assert_right_everywhere(tmp_path, GROUPS)
    for engine in ENGINES:
        rows = found.of(engine)[0].table("rows")
        if rows is not None:
            assert '["né",-2,"l0"]' in set(rows.column("key").to_pylist())


AGGREGATES = """
title = "What merchants take"
[input]
rate       = 2_000
partitions = 4
[input.fields]
merchant = { choice = 40, prefix = "m", skew = 0.5 }
state    = { choice = ["ok", "declined", "né"] }
user     = { int = [1, 30] }
amount   = { int = [-50, 500] }
[input.time]
disorder = "50 ms"
[query]
where    = "amount <> 13"
group_by = ["merchant"]
window   = { tumbling = "500 ms" }
grace    = "100 ms"
having   = "n > 3 and (mean > 150.5 or states <> 3)"
[query.select]
n        = "count(*)"
users    = "count(distinct user)"
states   = "count(distinct state)"
mean     = "avg(amount)"
turnover = "sum(amount) filter (where state = 'ok' and amount > 300)"
dearest  = "max(amount) filter (where state = 'declined')"
cheapest = "min(amount) filter (where state = 'declined')"
refused  = "count(*) filter (where state <> 'ok')"
mean_other = "avg(amount) filter (where state = 'né')"
few      = "count(distinct user) filter (where amount < 0)"
spread   = "stddev_pop(amount)"
around   = "stddev_samp(amount) filter (where state = 'ok')"
wide     = "var_samp(amount / 7)"
opens    = "first(amount)"
closes   = "last(amount * 2)"
last_ok  = "last(user) filter (where state = 'ok')"
"""


HOPPING = 'hopping = "600 ms", every = "200 ms", offset = "30 ms"'


def in_windows(text: str, window: str) -> str:
    """The same query in other windows."""
    usual = 'tumbling = "500 ms"'
    assert usual in text
    return text.replace(usual, window)


@pytest.mark.nightly  # by day without a load (tests/engines, tests/properties), and such windows below
def test_aggregates_in_windows_that_overlap_and_begin_behind_the_epoch(tmp_path: Path) -> None:
    found = assert_right_everywhere(tmp_path, in_windows(AGGREGATES, HOPPING))
    for engine in ENGINES:
        rows = found.of(engine)[0].table("rows")
        if rows is not None:
            judged = rows.filter(rows.column("row_class").is_valid())
            assert {start % 200 for start in judged.column("window_start_ms").to_pylist()} == {30}


@pytest.mark.nightly
def test_aggregates_filters_and_having(tmp_path: Path) -> None:
    found = assert_right_everywhere(tmp_path, AGGREGATES)
    for engine in ENGINES:
        rows = found.of(engine)[0].table("rows")
        if rows is not None:
            judged = rows.filter(rows.column("row_class").is_valid())
            for alias in ("turnover", "dearest", "mean_other"):
                assert 0 < judged.column(f"value:{alias}").null_count < judged.num_rows
            assert min(judged.column("value:n").to_pylist()) == 4


@pytest.mark.nightly
def test_aggregates_of_windows_that_overlap_by_several_fields(tmp_path: Path) -> None:
    text = in_windows(AGGREGATES, HOPPING).replace('["merchant"]', '["merchant", "state"]')
    assert '"state"]' in text
    assert_right_everywhere(tmp_path, text)


EXPRESSIONS = r"""
title = "Visits by what was seen"
[input]
rate       = 2_000
partitions = 4
[input.fields]
shop  = { choice = ["b", "𝌆", "｡x", "né", "a_c", "abc", "d", "e", "f", "z"] }
page  = { choice = ["/home", "/Home", "/cart?n=1", "/a_b", "/a.b", "日本語", "/x\ny", "𝌆｡"] }
spent = { int = [-500, 500] }
items = { int = [0, 9] }
[input.time]
disorder = "50 ms"
[query]
where    = "shop > 'a_c' and (page like '/%' or length(page) = 3 or page > '｡')"
group_by = ["shop"]
window   = { tumbling = "500 ms" }
grace    = "100 ms"
having   = "visits > 2"
[query.let]
home  = "lower(page) = '/home'"
each  = "case when items > 0 then spent / items else 0 end"
brief = "substring(page, 2, 4) || '-' || upper(shop)"
[query.select]
visits  = "count(*)"
homes   = "count(*) filter (where home)"
under   = "count(*) filter (where page like '/a!_b' escape '!')"
dotted  = "count(*) filter (where page like '/a_b')"
lines   = "count(*) filter (where page like '/x_y')"
late    = "count(*) filter (where page > '｡' or shop < page)"
shorts  = "count(distinct brief)"
odd     = "sum(abs(spent % 7) * length(page))"
mean    = "avg(each)"
least   = "min(each)"
large   = "sum(case when spent > 250 then 2000000000 else items end)"
some    = "count(*) filter (where spent between -10 and 10 or items in (3, 5) and not home)"
"""


@pytest.mark.nightly  # by day each engine is asked for them without a load (tests/engines)
def test_expressions(tmp_path: Path) -> None:
    assert_right_everywhere(tmp_path, EXPRESSIONS)


TYPES = """
title = "Orders, to the cent"
[input]
rate       = 2_000
partitions = 4
[input.fields]
shop   = { choice = 12, prefix = "s" }
paid   = { bool = 0.7 }
vat    = { decimal = [0.00, 0.20], scale = 2 }
amount = { decimal = [-50.00, 500.05] }
weight = { double = [0.0, 40.0] }
pieces = { int = [1, 9] }
[input.time]
disorder = "50 ms"
[query]
where    = "vat <> 0.13 and weight < 39.5"
group_by = ["paid", "vat"]
window   = { tumbling = "500 ms" }
grace    = "100 ms"
having   = "orders > 3 and total > 10.5"
[query.let]
gross = "amount * (1 + vat)"
[query.select]
orders   = "count(*)"
total    = "sum(amount)"
grosses  = "sum(gross)"
greatest = "max(gross * pieces)"
mean     = "avg(amount)"
dearest  = "max(case when paid then amount else 0.001 end)"
cheapest = "min(amount) filter (where paid and amount > 400)"
kinds    = "count(distinct amount)"
halves   = "count(distinct paid)"
load     = "sum(weight)"
euros    = "sum(cast(amount as bigint))"
rounded  = "sum(round(gross, 1))"
kilos    = "count(distinct cast(weight as bigint))"
written  = "count(distinct cast(round(gross) as string) || cast(pieces as string))"
heaviest = "max(weight * 2)"
each     = "avg(weight / pieces) filter (where not paid)"
"""


@pytest.mark.nightly  # by day engines are asked for them without a load, and in drawn queries
def test_decimals_doubles_and_booleans(tmp_path: Path) -> None:
    found = assert_right_everywhere(tmp_path, TYPES)
    for engine in ENGINES:
        rows = found.of(engine)[0].table("rows")
        if rows is not None:
            assert rows.schema.field("value:total").type == pa.decimal128(38, 2)
            assert any(key.startswith("[true,0.0") for key in rows.column("key").to_pylist())


SESSIONS = """
title = "Visits of users"
[input]
rate       = 2_000
partitions = 4
[input.fields]
user   = { int = [1, 100] }
page   = { choice = ["/home", "/cart", "né"] }
spent  = { decimal = [0.01, 9.99] }
looked = { double = [0.0, 1.0] }
[input.time]
disorder = "50 ms"
[query]
group_by = ["user"]
window   = { session = "60 ms" }
grace    = "100 ms"
having   = "n > 2 or most > 5"
[query.select]
n      = "count(*)"
pages  = "count(distinct page)"
total  = "sum(spent)"
most   = "max(spent)"
mean   = "avg(looked)"
in_cart = "sum(spent) filter (where page = '/cart')"
first  = "min(looked) filter (where page = 'né')"
kinds  = "count(distinct spent) filter (where page <> '/home')"
off    = "stddev_samp(looked)"
wide   = "var_pop(spent)"
opens  = "first(spent)"
ends   = "last(spent) filter (where page <> '/home')"
wide_in_cart = "stddev_pop(spent) filter (where page = '/cart')"
"""


@pytest.mark.nightly
def test_aggregates_of_sessions(tmp_path: Path) -> None:
    assert_right_everywhere(tmp_path, SESSIONS)


@pytest.mark.nightly
def test_values_that_are_not_there(tmp_path: Path) -> None:
    found = assert_right_everywhere(tmp_path, LACKING)
    assert found.run.trace_without_key > 100
    assert any("without a key (city and zone)" in warning for warning in found.run.warnings)
    for engine in ENGINES:
        rows = found.of(engine)[0].table("rows")
        if rows is not None:
            judged = rows.filter(rows.column("row_class").is_valid())
            assert 0 < judged.column("value:mean").null_count < judged.num_rows
            assert '["null",3]' in set(rows.column("key").to_pylist())


@pytest.mark.parametrize(
    "engines",
    [
        # By day the others have sessions in test_late, and values that are not there in the tables below, as has
        # the JSON that is read otherwise.
        pytest.param(
            ("flink", "spark", "kafka-streams:flat-json", "kafka-python"), marks=pytest.mark.nightly
        ),
        ("kafka-streams",),
    ],
    ids=" ".join,
)
def test_sessions_of_values_that_are_not_there(tmp_path: Path, engines: tuple[str, ...]) -> None:
    text = in_windows(LACKING, 'session = "20 ms"').replace("paid > 1 and", "paid > 0 and")
    found = assert_right_everywhere(tmp_path, text, engines=engines)
    assert found.run.trace_without_key > 100
    for engine in engines:
        rows = found.of(engine)[0].table("rows")
        if rows is not None:
            keys = set(rows.column("key").to_pylist())
            assert {'["null",3]', '["a\\"b",-2]', '["né",9]'} <= keys
            assert len(set(rows.column("value:window_length").to_pylist())) > 20


TABLES = {"ads.csv": ads_csv(), "places.jsonl": places_jsonl()}


@pytest.mark.nightly
def test_columns_of_small_tables(tmp_path: Path) -> None:
    found = assert_right_everywhere(tmp_path, LOOKED_UP, TABLES)
    assert found.run.trace_without_key > 100
    for engine in ENGINES:
        rows = found.of(engine)[0].table("rows")
        if rows is not None:
            assert {'a"b', "${job_dir}", "\\N", "t\tb"} <= set(rows.column("key").to_pylist())


def test_a_group_of_columns_of_two_tables_in_windows_that_overlap(tmp_path: Path) -> None:
    text = in_windows(LOOKED_UP, HOPPING).replace('["campaign"]', '["campaign", "region"]')
    assert '"region"]' in text
    found = assert_right_everywhere(tmp_path, text, TABLES)
    assert found.run.trace_without_key > 100
    for engine in ENGINES:
        rows = found.of(engine)[0].table("rows")
        if rows is not None:
            keys = set(rows.column("key").to_pylist())
            assert {'["a\\"b","né"]', '["${job_dir}","south"]', '["\\\\N","north|"]'} <= keys
