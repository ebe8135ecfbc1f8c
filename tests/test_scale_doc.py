"""docs/scale.md holds what `plan` prints of a bundle that is shipped, and links that lead somewhere."""

from __future__ import annotations

import json
import re

import pytest

from streambench.analysis.scale.basis import basis_of
from streambench.results.bundle import read_bundle
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


def test_rates_of_the_curve_are_those_that_its_plan_goes_by() -> None:
    (row,) = [line for line in PAGE.splitlines() if "in a curve of doubles" in line]
    found = basis_of([read_bundle(scale_page.PROJECT / "results/example-rates")])
    told = {each.label: (each.borne, each.refused) for each in found.engines}
    for label, said in (
        ("flink", "Flink and Kafka Streams kept up with {:,.0f} events/s and not with {:,.0f}"),
        (
            "kafka-streams",
            "Flink and Kafka Streams kept up with {:,.0f} events/s and not with {:,.0f}",
        ),
        ("kafka-python", "the Python consumer with {:,.0f} and not with {:,.0f}"),
        ("spark", "Spark with {:,.0f} and not with {:,.0f}, and 160,000 was not decided"),
    ):
        borne, refused = told[label]
        assert borne is not None
        assert refused is not None
        assert said.format(borne.rate_per_s, refused.rate_per_s) in row, label


def test_figures_of_benchmarks_are_those_on_their_page() -> None:
    there = (scale_page.PROJECT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    pairs = re.findall(r"two processes [\d.]+ \(([\d.]+), ([\d.]+) and", there)
    assert len(pairs) == 2
    alone = {f"{float(one):.1f}" for one, _ in pairs}
    first, second = (f"{float(two):.1f}" for _, two in pairs)
    assert alone == {"5.5"}
    assert f"5.5 M records/s in each of two runs; two processes {first} and {second} M" in PAGE
    assert f"| {first} and {second} M records/s in two runs; the broker took 1.3 to 1.45" in PAGE
    for said, source in (
        ("send lag p99.9 0.44 ms, 0.10 core", "held; 0.44 ms, 0.10 core |"),
        ("0.46 to 0.54 M records/s each, 0.997 to 1.000", "0.997–1.000 (0.46–0.54 M records/s"),
        ("5.5 to 6.5 M records/s of 58 bytes; not more", "5.5 to 6.5 were reached"),
        ("not more than 7.5 M", "cannot pass 7.5 M records/s"),
        ("took 1.3 to 1.45 of the two cores", "used 1.3 to 1.45 of the two cores"),
    ):
        assert said in PAGE
        assert source in there


def test_runs_of_the_table_have_its_dates_machines_and_method() -> None:
    for name, begins in (
        ("example-rates", "| Player and broker without an engine |"),
        ("example-find-rate", "| One machine with an engine, confirmed"),
    ):
        run = read_bundle(scale_page.PROJECT / "results" / name).run
        (row,) = [line for line in PAGE.splitlines() if line.startswith(begins)]
        maker = run.environment["processor"].replace("(R)", "").removesuffix(" Processor")
        assert f"{run.started_at[:10]}, {maker}" in row
        assert run.environment["logical cores"] == "2"
        assert (f"version {run.method} of the method" in row) is (run.method == 1)


def test_links_lead_to_files() -> None:
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (scale_page.PAGE.parent / link).exists(), link
