"""Other forms of a workload: what they change, where a mistake in one is told, and what of them is kept."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streambench.analysis.compare.strangers import declared_terms
from streambench.cli.main import app
from streambench.model.errors import UsageError
from streambench.model.windows import Hopping, Tumbling
from streambench.model.workload import Synthetic, Workload
from streambench.workload.forms import effective, text_in_form
from streambench.workload.locate import find_form
from streambench.workload.parse import declared_text, load_named, load_workload

BASE = """#:schema ../x.json
# of a shop
title = "Orders"
[input]
rate = 1_000
[input.fields]
shop = { choice = 50 }
item = { choice = 9 }
[query]
group_by = ["shop"]
window = { tumbling = "1 s" }
select = { n = "count(*)" }
"""
FORMS = """[forms.slow]
title = "Orders, slowly"
input = { rate = 10, fields = { item = { choice = 3 } } }
query = { window = { hopping = "1 h", every = "1 min" }, select = { items = "count(distinct item)" } }
[forms.rising]
input = { shape = { ramp = [10, 20] } }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "workloads" / "orders"
    made.mkdir(parents=True)
    (made / "workload.toml").write_text(BASE + FORMS)
    monkeypatch.chdir(tmp_path)
    return made


def written(folder: Path, text: str) -> Path:
    (folder / "workload.toml").write_text(text)
    return folder


def test_a_form_changes_its_keys_and_no_others(folder: Path) -> None:
    base, slow = load_named("orders"), load_named("orders:slow")
    assert base.query.window == Tumbling(1_000)
    assert slow.query.window == Hopping(3_600_000, 60_000)
    assert [field.name for field in slow.fields] == ["shop", "item"]
    assert slow.fields[0] == base.fields[0]
    assert [each.alias for each in slow.query.aggregates] == ["n", "items"]
    assert (slow.name, slow.title) == ("orders:slow", "Orders, slowly")
    assert isinstance(slow.input, Synthetic)
    assert slow.input.rate_per_s == 10
    back = dataclasses.replace(
        slow,
        name=base.name,
        title=base.title,
        fields=base.fields,
        input=base.input,
        query=base.query,
    )
    assert back == base


def test_a_form_without_a_title_has_its_name_in_it(folder: Path) -> None:
    assert load_named("orders:rising").title == "Orders (rising)"


def test_a_shape_takes_the_place_of_a_rate_and_a_rate_of_a_shape(folder: Path) -> None:
    rising = load_named("orders:rising").input
    assert isinstance(rising, Synthetic)
    assert rising.shape is not None
    shaped = BASE.replace("rate = 1_000", "shape = { ramp = [1, 2] }")
    written(folder, shaped + "[forms.even]\ninput = { rate = 7 }\n")
    even = load_named("orders:even").input
    assert isinstance(even, Synthetic)
    assert (even.rate_per_s, even.shape) == (7, None)


def test_both_at_once_are_refused_as_ever(folder: Path) -> None:
    written(folder, BASE + "[forms.both]\ninput = { rate = 7, shape = { ramp = [1, 2] } }\n")
    with pytest.raises(UsageError, match="give either rate or shape"):
        load_named("orders:both")


@pytest.mark.parametrize(
    ("form", "place", "what"),
    [
        ('query = { window = { tumbling = "1 mile" } }', "line 14, column 22", "mile"),
        ("input = { rate = -3 }", "line 14, column 11", "rate"),
        ('query = { where = "shoop = 1" }', "line 14, column 20", "shoop"),
        ("input = { fields = { item = { choise = 3 } } }", "line 14, column 31", "choise"),
        ('queri = { where = "shop = 1" }', "line 14, column 1", "query"),
        ("input = 3", "line 14, column 1", "input"),
        ("title = 3", "line 14, column 1", "title"),
    ],
)
def test_a_mistake_in_a_form_is_told_at_its_place(
    folder: Path, form: str, place: str, what: str
) -> None:
    written(folder, f"{BASE}[forms.slow]\n{form}\n")
    with pytest.raises(UsageError, match=what) as caught:
        load_named("orders:slow")
    assert place in caught.value.message


def test_a_mistake_beside_a_form_is_told_where_it_is(folder: Path) -> None:
    written(folder, BASE.replace("choice = 50", "choice = 0") + FORMS)
    with pytest.raises(UsageError, match="line 7, column 10"):
        load_named("orders:slow")


@pytest.mark.parametrize("name", ["Slow", "a b", "x:y", "é"])
def test_a_form_is_called_as_it_can_be_typed(folder: Path, name: str) -> None:
    written(folder, f"{BASE}[forms.{json.dumps(name)}]\ninput = {{ rate = 2 }}\n")
    with pytest.raises(UsageError, match="a form's name is lower-case"):
        load_named("orders")


def test_an_unknown_form_is_answered_by_the_nearest_or_by_all(folder: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'slow'") as caught:
        load_named("orders:slo")
    assert caught.value.hint == "streambench run orders:slow"
    with pytest.raises(UsageError, match="it has slow, rising"):
        load_named("orders:zzz")
    with pytest.raises(UsageError, match="one form alone"):
        load_named("clicks:zzz")
    with pytest.raises(UsageError, match="there is no workload 'ordas'"):
        load_named("ordas:slow")


def test_a_form_can_be_had_of_a_path_and_a_folder_may_have_a_colon(folder: Path) -> None:
    assert load_named("./workloads/orders:slow").name == "orders:slow"
    other = folder.with_name("a:b")
    folder.rename(other)
    assert find_form("a:b") == (other, None)
    assert find_form("a:b:slow") == (other, "slow")


def alike(one: Workload, other: Workload) -> bool:
    return dataclasses.replace(one, name="", folder=Path()) == dataclasses.replace(
        other, name="", folder=Path()
    )


@pytest.mark.parametrize("form", ["slow", "rising"])
def test_what_a_bundle_keeps_is_read_as_the_same_form(
    folder: Path, tmp_path: Path, form: str
) -> None:
    text = declared_text(f"orders:{form}")
    assert text.splitlines()[:3] == ["#:schema ../x.json", f'form = "{form}"', "# of a shop"]
    kept = tmp_path / "kept"
    kept.mkdir()
    written(kept, text)
    assert alike(load_workload(kept), load_named(f"orders:{form}"))
    assert declared_text("orders") == BASE + FORMS


def test_a_form_that_the_file_names_is_meant_unless_another_is(folder: Path) -> None:
    written(folder, text_in_form(BASE + FORMS, "slow"))
    assert load_named("orders").query.window == Hopping(3_600_000, 60_000)
    assert load_named("orders:rising").query.window == Tumbling(1_000)
    again = text_in_form((folder / "workload.toml").read_text(), "rising")
    assert again == text_in_form(BASE + FORMS, "rising")
    written(folder, text_in_form(BASE + FORMS, "gone"))
    with pytest.raises(UsageError, match="no form 'gone'"):
        load_named("orders")


def test_forms_are_compared_by_what_they_declare() -> None:
    slow = declared_terms(text_in_form(BASE + FORMS, "slow"))
    base = declared_terms(BASE + FORMS)
    assert base == declared_terms(BASE)  # forms that are not meant change nothing
    differing = {key for key in slow | base if slow.get(key) != base.get(key)}
    assert differing == {
        "title",
        "input.rate",
        "input.fields.item.choice",
        "query.window.tumbling",
        "query.window.hopping",
        "query.window.every",
        "query.select.items",
    }


def test_what_is_no_table_changes_nothing() -> None:
    for forms in ("forms = 3", "forms = { slow = 3 }", "forms = { slow = { input = 3 } }"):
        data = tomllib.loads(f'form = "slow"\n{forms}\n{BASE}')
        assert effective(data).keys() >= {"title", "query"}


def test_validate_looks_at_all_forms(folder: Path) -> None:
    done = CliRunner().invoke(app, ["validate", "orders"])
    assert done.exit_code == 0, done.output
    for name in ("orders", "orders:slow", "orders:rising"):
        assert f"{name} is sound" in done.output
    written(folder, f'{BASE}{FORMS}[forms.bad]\nquery = {{ where = "shop = 1" }}\n')
    done = CliRunner().invoke(app, ["validate", "orders"])
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit | UsageError)
    assert CliRunner().invoke(app, ["validate", "orders:slow"]).exit_code == 0


def test_workloads_lists_forms_and_sources(folder: Path) -> None:
    written(folder, BASE.replace("[input]", 'source = "a shop, CC0"\n[input]', 1) + FORMS)
    done = CliRunner().invoke(app, ["workloads", "--json"])
    (orders,) = (each for each in json.loads(done.stdout) if each["name"] == "orders")
    assert orders["forms"] == ["orders:slow", "orders:rising"]
    assert orders["source"] == "a shop, CC0"
