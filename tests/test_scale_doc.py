"""docs/scale.md holds what `plan` prints of a bundle that is shipped, and links that lead somewhere."""

from __future__ import annotations

import json
import re

import pytest

from tools import scale_page

PAGE = scale_page.PAGE.read_text(encoding="utf-8")


def test_every_block_is_what_its_command_prints() -> None:
    asked = scale_page.commands(PAGE)
    assert len(asked) == PAGE.count("```text") >= 2
    assert all("results/example-" in line for line in asked)
    assert scale_page.renewed(PAGE) == PAGE


@pytest.mark.parametrize("rate", ["1 M/s", "10 M/s", "100 M/s"])
def test_all_rates_are_there_for_all_engines(rate: str) -> None:
    (table,) = [each for each in PAGE.split("```text") if "--numbers" in each]
    heads = re.findall(r"^needed +(.+)$", table, re.MULTILINE)
    assert len(heads) == 4
    assert all(rate in head for head in heads)


def test_rates_that_were_borne_are_those_of_the_bundles() -> None:
    run = json.loads((scale_page.PROJECT / "results/example-find-rate/run.json").read_text())
    for search in run["searches"]:
        assert f"{search['lag_bounded_per_s']:,}" in PAGE, search["variant"]["engine"]
    steps = json.loads((scale_page.PROJECT / "results/example-rates/run.json").read_text())
    last = steps["capacity"]["steps"][-1]
    assert f"{last['player_cores']:.2f} and {last['broker_cores']:.2f} cores" in PAGE


def test_links_lead_to_files() -> None:
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (scale_page.PAGE.parent / link).exists(), link
