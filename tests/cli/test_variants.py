"""Variants as they are asked for on the command line, and what a run of several of them is."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from streambench.cli.main import app
from streambench.experiment.build import Options, make_request
from streambench.experiment.request import Request
from streambench.model.errors import UsageError
from streambench.model.plan import Origin, Plan


def request(engines: tuple[str, ...], *settings: str) -> Request:
    return make_request(Options(engines=engines, settings=settings, faults=()))


def test_variants_of_one_engine_are_contenders_of_their_own() -> None:
    contenders = request(("flink", "flink:adaptive", "spark")).contenders
    assert [c.variant.label for c in contenders] == ["flink", "flink:adaptive", "spark"]
    titles = ["Apache Flink", "Apache Flink, adaptive scheduler", "Spark Structured Streaming"]
    assert [c.title for c in contenders] == titles
    assert len({c.variant.folder for c in contenders}) == 3
    assert contenders[0].plan != contenders[1].plan


def test_a_setting_is_for_all_variants_of_its_engine() -> None:
    made = request(("flink", "flink:adaptive", "spark"), "flink:heartbeat.interval=700 ms")
    for contender in made.contenders:
        plan = contender.plan
        assert isinstance(plan, Plan)
        users = {(s.name, s.value) for s in plan.settings if s.origin is Origin.USER}
        flink = contender.engine.name == "flink"
        assert users == ({("heartbeat.interval", "700 ms")} if flink else set())


@pytest.mark.parametrize(
    ("engines", "settings", "said"),
    [
        (("flink:adaptve",), (), "did you mean 'adaptive'"),
        (("spark",), ("flink:heartbeat.interval=1 s",), "not run"),
        (("flink", "flink:adaptive"), ("flink:adaptive:heartbeat.interval=1 s",), "all variants"),
    ],
)
def test_what_cannot_be_is_refused(
    engines: tuple[str, ...], settings: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        request(engines, *settings)


def test_the_list_of_engines_has_the_variants_and_what_they_are() -> None:
    listed = json.loads(CliRunner().invoke(app, ["engines", "--json"]).stdout)
    (flink,) = (engine for engine in listed if engine["name"] == "flink")
    (adaptive,) = (each for each in flink["variants"] if each["name"] == "flink:adaptive")
    assert adaptive["settings"]["jobmanager.scheduler"] == "adaptive"
    shown = CliRunner().invoke(app, ["engines"]).stdout
    for engine in listed:
        assert all(each["name"] in shown for each in engine["variants"])


def test_the_plan_of_a_variant_is_explained() -> None:
    done = CliRunner().invoke(app, ["explain", "clicks", "-e", "flink:adaptive", "--json"])
    settings = {(s["name"], s["origin"]) for s in json.loads(done.stdout)["settings"]}
    assert ("jobmanager.scheduler", "variant") in settings
