"""The schema for editors says what the models check, and knows every key with its words."""

from __future__ import annotations

import datetime
import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from streambench.cli.main import app
from streambench.workload import schema as models
from streambench.workload.json_schema import workload_schema
from streambench.workload.key_places import key_names
from streambench.workload.key_words import WORDS, example_of
from streambench.workload.locate import shipped_root
from tests.workload.json_schema_check import wrong

PROJECT = Path(__file__).parent.parent.parent
KEPT = PROJECT / "docs" / "workload-schema.json"
SCHEMA = json.loads(workload_schema())
MODELS = [
    each
    for each in vars(models).values()
    if isinstance(each, type)
    and issubclass(each, BaseModel)
    and each.__module__ == models.__name__
    and not each.__name__.startswith("_")
]


def declared(text: str) -> Any:
    """A document as an editor's tool hands it to the schema."""

    def plain(value: Any) -> Any:
        match value:
            case dict():
                return {key: plain(each) for key, each in value.items()}
            case list():
                return [plain(each) for each in value]
            case datetime.date() | datetime.time():
                return value.isoformat()
            case _:
                return value

    return plain(tomllib.loads(text))


def said(text: str) -> list[str]:
    return list(wrong(declared(text), SCHEMA, SCHEMA))


def test_the_schema_in_the_docs_is_that_of_the_models() -> None:
    made = workload_schema()
    if os.environ.get("UPDATE_SNAPSHOTS"):
        KEPT.write_text(made, encoding="utf-8")
    assert KEPT.read_text(encoding="utf-8") == made


def test_the_command_prints_it() -> None:
    done = CliRunner().invoke(app, ["schema"])
    assert done.stdout == workload_schema()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_has_words_and_an_example_that_fits(model: type[BaseModel]) -> None:
    assert set(WORDS[model]) == set(key_names(model))
    properties = SCHEMA["definitions"].get(model.__name__, SCHEMA)["properties"]
    for name, words in WORDS[model].items():
        key = properties[name]
        assert key["description"].startswith(words.meaning)
        if "$ref" not in key and name not in ("input", "fields", "select"):
            assert list(wrong(declared(f"x = {words.example}")["x"], key, SCHEMA)) == []
        assert example_of(words) is not None


@pytest.mark.parametrize("name", sorted(each.name for each in shipped_root().iterdir()))
def test_what_is_shipped_fits_and_names_the_schema_in_its_first_line(name: str) -> None:
    file = shipped_root() / name / "workload.toml"
    text = file.read_text(encoding="utf-8")
    assert said(text) == []
    marked, _, path = text.splitlines()[0].partition(" ")
    assert marked == "#:schema"
    assert (file.parent / path).resolve() == KEPT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rate = 20_000", "rates = 20_000"),
        ("rate = 20_000", "rate = 0"),
        ("rate = 20_000", 'rate = "20k"'),
        ("rate = 20_000", "rate = 5\nshape = { ramp = [1, 2] }"),
        ("skew = 0.8", "skew = 80"),
        ("{ int = [1, 500] }", "{ int = [1] }"),
        ("{ int = [1, 500] }", '{ int = [1, 2], choice = ["a"] }'),
        ('"500 ms"', '"500 miles"'),
        ('"500 ms"', "500"),
        ("tumbling", "hopping"),
        ("tumbling", "sliding"),
        ('{ tumbling = "500 ms" }', '{ tumbling = "500 ms", session = "1 s" }'),
        ('["campaign"]', "[]"),
        ("{ int = [1, 500] }", "{ bool = 1.5 }"),
        ("{ int = [1, 500] }", "{ double = [0.5] }"),
        ("{ int = [1, 500] }", "{ int = [1, 500], null = 1 }"),
        ("{ int = [1, 500] }", "{ int = [1, 500], null = true }"),
        ("[query.select]", "having = 3\n[query.select]"),
        ("[query.select]", "let = { dear = 3 }\n[query.select]"),
        ("[query.select]", "[query.selekt]"),
        ("title =", "name ="),
    ],
)
def test_what_is_refused_does_not_fit(old: str, new: str) -> None:
    text = (shipped_root() / "clicks" / "workload.toml").read_text(encoding="utf-8")
    assert old in text
    assert said(text.replace(old, new, 1)) != []


def test_only_keywords_of_draft_7_are_used() -> None:
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    text = workload_schema()
    for newer in ("$defs", "prefixItems", "unevaluated", 'type": "null"', "dependentRequired"):
        assert newer not in text
