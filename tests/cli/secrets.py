"""A bundle whose every free text tells whose it is, and a search for that in everything that was written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from streambench.results.schema import run_from_data, trial_from_data

HOST, USER = "zz-lair", "zz-tessa"
ADDRESSES = "10.77.66.55 aa:bb:cc:dd:ee:77 fe80::77:66ff:fe55:1"
TELLING = (
    f"/home/{USER}/zz-project/zz.d/x ~/zz-dir '/Volumes/zz disk/zz old/x' {USER}@zz-mail.example "
    f"{USER} on {HOST}, pid 77@{HOST}, less /zzmnt/zz-logs/worker-0.log"
)
TRACES = ("zz-", "zz.d", "zz disk", "zzmnt", "77.66.55", "bb:cc:dd", "77:66ff")
# Names of ours, digests and instants; titles and names of workloads stay as a user wrote them.
KEPT = frozenset(
    {"title", "workload", "started_at", "made_at", "trace_sha256", "expectation", "engine", "scope"}
    | {"role", "phase", "stage", "kind", "language", "schema", "label", "planned"}
)
# Of these `name` and `version` are known names, too.
KEPT_IN = frozenset({"variant", "settings"})


def plant(bundle: Path) -> int:
    """Plant it in every string that may hold any text; how many those were."""
    planted = 0
    for file in (bundle / "run.json", *bundle.glob("trials/*/trial.json")):
        data = json.loads(file.read_text())
        read = run_from_data if file.name == "run.json" else trial_from_data
        for place in list(_texts(data, ())):
            planted += _planted(place, read, data)
        file.write_text(json.dumps(data))
    for log in bundle.glob("trials/*/logs/*"):
        log.write_text(TELLING)
    return planted


def traces_in(folder: Path, *more: str) -> list[str]:
    """Where anything of it, or of the texts in `more`, is found: file and text."""
    found = []
    for file in sorted(folder.rglob("*")):
        told = [str(file.relative_to(folder)), "" if file.is_dir() else _told(file)]
        found += [f"{file}: {trace}" for text in told for trace in traces(text, *more)]
    return found


def traces(text: str, *more: str) -> list[str]:
    """What a text tells."""
    return [trace for trace in (*TRACES, *more) if trace.lower() in text.lower()]


def _told(file: Path) -> str:
    if file.suffix == ".parquet":
        return json.dumps(pq.read_table(file).to_pylist(), default=str)
    return file.read_bytes().decode("utf-8", errors="replace")


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[Any, Any, str]]:
    """The places of all strings of a document that are not kept, each with what is planted there."""
    match value:
        case dict() | list():
            keys = list(value) if isinstance(value, dict) else list(range(len(value)))
            if len(path) > 1 and path[-2:] == ("settings", "settings"):
                keys = keys[1:]  # of a variant's setting the name
            for key in keys:
                name = key if isinstance(key, str) else path[-1]
                if isinstance(value[key], str) and not _kept(name, path):
                    yield value, key, USER if "titles" in path else _telling(path)
                elif not isinstance(value[key], str):
                    yield from _texts(value[key], (*path, name))


def _telling(path: tuple[str, ...]) -> str:
    """Four numbers with dots are a version where versions are."""
    return TELLING if {"versions", "environment"} & set(path) else f"{TELLING} {ADDRESSES}"


def _kept(name: str, path: tuple[str, ...]) -> bool:
    known = name in ("name", "version") and bool(path) and path[-1] in KEPT_IN
    return known or name in KEPT or "requirements" in path


def _planted(place: tuple[Any, Any, str], read: Callable[[Any], Any], data: Any) -> bool:
    """Whether a word of any kind may stand there: not where one of few is chosen."""
    holder, key, telling = place
    was = holder[key]
    holder[key] = f"{was} {telling}"
    try:
        read(data)
    except ValueError:
        holder[key] = was
        return False
    return True
