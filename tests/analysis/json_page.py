"""The made parts of docs/report-json.md: a small example, and a line for each field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from streambench.analysis.published.document import RunAnalysis, SingleResult, analysis_of
from streambench.model.trial import Failed
from streambench.results.bundle import BundleWriter, read_bundle
from tests.report.example import RIGHT, RUN, completed, measures, trial

_SHOWN = ("delay_p50_ms", "delay_p99_ms", "engine_memory_peak_bytes", "gc_pause_ms")
_WIDTH = 200


def small_analysis(folder: Path) -> RunAnalysis:
    """Two variants, one of which failed; four metrics of each."""
    run = replace(RUN, planned=("kafka-streams", "flink"), warnings=())
    writer = BundleWriter.create(folder, run)
    figures = {name: measures(13, 28, 41)[name] for name in _SHOWN}
    writer.add_trial(completed(1, "kafka-streams", RIGHT, figures, warnings=()), {})
    died = Failed("load", "TaskManager 2 died (exit 137).")
    writer.add_trial(trial(2, "flink", died), {})
    analysis = analysis_of(read_bundle(writer.finish()))
    assert isinstance(analysis.result, SingleResult)
    variants = tuple(
        replace(each, metrics={name: each.metrics[name] for name in _SHOWN})
        for each in analysis.result.variants
    )
    return replace(analysis, result=replace(analysis.result, variants=variants))


def compact(value: Any, indent: int = 0) -> str:
    """JSON with everything on one line that fits there."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= _WIDTH or not isinstance(value, dict | list):
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(k)}: {compact(v, indent + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    items = [f"{pad}{compact(item, indent + 1)}" for item in value]
    return "[\n" + ",\n".join(items) + "\n" + " " * indent + "]"


def field_lines(schema: Mapping[str, Any]) -> Iterator[str]:
    """A heading for each object and a line for each of its fields, from the root on."""
    waiting = [schema["title"]]
    objects = {schema["title"]: schema, **schema["$defs"]}
    for name in waiting:
        each = objects[name]
        yield f"### {name}"
        yield ""
        told = all("description" in kept for kept in each["properties"].values())
        yield from _paragraphs(each.get("description", ""), 1 if told else None)
        for field, kept in each["properties"].items():
            said = kept.get("description", "")
            yield f"- `{field}` ({_type(kept, objects)})" + (f": {said}" if said else "")
            inner = [n for n in _names(kept) if "properties" in objects[n] and n not in waiting]
            waiting += inner
        yield ""


def _paragraphs(text: str, most: int | None) -> Iterator[str]:
    """The first paragraph of a docstring; all of it where the fields do not speak for themselves."""
    for paragraph in text.split("\n\n")[:most]:
        yield " ".join(paragraph.split())
        yield ""


def _names(schema: Any) -> Iterator[str]:
    """Every object that a field may hold, in order."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].removeprefix("#/$defs/")
        for key, value in schema.items():
            if key != "discriminator":
                yield from _names(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _names(item)


def _type(schema: Mapping[str, Any], objects: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"].removeprefix("#/$defs/"))
        values = objects[name].get("enum")
        return name if values is None else " or ".join(json.dumps(each) for each in values)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " or ".join(_type(each, objects) for each in choices)
    if "const" in schema:
        return json.dumps(schema["const"])
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema['items'], objects)}"
        case "object":
            return f"map to {_type(schema['additionalProperties'], objects)}"
        case kind:
            return str(kind)
