"""Symbols, settings and logs that the engines share."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.engines.common.jvm import gc_pauses
from streambench.engines.common.settings import defaults, overridden, rules, values
from streambench.engines.common.symbols import (
    UnknownSymbol,
    fill,
    fill_plan,
    literal,
    symbols_in,
)
from streambench.engines.common.variants import Asked
from streambench.model.plan import EventClock, Origin, Plan, ProcessPlan, Program, Role


def test_a_symbol_is_replaced_by_its_value() -> None:
    assert fill("${a}:${port:rest}/${a}", {"a": "x", "port:rest": "1"}) == "x:1/x"


def test_a_value_is_not_searched_for_symbols() -> None:
    assert fill("${a}", {"a": "${b}"}) == "${b}"


def test_an_unknown_symbol_is_an_error_that_names_it() -> None:
    with pytest.raises(UnknownSymbol, match=r"\$\{nowhere\}.*known are: a, b"):
        fill("${nowhere}", {"b": "", "a": ""})


@pytest.mark.parametrize("text", ["${a}", "$${a}", "$", "a ${ b }", "$$${x"])
def test_what_a_user_wrote_is_no_symbol(text: str) -> None:
    assert fill(literal(text), {}) == text
    assert not symbols_in(literal(text))


def test_a_plan_is_filled_everywhere_and_its_own_symbols_may_hold_others() -> None:
    plan = Plan(
        engine="e",
        version="1",
        event_clock=EventClock.PER_PARTITION,
        programs=(Program("q", "sql", "${home}"),),
        processes=(ProcessPlan("p", Role.WORKER, ("${home}/bin",), {"X": "${dir}"}),),
        settings=rules("s", {"n": "${dir}"}),
        symbols={"home": "${dir}/home"},
    )
    filled = fill_plan(plan, {"dir": "/d"})
    assert filled.programs[0].text == "/d/home"
    assert filled.processes[0].argv == ("/d/home/bin",)
    assert filled.processes[0].env == {"X": "/d"}
    assert filled.settings[0].value == "/d"


USERS = (Asked("a", "9", Origin.USER), Asked("c", "3", Origin.USER))


def test_a_setting_of_the_user_replaces_the_rule_and_says_so() -> None:
    made = overridden(rules("s", {"a": 1, "b": 2}), "s", USERS)
    assert values(made, "s") == {"a": "9", "b": "2", "c": "3"}
    assert [s.name for s in made if s.origin is Origin.USER] == ["a", "c"]


def test_a_restated_default_is_shown_but_not_set() -> None:
    assert values(defaults("s", {"a": 1}), "s") == {}


def test_pauses_of_all_processes_come_in_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "gc-1.log").write_text(
        "[2026-11-23T10:48:18.735+0000][0.003s] Using Serial\n"
        "[2026-11-23T10:48:18.735+0000][5.344s] GC(0) Pause Young (Allocation Failure) 41M->27M(54M) 1.500ms\n"
        "[2026-11-23T10:48:18.835+0000][5.444s] GC(1) Pause Full (Metadata GC Threshold) 97M->54M(365M) 20.250ms\n"
    )
    (tmp_path / "gc-2.log").write_text(
        "[2026-11-23T10:48:18.000+0000][1s] GC(0) Concurrent Mark 7.000ms\n"
        "[2026-11-23T10:48:18.800+0000][1s] GC(0) Pause Remark 3M->3M(4M) 0,250ms\n"
    )
    start_ms = 1_795_430_898_000.0
    assert gc_pauses(tmp_path) == (
        (start_ms + 735, 1.5),
        (start_ms + 800, 0.25),
        (start_ms + 835, 20.25),
    )


def test_without_a_log_pauses_are_unknown(tmp_path: Path) -> None:
    assert gc_pauses(tmp_path) is None
