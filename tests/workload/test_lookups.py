"""`[query.lookup]`: what it means, and what is refused, each with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from streambench.model.errors import UsageError
from streambench.model.expression import DecimalType, FieldType
from streambench.model.lookup import LookedUp, LookupRow
from streambench.model.workload import Workload
from streambench.workload.parse import load_workload
from tests.workload.test_parse import assert_plain

TEXT = """\
title = "Views per campaign"
[input]
rate = 2_000
[input.fields]
ad     = { choice = 50, prefix = "ad" }
action = { choice = ["view", "click"] }
spent  = { double = [0.0, 1.0] }
[query.lookup.campaigns]
file = "campaigns.csv"
on = { ad = "Ad ID" }
columns = { campaign = "string", budget = "decimal(10,2)", since = { column = "Since", type = "bigint" } }
[query]
where    = "campaign <> 'c3' and budget > 1"
group_by = ["campaign"]
window   = { tumbling = "500 ms" }
select   = { n = "count(*)", most = "max(budget)", old = "count(*) filter (where since < 5)" }
"""
CSV = "Ad ID,campaign,budget,Since\nad1,c1,0.5,7\nad2,,12.25,\n"
FILES = {"campaigns.csv": CSV}


def loaded(folder: Path, text: str = TEXT, files: Mapping[str, str] = FILES) -> Workload:
    for name, content in {"workload.toml": text, **files}.items():
        (folder / name).write_text(content, encoding="utf-8")
    return load_workload(folder)


def refused(folder: Path, text: str = TEXT, csv: str = CSV) -> tuple[str, str]:
    with pytest.raises(UsageError) as told:
        loaded(folder, text, {"campaigns.csv": csv})
    assert_plain(told.value)
    assert told.value.hint
    return told.value.message.replace(f"{folder}/", ""), told.value.hint


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


ROWS = (
    LookupRow("ad1", ("c1", Decimal("0.50"), 7)),
    LookupRow("ad2", (None, Decimal("12.25"), None)),
)


def test_looked_up_columns_are_fields_that_are_not_sent(tmp_path: Path) -> None:
    workload = loaded(tmp_path)
    assert [field.name for field in workload.sent] == ["ad", "action", "spent"]
    (lookup,) = workload.lookups
    assert (lookup.name, lookup.on, lookup.key_type) == ("campaigns", "ad", FieldType.STRING)
    assert lookup.rows == ROWS
    types = [FieldType.STRING, DecimalType(10, 2), FieldType.BIGINT]
    for at, (field, type_) in enumerate(zip(workload.fields[3:], types, strict=True)):
        assert (field.type, field.nullable, field.source) == (type_, True, LookedUp(lookup, at))
    assert [key.nullable for key in workload.query.group_by] == [True]


@pytest.mark.parametrize("ending", ["csv.gz", "json", "jsonl", "parquet"])
def test_a_table_is_read_as_a_replayed_file_is(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"campaigns.{ending}"
    if ending == "parquet":
        with duckdb.connect() as connection:
            connection.execute(
                "COPY (SELECT 'ad1' AS \"Ad ID\", 'c1' AS campaign, 0.5::DECIMAL(4, 1) AS budget,"
                f" 7 AS \"Since\" UNION ALL SELECT 'ad2', NULL, 12.25, NULL) TO '{file}'"
            )
    elif ending == "csv.gz":
        import gzip

        file.write_bytes(gzip.compress(CSV.encode()))
    else:
        rows = [
            '{"Ad ID": "ad1", "campaign": "c1", "budget": 0.5, "Since": 7}',
            '{"Ad ID": "ad2", "budget": 12.25, "Since": null}',
        ]
        file.write_text(f"[{','.join(rows)}]" if ending == "json" else "\n".join(rows))
    workload = loaded(tmp_path, changed("campaigns.csv", file.name), {})
    assert workload.lookups[0].rows == ROWS


@pytest.mark.parametrize(
    ("old", "new", "where", "what", "hint"),
    [
        ("campaigns.csv", "campagns.csv", "line 9, column 1", "campagns.csv does not exist", ".csv"),
        ("campaigns.csv", "campaigns.xls", "line 9", "is of no kind that can be read", ".csv"),
        ('ad = "Ad ID"', 'ads = "Ad ID"', "line 10", "no field 'ads'; did you mean 'ad'?", "ad = "),
        ('ad = "Ad ID"', 'spent = "Ad ID"', "line 10", "'spent' is a double", "a string"),
        ('ad = "Ad ID"', 'ad = "x", action = "y"', "line 10", "names 2: ad, action", "on ="),
        ('ad = "Ad ID"', 'ad = "ad"', "line 9", "no column 'ad'; known are Ad ID", "as its file"),
        ('{ ad = "Ad ID" }', '"ad"', "line 10", "'ad' is not a table with one field", "on ="),
        ('on = { ad = "Ad ID" }\n', "", "line 8", "on: this key is missing", "add on ="),
        ("since = { column", "action = { column", "line 11", "field of this name", "campaigns_action"),
        ("since = { column", "n = { column", "line 11", "an aggregate has this name", "campaigns_n"),
        ("since = { column", "Since = { column", "line 11", "lower-case letters", "campaigns_since"),
        ("since = { column", "java = { column", "line 11", "used by streambench", "campaigns_java"),
        ('campaign = "string"', 'campaign = "text"', "line 11", "'text' is no type", "schema"),
        ('"decimal(10,2)"', '"bigint"', "line 9", "budget, row 1: '0.5' is not a bigint", "times"),
        ('"decimal(10,2)"', '"boolean"', "line 9", "row 2: '12.25' is not a boolean", "true"),
        ("lookup.campaigns", "lookup.Campaigns", "line 8", "lower-case letters", "[query.lookup."),
        ("query.lookup", "query.lookups", "line 8", "did you mean 'lookup'?", "write lookup"),
        ("query.lookup", "query.join", "line 8", "nearest is lookup, which joins", "lookup"),
        ("[query]", '[query.let]\nbudget = "1"\n[query]', "line 13", "name of a field", "budget_of"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    tmp_path: Path, old: str, new: str, where: str, what: str, hint: str
) -> None:
    message, told = refused(tmp_path, changed(old, new))
    lines = [line.strip() for line in message.splitlines()]
    (found,) = [line for line in lines if what in line]
    assert re.search(rf"(^|: ){where}", found), found
    assert hint in told or len(lines) > 1


@pytest.mark.parametrize(
    ("csv", "what", "hint"),
    [
        (f"{CSV}ad1,x,1,2\n", "rows 1 and 3 have the same Ad ID, 'ad1'", "one row at most"),
        (f"{CSV},x,1,2\n", "row 3 has no value in Ad ID, the column that is compared", "take such"),
        (f"{CSV}ad3,x,1\n", "campaigns.csv, line 4: 3 values", "CSV"),
        (CSV.splitlines()[0], "campaigns.csv has no row", "each key"),
        ("", "campaigns.csv has no line of names", "names its columns"),
        (
            CSV + "".join(f"k{row},c,1,2\n" for row in range(9_999)),
            "campaigns.csv has more than 10,000 rows, and every worker holds all of them",
            "keys the records have",
        ),
        (
            CSV + "".join(f"x{row},{'c' * 401_000},1,1\n" for row in range(10)),
            "campaigns.csv has more than 4,000,000 characters in the columns that are read",
            "fewer columns",
        ),
        (
            CSV + "".join(f"x{row},c,1.001,NA\n" for row in range(9)),
            "budget, row 7: '1.001' is not a decimal(10,2); budget: 4 more; Since, row 3: 'NA' is not a",
            "decimal(all of them",
        ),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_is_refused(tmp_path: Path, csv: str, what: str, hint: str) -> None:
    message, told = refused(tmp_path, csv=csv)
    assert message.startswith("workload.toml: line 9, column 1: query.lookup.campaigns.file: ")
    assert what in message
    assert hint in told


def test_ten_thousand_rows_can_be(tmp_path: Path) -> None:
    rows = "".join(f"k{row},c,1,2\n" for row in range(9_998))
    (lookup,) = loaded(tmp_path, files={"campaigns.csv": CSV + rows}).lookups
    assert len(lookup.rows) == 10_000


def test_all_mistakes_are_told_at_once_and_nothing_that_comes_of_them(tmp_path: Path) -> None:
    text = changed('"decimal(10,2)"', '"decimal(1,2)"').replace("budget > 1", "budgt > 1")
    text = text.replace('"count(*)"', '"cont(*)"').replace('"Ad ID"', "5")
    message, _ = refused(tmp_path, text)
    head, *lines = message.splitlines()
    assert head == "workload.toml has 4 mistakes:"
    names = ("lookup.campaigns.on", "columns.budget", "query.where", "query.select.n")
    for line, name in zip(lines, names, strict=True):
        assert name in line


def test_of_a_table_that_is_none_nothing_else_is_told(tmp_path: Path) -> None:
    start, end = TEXT.index("[query.lookup"), TEXT.index("[query]")
    text = f"{TEXT[:start]}[query.lookup]\ncampaigns = 3\n{TEXT[end:]}"
    message, _ = refused(tmp_path, text)
    assert (
        message
        == "workload.toml: line 9, column 1: query.lookup.campaigns: a table is due here, not 3"
    )


def test_two_tables_cannot_give_one_name(tmp_path: Path) -> None:
    other = '[query.lookup.others]\nfile = "campaigns.csv"\non = { ad = "Ad ID" }\n'
    text = changed("[query]", f'{other}columns = {{ campaign = "string" }}\n[query]')
    message, hint = refused(tmp_path, text)
    assert "others.columns.campaign: another column that is looked up has this name" in message
    assert 'others_campaign = { column = "campaign", type = "string" }' in hint


def test_so_many_tables_and_columns_are_too_many(tmp_path: Path) -> None:
    columns = ", ".join(f'a{at} = {{ column = "campaign", type = "string" }}' for at in range(98))
    message, _ = refused(
        tmp_path, changed('campaign = "string"', f'campaign = "string", {columns}')
    )
    assert "at most 100 fields, and these are 3 of a record and 101 that are looked up" in message
    tables = "".join(
        f'[query.lookup.t{at}]\nfile = "campaigns.csv"\non = {{ ad = "Ad ID" }}\n'
        f'columns = {{ b{at} = {{ column = "Since", type = "bigint" }} }}\n'
        for at in range(8)
    )
    message, _ = refused(tmp_path, changed("[query]", f"{tables}[query]"))
    assert "records are joined with at most 8 tables, and these are 9" in message
