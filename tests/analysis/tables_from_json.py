"""The figures of the terminal's tables, made from nothing but the JSON of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from streambench.model.metrics import BY_NAME
from streambench.model.numbers import (
    DASH,
    in_seconds,
    in_unit,
    number,
    optional,
    percent,
    three_digits,
)
from streambench.model.sweep import AxisName, value_words

Data = Mapping[str, Any]
Rows = list[list[str]]
CPU = "engine_cpu_s_per_million"


def tables_of(data: Data) -> list[Rows]:
    """Each table's rows, their columns of figures only."""
    result = data["result"]
    exactly = data["run"]["conditions"]["guarantee"] == "exactly-once"
    stem = "visible" if exactly else "delay"
    match result["kind"]:
        case "single":
            late = any(each["late_records"] for each in result["variants"])
            tables = [[late_row(each) for each in result["variants"]]] if late else []
            return [*tables, single_rows(result, stem)]
        case "sweep":
            return [sweep_rows(result, stem)]
        case "rate-search":
            return [[search_row(each, result["limit"], stem) for each in result["variants"]]]
        case "drain":
            return [[drain_row(each) for each in result["variants"]]]
        case other:
            raise AssertionError(other)


def single_rows(result: Data, stem: str) -> Rows:
    deadly = [fault for fault in result["recoveries"] if fault["fault"] != "burst"][:1]
    bursts = [fault for fault in result["recoveries"] if fault["fault"] == "burst"]
    after = [*((fault, late_time) for fault in deadly), *((each, worked_off) for each in bursts)]
    give_way = ("processed_per_s", "engine_memory_peak_bytes")[: len(after)]
    metrics = [
        name
        for name in ("processed_per_s", CPU, "engine_memory_peak_bytes")
        if name not in give_way
    ]
    rows = []
    for each in result["variants"]:
        delays = [labelled(each, f"{stem}_{tail}_ms") for tail in ("p50", "p99")]
        comebacks = [told(fault, by_variant(fault, each["variant"])) for fault, told in after]
        rest = [labelled(each, name) for name in metrics]
        rows.append([place(each), *delays, *comebacks, *rest])
    return rows


def by_variant(fault: Data, label: str) -> Data:
    (found,) = (each for each in fault["variants"] if each["variant"] == label)
    return dict(found)


def late_time(fault: Data, one: Data) -> str:
    median_ms = one["decides_ms"]["median"]
    if median_ms is None:
        return DASH
    bound = fault["late_times_are_upper_bounds"] and median_ms > 0
    return f"{'≤ ' if bound else ''}{in_seconds(median_ms)}"


def worked_off(_: Data, one: Data) -> str:
    median = one["worked_off_per_s"]["median"]
    return DASH if median is None else three_digits(median)


def late_row(each: Data) -> list[str]:
    late = next(iter(each["late_records"]), None)
    if late is None:
        return [DASH] * 5
    predicted = optional(late["predicted"])
    low, high = late["predicted_lowest"], late["predicted_highest"]
    if late["predicted"] is None and low is not None and high is not None:
        predicted = f"{number(low)}..{number(high)}"
    dropped, records = late["dropped"], late["records"]
    share = DASH if dropped is None else percent(dropped, records)
    return [optional(dropped), number(records), share, predicted, optional(late["own_counter"])]


def sweep_rows(result: Data, stem: str) -> Rows:
    rows = []
    names = (f"{stem}_p50_ms", f"{stem}_p99_ms", CPU)
    for point in result["points"]:
        values = [value_words(AxisName(axis), at) for axis, at in point["point"].items()]
        for index, each in enumerate(point["variants"]):
            shown = [""] * len(values) if index else values
            rows.append([*shown, *(labelled(each["result"], name) for name in names)])
    return rows


def search_row(each: Data, limit: Data | None, stem: str) -> list[str]:
    at_once = each["at_once_per_s"]
    within = [] if limit is None else [optional(each["within_limit_per_s"])]
    names = (f"{stem}_p50_ms", f"{stem}_p99_ms", CPU)
    confirmed = each["confirmed"]
    return [
        place(each),
        optional(each["lag_bounded_per_s"]),
        *within,
        DASH if at_once is None else number(round(at_once, -3)),
        *(DASH if confirmed is None else labelled(confirmed, name) for name in names),
    ]


def drain_row(each: Data) -> list[str]:
    rates: Sequence[float | None] = [each[f"{it}_per_s"] for it in ("cold", "warm", "peak")]
    return [
        place(each),
        optional(each["first_window_s"], 1),
        *(DASH if rate is None else three_digits(rate) for rate in rates),
        optional(each[CPU], 2),
    ]


def place(each: Data) -> str:
    rank = each["place"]["rank"]
    return DASH if rank is None else f"{rank}{'=' if each['place']['not_told_apart_from'] else ''}"


def labelled(each: Data, name: str) -> str:
    metric, figure = BY_NAME[name], each["metrics"][name]
    if figure["value"] is None:
        return DASH
    text = number(in_unit(figure["value"], metric.unit), metric.digits)
    some = len(figure["trials"]) < figure["trials_asked"]
    known = f" ({len(figure['trials'])}/{figure['trials_asked']})" if some else ""
    return f"{'max ' if figure['maximum_in_place'] else ''}{text}{known}"
