"""What `[query.columns]` declares, and what is refused of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.load.recipe_text import read_recipe, recipe_text
from streambench.model.by_hand import GivenColumn, HandFile
from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.recipe import Recipe
from streambench.workload.validate import findings
from tests.by_hand.top import DECLARED, top


def test_columns_say_what_a_row_holds_and_files_are_read(tmp_path: Path) -> None:
    by_hand = top(tmp_path).query.by_hand

    assert by_hand is not None
    assert by_hand.columns == (GivenColumn("orders", FieldType.BIGINT),)
    assert [key.name for key in by_hand.keys] == ["shop"]
    assert {each.file for each in by_hand.files} == {HandFile.ORACLE, HandFile.CONSUMER}


def test_a_group_may_name_what_no_record_has_where_records_are_keyed_otherwise(
    tmp_path: Path,
) -> None:
    text = DECLARED.replace('["shop"]', '["shop", "rank"]').replace(
        "[query.columns]", '[query.columns]\nrank = "bigint"'
    )

    query = top(tmp_path, workload_toml=text).query

    assert [key.name for key in query.row_keys] == ["shop", "rank"]
    assert [key.name for key in query.group_by] == ["shop"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[query.columns]", '[query.select]\nn = "count(*)"\n[query.columns]', "are there both"),
        ("grace", 'having = "orders > 3"\ngrace', "having compares aggregates of select"),
        ('orders = "bigint"', 'orders = "int8"', "is no type"),
        ('orders = "bigint"', 'shop = "bigint"\norders = "bigint"', "records have this field"),
        (
            'orders = "bigint"',
            'orders = { type = "bigint", within = 1.0 }',
            "within belongs to a double",
        ),
        ('["shop"]', '["rank"]', "unknown field"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        top(tmp_path, workload_toml=DECLARED.replace(old, new, 1))


def test_a_group_of_no_field_needs_a_key_for_the_records(tmp_path: Path) -> None:
    text = DECLARED.replace('key = "shop"\n', "").replace('["shop"]', '["rank"]')
    text = text.replace("[query.columns]", '[query.columns]\nrank = "bigint"')

    with pytest.raises(UsageError, match="records cannot be keyed by the group"):
        top(tmp_path, workload_toml=text)


def test_without_oracle_sql_nothing_says_which_rows_are_right(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"oracle\.sql is missing"):
        top(tmp_path, oracle_sql=None)


def test_a_grace_at_which_records_may_be_late_is_refused_with_the_least_that_is_enough(
    tmp_path: Path,
) -> None:
    found = findings(top(tmp_path, workload_toml=DECLARED.replace('"50 ms"', '"10 ms"')))

    assert [each.path for each in found if each.fatal] == [("query", "grace")]
    assert "24 ms are needed" in found[0].message


def test_a_recipe_holds_it(tmp_path: Path) -> None:
    recipe = Recipe(top(tmp_path), 1_000, 1, None, 2)

    assert read_recipe(recipe_text(recipe)) == recipe
