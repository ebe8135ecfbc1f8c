"""All that is wrong with a workload.toml is told at once, each with its place and the nearest name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streambench.model.errors import UsageError
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload
from tests.workload.test_parse import assert_plain

CLICKS = (shipped_root() / "clicks" / "workload.toml").read_text(encoding="utf-8")


def refusal(folder: Path, text: str) -> UsageError:
    (folder / "workload.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as told:
        load_workload(folder)
    assert_plain(told.value)
    return told.value


def lines(folder: Path, text: str) -> list[str]:
    error = refusal(folder, text)
    head, *found = error.message.splitlines()
    assert head == f"{folder / 'workload.toml'} has {len(found)} mistakes:"
    return [line.strip() for line in found]


A_DOZEN = """\
titel = "Clicks"

[input]
rates = "5k"
partitions = 0
[input.fields]
campaign = { choice = 1_000, prefix = "c", skews = 0.8 }
action   = { choice = ["view", 5] }
price    = { int = [1] }
Class    = { choice = 4 }
amount   = { float = [0, 1] }
[input.time]
disorder = "1e400 s"

[query]
where    = "campain = 'c1'"
group_by = ["campain"]
window   = { cumulate = "500 ms" }
grace    = 100
having   = "view > 3"
order_by = "views"
[query.select]
views    = "count(*)"
revenue  = "stddev(campaign)"
class    = "sum(campaign)"
"""


def test_a_dozen_mistakes_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    assert lines(tmp_path, A_DOZEN) == [
        "line 1, column 1: titel: unknown key; did you mean 'title'?",
        "line 4, column 1: input.rates: unknown key; did you mean 'rate'?",
        "line 4, column 1: input.rates: '5k' is not a whole number from 1 to 5,000,000",
        "line 5, column 1: input.partitions: 0 is not a whole number from 1 to 1,000",
        "line 7, column 44: input.fields.campaign.skews: unknown key; did you mean 'skew'?",
        "line 8, column 32: input.fields.action.choice[2]: a text is due here, not 5",
        "line 9, column 14: input.fields.price.int: [1] is not a list of two whole numbers",
        "line 10, column 1: input.fields.Class: a name is lower-case letters, digits and underscores, "
        "and begins with a letter",
        "line 11, column 14: input.fields.amount.float: 'float' is not supported; the nearest is "
        "{ double = [low, high] }",
        'line 13, column 1: input.time.disorder: \'1e400 s\' is not a duration; write "50 ms", "1 s", '
        '"15 min", "1 h" or "1 d"',
        "line 16, column 13: query.where: \"campain = 'c1'\" names an unknown column 'campain' at "
        "position 1; did you mean 'campaign'?",
        "line 17, column 1: query.group_by: unknown field 'campain'; did you mean 'campaign'?",
        "line 18, column 14: query.window.cumulate: 'cumulate' is not supported; the nearest is windows "
        "that follow each other, tumbling",
        'line 19, column 1: query.grace: a duration is a text such as "50 ms", "1 s", "15 min", "1 h" or "1 d"',
        "line 20, column 13: query.having: 'view > 3' names an unknown aggregate 'view' at position "
        "1; did you mean 'views'?",
        "line 21, column 1: query.order_by: 'order_by' is not supported; the nearest is select, every row "
        "of which is checked",
        "line 24, column 13: query.select.revenue: 'stddev(campaign)' uses, at position 1, stddev, "
        "which is that of a sample to some engines and that of a population to others; write stddev_pop or "
        "stddev_samp",
        "line 25, column 1: query.select.class: the name is a keyword of Java or Python",
        "line 25, column 17: query.select.class: 'sum(campaign)' uses, at position 5, a string where a "
        "number is due",
    ]


def test_the_hint_mends_the_first(tmp_path: Path) -> None:
    assert refusal(tmp_path, A_DOZEN).hint == "line 1: write title in place of titel"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # Of what comes of another mistake nothing is told.
        ("rate = 20_000 ", "rates = 20_000 ", ["input.rates: unknown key; did you mean 'rate'?"]),
        ("rate = 20_000 ", 'rate = "x" ', ["input.rate: 'x' is not a whole number from 1 to 5,000,000"]),
        ("{ int = [1, 500] }", "5", ["input.fields.price: a generated field is { choice = … }, { int = [low, high] }"]),
        ("campaign = {", "campaign = { int = [1, 2], ", ["input.fields.campaign: give one of choice, int, growing, decimal, double, timestamp and bool"]),
        ("rate = 20_000 ", "shape = { steps = [5] } ", ["input.shape: steps are two rates or more"]),
        ("window   = { tumbling = \"500 ms\" }", "window = \"500 ms\"", ["query.window: '500 ms' is not a table"]),
        ("group_by = [\"campaign\"]", "group_by = \"campaign\"", ["query.group_by: 'campaign' is not a list with the name of one field or more"]),
        ("[input.fields]", "[inputs.fields]", ["inputs: unknown key; did you mean 'input'?"]),
        ("group_by = [\"campaign\"]", "group_by = []", ["query.group_by: this is empty; a list with the name of one field or more is due"]),
        ("rate = 20_000 ", "shape = { steps = [] } ", ["input.shape: steps are two rates or more"]),
        ("[query.select]", "let = { dear = 3 }\nhaving = \"views > 1\"\n[query.select]\nsome = \"count(*) filter (where dear)\"", ["query.let.dear: a text is due here, not 3"]),
        ("[query.select]", "let = 3\n[query.select]\nsome = \"count(*) filter (where dear)\"", ["query.let: 3 is not a table of expressions"]),
        ("[query.select]", "let = { dear = \"prise > 3\" }\n[query.select]\nsome = \"count(*) filter (where dear)\"", ["query.let.dear: 'prise > 3' names an unknown column 'prise'"]),
        ("[query.select]", "having = \"some > 3\"\n[query.select]\nsome = \"sum(prise)\"", ["query.select.some: 'sum(prise)' names an unknown column 'prise'"]),
        ("[query.select]", "having = \"some > 3\"\n[query.select]\nsome = 3", ["query.select.some: a text is due here, not 3"]),
        # But what is wrong beside it is.
        ("rate = 20_000 ", "rate = 0\nshape = 5 ", ["input.rate: 0 is not", "input.shape: a shape is"]),
        ("skew = 0.8", "skew = 80", ["input.fields.campaign.skew: 80 is not a number from 0 to 10"]),
        ("skew = 0.8", "skew = nan", ["input.fields.campaign.skew: nan is not a number from 0 to 10"]),
    ],
)  # fmt: skip
def test_what_follows_from_a_mistake_is_not_told_as_another(
    tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    assert old in CLICKS
    message = refusal(tmp_path, CLICKS.replace(old, new, 1)).message
    for words in said:
        assert words in message
    if len(said) == 1 and "[inputs" not in new:
        assert "mistakes" not in message, message


def test_an_empty_file_lacks_everything(tmp_path: Path) -> None:
    found = lines(tmp_path, "")
    assert [line.partition(": ")[2] for line in found] == [
        "title: this key is missing",
        "input: this key is missing",
        "query: this key is missing",
    ]
    assert all(line.startswith("line 1, column 1: ") for line in found)


@pytest.mark.parametrize(
    "text",
    ["input = 5\nquery = []\ntitle = {}", "input.fields = 5", "[[input]]\n[[query]]", "[query]\nselect = 5"],
)  # fmt: skip
def test_what_is_no_table_is_told_as_such(tmp_path: Path, text: str) -> None:
    for line in lines(tmp_path, text):
        assert re.match(r"line \d+, column \d+: [\w.]+: .", line)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Clicks per campaign"', '"a\\u0000b"', "holds the character U+0000 at position 2"),
        ('"Clicks per campaign"', '"a\\nb"', "a title is one line"),
        ('"Clicks per campaign"', f'"{201 * "a"}"', "at most 200 characters, and this has 201"),
        ('"500 ms"', '"10000000 d"', "'10000000 d' is longer than 999 d"),
        ('"50 ms"', f'"1{30 * "0"} h"', "is not a duration"),
        ('"50 ms"', '"²5 ms"', "'²5 ms' is not a duration"),
        ('"50 ms"', '"٥٠ ms"', "is not a duration"),
        (
            'price    = { int = [1, 500] }',
            "\n".join(f"f{n} = {{ choice = 1 }}" for n in range(101)) + "\nprice = { int = [1, 500] }",
            "a record has at most 100 fields, and this has 104",
        ),
        (
            'views    = "count(*)"',
            "\n".join(f'n{n} = "count(*)"' for n in range(65)),
            "a query has at most 64 aggregates",
        ),
        (
            'views    = "count(*)"',
            "\n".join(f'n{n} = "sum({"price + " * 30}1)"' for n in range(20)),
            "together; at most 1,000 can be used",
        ),
        (
            "action = 'view'",
            f"price IN ({', '.join(map(str, range(201)))})",
            "has, from position 1 on, 201 constants in IN (…); at most 200 can be used",
        ),
        (
            'views    = "count(*)"',
            f'views = "count(*) filter (where price in ({", ".join(map(str, range(150)))}))"\n'
            f'more = "count(*) filter (where price in ({", ".join(map(str, range(150)))}))"',
            "query: the lists in IN (…) have 300 constants together; at most 200 can be used",
        ),
        ("action = 'view'", f"action = '{1001 * 'x'}'", "a string of 1,001 characters; at most 1,000"),
        ("action = 'view'", f"price = {5000 * '9'}", "the greatest is 9223372036854775807"),
        (
            "action = 'view'",
            f"{47 * '('}price = 1{47 * ')'}",
            "has, at position 47, 47 brackets within each other; at most 30 can be",
        ),
        ("action = 'view'", f"{2000 * '('}price = 1{2000 * ')'}", "2000 brackets within each other"),
        ("action = 'view'", f"{2000 * 'NOT '}price = 1", "too many operators within each other"),
        ("action = 'view'", f"{' + '.join(60 * ['price'])} = 1", "61 operators within each other"),
        ("action = 'view'", f"price = 1{500 * ' OR price = 1'}", "1,504 columns, constants and operators"),
        ("1_000,", f"{5000 * '9'},", "a number has more digits than any number here can have"),
        ("1_000,", f"0x{5000 * 'f'},", "a number of 6,0"),
    ],
)  # fmt: skip
def test_what_no_engine_can_bear_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in CLICKS
    error = refusal(tmp_path, CLICKS.replace(old, new, 1))
    assert said in error.message
    assert re.search(r"line \d+, column \d+: ", error.message)
    assert len(error.message) < 1_000
    assert error.hint
