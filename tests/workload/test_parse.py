from __future__ import annotations

import re
from pathlib import Path

import pytest

from streambench.model.errors import UsageError
from streambench.model.expression import DecimalType, FieldReference, FieldType, ValueType
from streambench.model.field_source import Choice, IntRange
from streambench.model.shape import Bursts, Ramp, Shape, Sine, Steps, mean_per_s
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import Replay, Synthetic, TimeColumn, Workload
from streambench.workload.durations import parse_duration, show_duration
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

CLICKS = (shipped_root() / "clicks" / "workload.toml").read_text(encoding="utf-8")
FLIGHTS = (shipped_root() / "flights" / "workload.toml").read_text(encoding="utf-8")


def parsed(folder: Path, text: str) -> Workload:
    (folder / "workload.toml").write_text(text, encoding="utf-8")
    return load_workload(folder)


def refusal(folder: Path, text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parsed(folder, text)
    assert str(folder / "workload.toml") in caught.value.message
    return caught.value


PYDANTICS_OWN = re.compile(
    r"input should|valid (integer|string|tuple|list|dict)|instance of|tuple|extra inputs|field required"
    r"|pydantic|constrained|(int|string|list|tuple|dict|model)_type|dictionary",
    re.IGNORECASE,
)


def assert_plain(error: UsageError) -> None:
    """Nothing in a refusal is a term of the library that checks."""
    assert PYDANTICS_OWN.search(f"{error.message} {error.hint}") is None, error.message


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_the_shipped_clicks_is_what_the_design_says() -> None:
    clicks = load_workload(shipped_root() / "clicks")
    assert clicks.name == "clicks"
    assert clicks.input == Synthetic(rate_per_s=20_000, disorder_ms=50)
    assert (clicks.partitions, clicks.quantum_ms) == (4, 5)
    campaign, action, price = clicks.fields
    assert campaign.source == Choice(tuple(f"c{i}" for i in range(1_000)), 0.8)
    assert action.source == Choice(("view", "click", "purchase"), 0.0)
    assert (price.type, price.source) == (FieldType.BIGINT, IntRange(1, 500))
    query = clicks.query
    assert query.group_by == (FieldReference("campaign", FieldType.STRING),)
    assert (query.window, query.grace_ms) == (Tumbling(500), 100)
    assert [a.alias for a in query.aggregates] == ["views", "revenue", "cheapest", "dearest"]
    assert not clicks.late_records_possible


@pytest.mark.parametrize(
    ("written", "window"),
    [
        ('tumbling = "1 h", offset = "90 min"', Tumbling(3_600_000, 1_800_000)),
        ('hopping = "10 s", every = "2 s"', Hopping(10_000, 2_000)),
        ('hopping = "10 s", every = "3 s", offset = "7 s"', Hopping(10_000, 3_000, 1_000)),
        ('hopping = "10 s", every = "10 s"', Tumbling(10_000)),
        ('tumbling = "100 d"', Tumbling(8_640_000_000)),
        ('session = "30 min"', Sessions(1_800_000)),
    ],
)
def test_windows_are_read(tmp_path: Path, written: str, window: Window) -> None:
    text = changed(CLICKS, 'tumbling = "500 ms"', written)
    (tmp_path / "workload.toml").write_text(text)
    assert load_workload(tmp_path).query.window == window


def test_the_shipped_flights_replays_its_file_in_order_of_departure() -> None:
    flights = load_workload(shipped_root() / "flights")
    assert isinstance(flights.input, Replay)
    assert flights.input.arrival == TimeColumn("departed")
    assert flights.input.event_time == TimeColumn("scheduled")
    assert flights.input.path.is_file()
    assert "CC0" in flights.input.origin
    assert flights.query.window.shortest_ms / flights.input.speed_up >= 2_000
    assert flights.late_records_possible


def test_broken_toml_is_told_with_line_and_column(tmp_path: Path) -> None:
    error = refusal(tmp_path, 'title = "x"\n[input\n')
    assert "broken TOML" in error.message
    assert "line 2, column 7" in error.message


def test_toml_that_ends_too_soon_is_told_with_line_and_column(tmp_path: Path) -> None:
    assert "line 1, column 11" in refusal(tmp_path, "title = [1").message


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "workload.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(UsageError, match="byte 10 is not UTF-8"):
        load_workload(tmp_path)


def test_a_folder_without_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        load_workload(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("grace ", "grase ", "query.grase: unknown key; did you mean 'grace'?"),
        ("rate =", "rates =", "input.rates: unknown key; did you mean 'rate'?"),
        ("skew", "skews", "input.fields.campaign.skews: unknown key; did you mean 'skew'?"),
        (
            "disorder =",
            "disorders =",
            "input.time.disorders: unknown key; did you mean 'disorder'?",
        ),
        ("tumbling", "tumblin", "query.window.tumblin: unknown key; did you mean 'tumbling'?"),
        ("title = ", "titel = ", "titel: unknown key; did you mean 'title'?"),
        ('title = "Clicks per campaign"\n', "", "title: this key is missing"),
        ("20_000", "0", "input.rate: 0 is not a whole number from 1 to 5,000,000"),
        ("20_000", "6_000_000", "input.rate: 6000000 is not a whole number from"),
        ("20_000", '"many"', "input.rate: 'many' is not a whole number from 1 to 5,000,000"),
        ('"500 ms"', '"500 miles"', "query.window.tumbling: '500 miles' is not a duration"),
        ('"500 ms"', "500", "query.window.tumbling: a duration is a text"),
        ('"500 ms"', '"0 ms"', "query.window.tumbling: '0 ms' is not a duration above 0"),
        ('tumbling = "500 ms"', "", "query.window: give one of tumbling, hopping and session"),
        (
            '"500 ms"',
            '"500 ms", hopping = "1 s"',
            "query.window: give one of tumbling, hopping and session",
        ),
        ('tumbling = "500 ms"', 'hopping = "1 s"', "query.window: hopping windows have a length"),
        ('"500 ms"', '"500 ms", every = "1 s"', "query.window: hopping windows have a length"),
        ('tumbling = "500 ms"', 'session = "1 s", offset = "1 s"', "a session has its gap alone"),
        (
            'tumbling = "500 ms"',
            'hopping = "1 s", every = "1.001 s"',
            "query.window: events between two windows would be in none",
        ),
        (
            "{ int = [1, 500] }",
            "{ int = [500, 1] }",
            "input.fields.price: the range [500, 1] is empty",
        ),
        (
            "{ int = [1, 500] }",
            "{ int = [0, 500], by_magnitude = true }",
            "input.fields.price: by_magnitude belongs to int, of numbers of at least 1",
        ),
        (
            "{ int = [1, 500] }",
            "{ double = [1.0, 2.0], by_magnitude = true }",
            "input.fields.price: by_magnitude belongs to int",
        ),
        (
            "{ int = [1, 500] }",
            "{ growing = { new = 1, per = 46 } }",
            "input.fields.price.growing.among: this key is missing",
        ),
        (
            "{ int = [1, 500] }",
            "{ growing = { new = 1, per = 0, among = 5 } }",
            "input.fields.price.growing.per: ",
        ),
        (
            'disorder = "50 ms"',
            'disorder = "50 ms"\ntail = { share = 0.1, to = "40 ms" }',
            "input.time: the tail goes on from the disorder",
        ),
        (
            'disorder = "50 ms"',
            'disorder = "0 s"\ntail = { share = 0.1, to = "40 ms", pareto = 1.2 }',
            "input.time: a Pareto tail begins at the disorder",
        ),
        (
            'disorder = "50 ms"',
            'disorder = "50 ms"\ntail = { share = 0.0, to = "1 s" }',
            "input.time.tail.share: ",
        ),
        (
            "{ int = [1, 500] }",
            "{}",
            "input.fields.price: give one of choice, int, growing, decimal, double",
        ),
        (
            "{ int = [1, 500] }",
            "{ int = [1, 2], bool = 0.5 }",
            "input.fields.price: give one of choice, int, growing, decimal, double, timestamp and bool",
        ),
        (
            "{ int = [1, 500] }",
            "{ bool = 1.5 }",
            "input.fields.price.bool: 1.5 is not a number from 0 to 1",
        ),
        ("{ int = [1, 500] }", "{ decimal = [2.5, 0.1] }", "the range [2.5, 0.1] is empty"),
        ("{ int = [1, 500] }", "{ decimal = [0.0, 1e15] }", "is too wide; at most 2^32 values"),
        (
            "{ int = [1, 500] }",
            "{ decimal = [0.125, 1.0], scale = 2 }",
            "input.fields.price: the range has 3 digits behind the point, more than its scale",
        ),
        ("{ int = [1, 500] }", "{ int = [1, 5], scale = 2 }", "scale belongs to decimal"),
        ("{ int = [1, 500] }", "{ decimal = [0.1, inf] }", "input.fields.price"),
        ("{ int = [1, 500] }", "{ double = [0.1, nan] }", "input.fields.price"),
        ("{ int = [1, 500] }", "{ double = [0.1, 2], skew = 1.0 }", "prefix and skew belong to"),
        ("{ int = [1, 500] }", '"bigint"', "input.fields.price: a generated field is"),
        ("{ int = [1, 500] }", "{ int = [0, 4_294_967_296] }", "too wide"),
        ('["view", "click", "purchase"]', '["a", "a"]', "input.fields.action: a list of choices"),
        ("1_000,", "0,", "input.fields.campaign.choice: 0 is not a whole number of texts"),
        ("price    =", "Price =", "input.fields.Price: a name is lower-case"),
        ("price    =", "class =", "input.fields.class: the name is a keyword"),
        (
            "price    =",
            "window_time =",
            "input.fields.window_time: the name is used by streambench",
        ),
        ("price    =", "event_ms =", "input.fields.event_ms: the name is used by streambench"),
        ('["campaign"]', '["campain"]', "query.group_by: unknown field 'campain'; did you mean"),
        ('["campaign"]', "[]", "query.group_by: "),
        ('["campaign"]', '["action", "action"]', "query.group_by: 'action' stands there twice"),
        ('["campaign"]', '["views", "campaign"]', "query.group_by: unknown field 'views'"),
        (
            "action = 'view'",
            "acton = 'view'",
            "query.where: \"acton = 'view'\" names an unknown column",
        ),
        (
            "count(*)",
            "sum(action)",
            "query.select.views: 'sum(action)' uses, at position 5, a string",
        ),
        ("views ", "campaign ", "query.select.campaign: an aggregate cannot have the name"),
        ("rate =", "speed_up = 2\nrate =", "no meaning where the input is generated"),
    ],
)
def test_each_mistake_is_told_by_its_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    error = refusal(tmp_path, changed(CLICKS, old, new))
    assert message in error.message
    assert re.search(r"line \d+, column \d+: ", error.message)
    assert error.hint
    assert "validate" not in error.hint, "who validates is not told to validate"
    assert_plain(error)


LET = """[query.let]
high  = "price > 100"
twice = "price * 2"
[query.select]
dear    = "count(*) filter (where high)"
"""


def test_expressions_get_names_and_groups_a_condition(tmp_path: Path) -> None:
    text = changed(CLICKS, "[query.select]\n", LET)
    text = changed(text, "\"action = 'view'\"", "\"action = 'view' and not high\"")
    query = parsed(tmp_path, text + 'all = "sum(twice)"\n').query
    plain = changed(CLICKS, "[query.select]\n", LET.replace("where high", "where price > 100"))
    plain = changed(plain, "\"action = 'view'\"", "\"action = 'view' and not price > 100\"")
    assert query == parsed(tmp_path, plain + 'all = "sum(price * 2)"\n').query


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("high  =", "price =", "query.let.price: an expression cannot have the name of a field"),
        ("high  =", "High =", "query.let.High: a name is lower-case"),
        ("price > 100", "prise > 100", "query.let.high: 'prise > 100' names an unknown column"),
        ("price * 2", "high * 2", "query.let.twice: 'high * 2' uses"),
        ('"price > 100"', '"twice > 1"', "query.let.high: 'twice > 1' names an unknown column"),
        ('["campaign"]', '["high"]', "query.group_by: 'high' is of `let`"),
        ("grace ", 'having = "dear > price"\ngrace ', "query.having: 'dear > price' names an"),
    ],
)
def test_each_mistake_in_named_expressions_is_told(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = changed(changed(CLICKS, "[query.select]\n", LET), old, new)
    assert message in refusal(tmp_path, text).message


@pytest.mark.parametrize(
    ("written", "type_"),
    [
        ("boolean", FieldType.BOOLEAN),
        ("double", FieldType.DOUBLE),
        ("decimal(10,2)", DecimalType(10, 2)),
        ("decimal(18, 18)", DecimalType(18, 18)),
    ],
)
def test_a_replayed_field_has_any_type(tmp_path: Path, written: str, type_: ValueType) -> None:
    text = changed(FLIGHTS, 'distance = "bigint"', f'distance = "bigint"\nother = "{written}"')
    assert parsed(tmp_path, text).field("other").type == type_


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "integer",
            "'integer' is no type; there are string, bigint, boolean, double, timestamp and",
        ),
        ("decimal", "'decimal' is no type"),
        ("decimal(19,2)", "'decimal(19,2)' cannot be: a field has up to 18 digits"),
        ("decimal(2,3)", "no more behind the point than at all"),
        ("decimal(0,0)", "cannot be"),
    ],
)
def test_a_type_that_there_is_not_is_refused(tmp_path: Path, written: str, message: str) -> None:
    text = changed(FLIGHTS, '"bigint"', f'"{written}"')
    assert message in refusal(tmp_path, text).message


def test_nobody_groups_by_a_double(tmp_path: Path) -> None:
    text = changed(
        changed(CLICKS, "{ int = [1, 500] }", "{ double = [0.0, 1.0] }"), '"campaign"', '"price"'
    )
    text = text.replace('revenue  = "sum(price)"\n', "")
    assert "query.group_by: 'price' is a double" in refusal(tmp_path, text).message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("arrival    =", "arival =", "input.arival: unknown key; did you mean 'arrival'?"),
        (
            "speed_up   = 1_800",
            "rate = 3",
            "input.rate: this key has no meaning where the input replays",
        ),
        ('"bigint"', '"float"', "input.fields.distance"),
        ("2013-07-02T08:00:00Z", '"tomorrow"', "input.end: 'tomorrow' is not a date"),
        ("2013-07-02T08:00:00Z", "2013-06-01", "input.end: 2013-06-01 is not after"),
        ("= 1_800", "= 0", "input.speed_up: "),
    ],
)
def test_each_mistake_in_a_replay_is_told_by_its_key(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert message in refusal(tmp_path, changed(FLIGHTS, old, new)).message


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [("50 ms", 50), ("1 s", 1_000), ("1.5s", 1_500), ("15 min", 900_000), ("1 h", 3_600_000)],
)
def test_durations_are_read(text: str, duration_ms: int) -> None:
    assert parse_duration(text) == duration_ms
    assert parse_duration(show_duration(duration_ms)) == duration_ms


@pytest.mark.parametrize("text", ["", "5", "ms", "-1 s", "0.5 ms", "1 year", "1 s 2"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ("{ ramp = [5_000, 40_000] }", Ramp(5_000, 40_000)),
        ("{ steps = [5_000, 10_000, 20_000] }", Steps((5_000, 10_000, 20_000))),
        (
            '{ sine = { mean = 20_000, swing = 15_000, period = "60 s" } }',
            Sine(20_000, 15_000, 60_000),
        ),
        (
            '{ bursts = { base = 1_000, peak = 9_000, every = "10 s", lasts = "1 s" } }',
            Bursts(1_000, 9_000, 10_000, 1_000),
        ),
    ],
)
def test_a_shape_stands_in_place_of_a_rate(tmp_path: Path, written: str, shape: Shape) -> None:
    loaded = parsed(tmp_path, changed(CLICKS, "rate = 20_000", f"shape = {written}")).input
    assert isinstance(loaded, Synthetic)
    assert loaded.shape == shape
    assert loaded.rate_per_s == mean_per_s(shape)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("rate = 5\nshape = { ramp = [1, 2] }", "either rate or shape"),
        ("shape = { ramp = [1, 2], steps = [1, 2] }", "give one of"),
        ("shape = { steps = [5_000] }", "two rates or more"),
        ('shape = { sine = { mean = 1, swing = 2, period = "1 s" } }', "below nothing"),
        ("shape = 5", "a shape is"),
        ("shape = { ram = [1, 2] }", "did you mean 'ramp'"),
    ],
)
def test_a_shape_that_is_none_is_told(tmp_path: Path, written: str, said: str) -> None:
    assert said in refusal(tmp_path, changed(CLICKS, "rate = 20_000", written)).message
