"""What engines are given to join records with small tables, and that Java and Python find the same."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streambench.engines.common.lookup_tables import json_tables, text_tables
from streambench.engines.common.query_module import QueryProgram, load_query
from streambench.engines.common.symbols import fill, symbols_in
from streambench.engines.flink import ENGINE as FLINK
from streambench.engines.flink.lookups import pack_functions
from streambench.engines.kafka_streams.source import JsonParser
from streambench.engines.registry import CONTENDERS, engine_named
from streambench.model.conditions import Conditions, ForeignCluster, ForeignKafka, Variant
from streambench.model.plan import Plan, Program
from streambench.model.workload import Workload
from streambench.runtime.artifacts import resolve
from streambench.workload.parse import load_workload
from tests.engines.cluster_lab import CLICKS
from tests.engines.hard_workloads import NAMES as NAMES_OF_ALL
from tests.engines.java_lab import run_java
from tests.engines.sql_lab import SPARK_SQL, run_script
from tests.oracle.test_lookups import joined
from tests.workload.looked_up import write_looked_up

HARNESS = """
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;

class Harness {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in, StandardCharsets.UTF_8).useDelimiter("\\n");
        java.io.PrintStream out = new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8);
        while (in.hasNext()) {
            Event event = Lookups.join(Events.SERDE.deserializer().deserialize(
                "input", in.next().getBytes(StandardCharsets.UTF_8)));
            out.println("[" + String.join(",", json(event.campaign), json(event.region), event.budget + "",
                event.since + "", event.live + "", event.weight + "", event.tax + "") + "]");
        }
    }

    static String json(String text) {
        return text == null ? "null" : '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
"""
NAMES = ("campaign", "region", "budget", "since", "live", "weight", "tax")


@pytest.fixture
def workload(tmp_path: Path) -> Workload:
    (tmp_path / "asked").mkdir()
    write_looked_up(tmp_path / "asked")
    return load_workload(tmp_path / "asked")


def events() -> Iterator[dict[str, Any]]:
    """Ads and places that are in the tables, that are not, and none."""
    for ad in range(55):
        yield {"ad": f"ad{ad}", "place": ad % 13, "paid": Decimal("1.25")}
    yield {"ad": None, "place": 8, "paid": Decimal("0.00")}


def found_for(event: dict[str, Any]) -> list[Any]:
    whole = joined(event)
    return [whole[name] for name in NAMES]


def planned(name: str, workload: Workload) -> dict[str, Program]:
    engine = engine_named(name)
    plan = engine.plan(workload, Conditions(), Variant(engine.name, engine.version))
    assert isinstance(plan, Plan)
    return {program.name: program for program in plan.programs}


@pytest.mark.parametrize("parser", list(JsonParser), ids=lambda parser: parser.value)
def test_java_finds_what_the_tables_hold(
    tmp_path: Path, workload: Workload, parser: JsonParser
) -> None:
    given = [
        f'{{"ad":{json.dumps(e["ad"])},"place":{e["place"]},"paid":{e["paid"]}}}' for e in events()
    ]
    found = run_java(workload, parser, HARNESS, "\n".join(given), tmp_path, exact=Decimal)
    assert len(found) == len(given)
    for event, row in zip(events(), found, strict=True):
        assert row == found_for(event)


def python_program(workload: Workload, folder: Path) -> QueryProgram:
    """The Python consumer's program, with its tables beside it."""
    programs = planned("kafka-python", workload)
    for program in programs.values():
        (folder / program.name).parent.mkdir(exist_ok=True)
        if program.name == "query.py" or program.is_table:
            (folder / program.name).write_text(fill(program.text, {}), encoding="utf-8")
    return load_query(folder / "query.py")


def test_python_finds_what_the_tables_hold(tmp_path: Path, workload: Workload) -> None:
    query = python_program(workload, tmp_path)
    for event in events():
        given = dict(event)
        query.where(given)
        assert [given[name] for name in NAMES] == found_for(event)


def test_flink_looks_up_before_the_watermark_and_spark_before_the_filter(
    workload: Workload,
) -> None:
    flink = planned("flink", workload)["query.sql"].text
    assert "CREATE TEMPORARY FUNCTION `lookup_campaign` AS 'Lookups$campaign'" in flink
    assert "  `paid` DECIMAL(3,2),\n  `campaign` AS `lookup_campaign`(`ad`),\n" in flink
    assert flink.index("`region` AS") < flink.index("WATERMARK FOR")
    spark = planned("spark", workload)["query.py"].text
    assert 'spark.read.schema("`ad` STRING, `campaign` STRING, ' in spark
    joins = '.join(F.broadcast(ads_table), "ad", "left")\n    .join(F.broadcast(places_table), "place", "left")'
    assert f"{joins}\n    .where(" in spark
    assert "`campaign`" not in spark.split("from_json")[1].split(".join")[0]


@pytest.mark.parametrize("name", CONTENDERS)
def test_the_tables_travel_with_the_program(name: str, workload: Workload) -> None:
    programs = planned(name, workload)
    tables = [program for program in programs.values() if program.is_table]
    assert [table.name.partition(".")[0] for table in tables] == ["lookup/ads", "lookup/places"]
    assert [len(table.text.splitlines()) for table in tables] == [50, 10]
    assert not [p for p in planned(name, CLICKS).values() if p.is_table or "ookup" in p.name]


@pytest.mark.parametrize("written", [json_tables, text_tables])
def test_only_the_beginning_of_a_table_is_shown(workload: Workload, written: Any) -> None:
    ads, places = written(workload)
    assert places.shown == places.text
    assert ads.shown.splitlines()[:20] == ads.text.splitlines()[:20]
    assert ads.shown.splitlines()[20:] == ["… and 30 more rows"]


def test_a_table_may_say_what_is_a_symbol_elsewhere(workload: Workload) -> None:
    ads, _ = text_tables(workload)
    assert "ad7\t${job_dir}\t" in fill(ads.text, {})
    assert "ad4\tt\\tb\t" in ads.text
    assert "ad6\tl\\nf\t" in ads.text
    assert "ad8\t\\\\N\t" in ads.text
    assert "ad3\t\\N\t" in ads.text


BY_OTHERS = """
title = "Joined by a decimal, a boolean and a number"
[input]
rate = 1_000
[input.fields]
paid = { decimal = [0.00, 9.99], null = 0.1 }
card = { bool = 0.5 }
user = { int = [0, 99] }
[query.lookup.prices]
file = "prices.csv"
on = { paid = "price" }
columns = { campaign = "string" }
[query.lookup.cards]
file = "cards.csv"
on = { card = "by_card" }
columns = { region = "string", tax = "decimal(3,1)" }
[query.lookup.users]
file = "users.csv"
on = { user = "id" }
columns = { budget = "decimal(4,0)", since = "bigint", live = "boolean", weight = "double" }
[query]
group_by = ["campaign"]
window = { tumbling = "1 s" }
[query.select]
n = "count(distinct region)"
a = "sum(tax + budget + since)"
b = "sum(weight) filter (where live)"
"""


@pytest.fixture
def by_others(tmp_path: Path) -> Workload:
    place = tmp_path / "others"
    place.mkdir()
    (place / "workload.toml").write_text(BY_OTHERS)
    (place / "prices.csv").write_text("price,campaign\n1.5,cheap\n2.00,fair\n")
    (place / "cards.csv").write_text("by_card,region,tax\ntrue,near,0.5\nFALSE,far,-2\n")
    (place / "users.csv").write_text("id,budget,since,live,weight\n7,12,-1,true,0.125\n8,,,,\n")
    return load_workload(place)


OTHERS = (
    ('{"paid":1.50,"card":true,"user":7}', ["cheap", "near", 12, -1, True, Decimal("0.125"), Decimal("0.5")]),
    ('{"paid":2.00,"card":false,"user":8}', ["fair", "far", None, None, None, None, -2]),
    ('{"paid":null,"card":false,"user":9}', [None, "far", None, None, None, None, -2]),
    ('{"paid":1.51,"card":true,"user":70}', [None, "near", None, None, None, None, Decimal("0.5")]),
)  # fmt: skip


@pytest.mark.parametrize("parser", list(JsonParser), ids=lambda parser: parser.value)
def test_java_looks_up_by_numbers_and_flags(
    tmp_path: Path, by_others: Workload, parser: JsonParser
) -> None:
    given = "\n".join(event for event, _ in OTHERS)
    found = run_java(by_others, parser, HARNESS, given, tmp_path, exact=Decimal)
    assert found == [row for _, row in OTHERS]


def test_python_looks_up_by_numbers_and_flags(tmp_path: Path, by_others: Workload) -> None:
    query = python_program(by_others, tmp_path)
    for event, row in OTHERS:
        read = json.loads(event, parse_float=query.PARSE_FLOAT)
        query.where(read)
        assert [read[name] for name in NAMES] == row


@pytest.mark.parametrize("half", [0, 1])
def test_columns_of_any_name_compile(tmp_path: Path, half: int) -> None:
    """Each is a class of Java, a function of Flink and a field of an event."""
    middle = len(NAMES_OF_ALL) // 2
    names = NAMES_OF_ALL[middle:] if half else NAMES_OF_ALL[:middle]
    columns = ", ".join(f'{name} = {{ column = "v", type = "bigint" }}' for name in names)
    where = " and ".join(f'"{name}" >= 1' for name in names)
    place = tmp_path / "asked"
    place.mkdir()
    (place / "t.csv").write_text("id,v\nkey1,1\n")
    (place / "workload.toml").write_text(
        f'title = "Hard"\n[input]\nrate = 100\n[input.fields]\nkey = {{ choice = 9 }}\n'
        f'[query.lookup.{names[0]}]\nfile = "t.csv"\non = {{ key = "id" }}\ncolumns = {{ {columns} }}\n'
        f'[query]\nwhere = \'{where}\'\ngroup_by = ["key"]\nwindow = {{ tumbling = "1 s" }}\n'
        'select = { n_of_all = "count(*)" }\n'
    )
    workload = load_workload(place)
    compile(planned("spark", workload)["query.py"].text, "query.py", "exec")
    harness = (
        "class Harness { public static void main(String[] args) { Lookups.join(new Event()); } }"
    )
    assert run_java(workload, JsonParser.FLAT, harness, "", tmp_path) == []
    flink = resolve(FLINK.requires(Variant("flink", FLINK.version)))
    assert flink.site_packages is not None
    job = SimpleNamespace(job_dir=tmp_path / "job", artifacts=flink)
    programs = planned("flink", workload)
    for name, program in programs.items():
        (job.job_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (job.job_dir / name).write_text(
            fill(program.text, dict.fromkeys(symbols_in(program.text), "")), encoding="utf-8"
        )
    home = {"flink_home": str(flink.site_packages / "pyflink")}
    pack_functions(SimpleNamespace(programs=tuple(programs.values()), symbols=home), job)  # type: ignore[arg-type]
    with zipfile.ZipFile(job.job_dir / "lookups.jar") as jar:
        assert {f"Lookups${name}.class" for name in names} <= set(jar.namelist())
        assert f"lookup/{names[0]}.tsv" in jar.namelist()


def _tables_of_spark(workload: Workload, clusters: tuple[ForeignCluster, ...]) -> str:
    """The part of Spark's program that makes the tables."""
    engine = engine_named("spark")
    there = None if not clusters else ForeignKafka("kafka.example:9092")
    conditions = Conditions(foreign_kafka=there, foreign_clusters=clusters)
    plan = engine.plan(workload, conditions, Variant(engine.name, engine.version))
    assert isinstance(plan, Plan)
    (text,) = (each.text for each in plan.programs if each.name == "query.py")
    return text.partition("records = (")[0]


_BOTH_TABLES = """
import json, os, sys

os.environ["PYSPARK_PYTHON"] = "/nowhere/python"  # what needs one at the executors fails
from pyspark.sql import SparkSession

builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.log.level", "ERROR")
spark = builder.getOrCreate()
found = []
for text in json.load(open(sys.argv[1])):
    known = {"spark": spark}
    exec(text, known)
    tables = sorted(name for name in known if name.endswith("_table"))
    found.append({name: sorted(map(str, known[name].collect())) for name in tables})
json.dump(found, open(sys.argv[2], "w"))
spark.stop()
"""


@pytest.mark.engine
@pytest.mark.no_load
def test_executors_elsewhere_get_the_same_tables_without_a_file(
    workload: Workload, tmp_path: Path
) -> None:
    elsewhere = ForeignCluster("spark", "spark://master.example:7077", "hdfs://files.example/bench")
    texts = [_tables_of_spark(workload, clusters) for clusters in ((), (elsewhere,))]
    assert "spark.read" in texts[0]
    assert "spark.read" not in texts[1]
    for program in json_tables(workload):
        (tmp_path / program.name).parent.mkdir(exist_ok=True)
        (tmp_path / program.name).write_text(program.text, encoding="utf-8")
    asked = [fill(each, {"job_dir": str(tmp_path)}) for each in texts]
    here, there = run_script(SPARK_SQL, _BOTH_TABLES, asked, tmp_path)
    assert here == there
    assert len(here) == len(workload.lookups)
    assert all(here.values())
