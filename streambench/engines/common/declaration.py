"""One variant as a user declares it: `[ENGINE.NAME]` of a `variants.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from streambench.engines.common.secret_settings import secret_in, secret_words
from streambench.engines.protocol import Engine
from streambench.model.conditions import NamedVariant
from streambench.model.written import quoted
from streambench.workload.names import did_you_mean

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_KEY: Final = re.compile(r"[^\s=]+")
_MOST_BITS: Final = 64
_TITLE_LENGTH: Final = 60
_NOTE_LENGTH: Final = 400
# matplotlib reads what stands between two of them as a formula.
_NOT_IN_A_TITLE: Final = "$"

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class VariantSpec(BaseModel):
    """The keys of a declaration; `trigger` and `jvm_options` stand for a setting of some engines."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    title: _Text | None = None
    note: _Text | None = None
    version: _Text | None = None
    based_on: _Text | None = None
    trigger: _Text | None = None
    jvm_options: _Text | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """What is wrong with the key at `path` of a file, in words."""

    path: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.message}"


@dataclass(frozen=True)
class DeclaredVariant:
    """A variant as it was declared; `paths` leads to each setting of its own in the file."""

    engine: Engine
    named: NamedVariant
    paths: Mapping[str, tuple[str, ...]]


def declared_variant(
    engine: Engine, name: str, written: object, declared_in: str
) -> DeclaredVariant | tuple[Problem, ...]:
    """The variant, or all that is wrong with it; its settings' names and values are not checked here."""
    path = (engine.name, name)
    problems = list(_of_the_name(engine, name))
    if not isinstance(written, dict):
        return (*problems, Problem(path, "this is a table: [flink.mine] begins one"))
    try:
        spec = VariantSpec.model_validate(written)
    except ValidationError as error:
        problems += [_in_our_words(path, detail) for detail in error.errors()]
        # The rest is looked at all the same, so that a file is mended in one go.
        wrong = {detail["loc"][0] for detail in error.errors()}
        spec = VariantSpec.model_validate({k: v for k, v in written.items() if k not in wrong})
    problems += _of_the_words(path, spec)
    based_on = None if spec.based_on is None else spec.based_on.removeprefix(f"{engine.name}:")
    base = next((each for each in engine.variants if each.name == based_on), None)
    if based_on is not None and base is None:
        shipped = [each.name for each in engine.variants]
        guess = did_you_mean(based_on, shipped) or ": it ships none"
        what = f"{engine.name} ships no variant '{based_on}'{guess}"
        problems.append(Problem((*path, "based_on"), what))
    if spec.version is not None and spec.version not in engine.versions:
        tested = ", ".join(engine.versions)
        what = f"{engine.title} {spec.version} is not among the versions that are tested here: {tested}"
        problems.append(Problem((*path, "version"), what))
    own: dict[str, str] = {}
    paths: dict[str, tuple[str, ...]] = {}
    for where, setting, value in _settings(engine, path, spec):
        text = _as_text(value)
        if setting in own:
            other = ".".join(paths[setting])
            problems.append(Problem(where, f"'{setting}' is set twice; also as {other}"))
        elif text is None:
            what = "a value is a text on one line, a number, true or false"
            problems.append(Problem(where, what))
        elif secret_in(setting, text) is not None:
            problems.append(Problem(where, secret_words(setting)))
        elif not setting or not _KEY.fullmatch(setting):
            problems.append(Problem(where, f"'{setting}' cannot be a setting's name"))
        else:
            own[setting], paths[setting] = text, where
    problems += _misplaced(engine, path, spec)
    if problems:
        return tuple(problems)
    begun = () if base is None else base.settings
    named = NamedVariant(
        name=name,
        title=spec.title or name,
        note=" ".join((spec.note or "").split()),
        settings=tuple({**dict(begun), **own}.items()),
        version=spec.version,
        based_on=based_on,
        declared_in=declared_in,
    )
    return DeclaredVariant(engine, named, paths)


def _of_the_name(engine: Engine, name: str) -> Iterator[Problem]:
    path = (engine.name, name)
    if not _NAME.fullmatch(name):
        yield Problem(
            path,
            "a variant's name is lower-case letters, digits and hyphens, begins with a letter, and has "
            "at most 40",
        )
    if any(each.name == name for each in engine.variants):
        yield Problem(path, f"{engine.name} ships a variant of that name; choose another one")


def _of_the_words(path: tuple[str, ...], spec: VariantSpec) -> Iterator[Problem]:
    title, note = spec.title or "", spec.note or ""
    if len(title) > _TITLE_LENGTH or not title.isprintable() or _NOT_IN_A_TITLE in title:
        what = f"a title is one line of at most {_TITLE_LENGTH} characters, without '$'"
        yield Problem((*path, "title"), what)
    if len(note) > _NOTE_LENGTH or not " ".join(note.split()).isprintable():
        yield Problem((*path, "note"), f"a note has at most {_NOTE_LENGTH} characters")


def _settings(
    engine: Engine, path: tuple[str, ...], spec: VariantSpec
) -> Iterator[tuple[tuple[str, ...], str, object]]:
    """(where it stands, its name, its value) of each; `a.b = 1` without quotes is a table in TOML."""
    waiting: list[tuple[tuple[str, ...], object]] = [((), spec.settings)]
    while waiting:
        steps, value = waiting.pop(0)
        if isinstance(value, dict):
            waiting[:0] = [((*steps, key), inner) for key, inner in value.items()]
        else:
            yield (*path, "settings", *steps), ".".join(steps), value
    for key, setting in engine.shorthands:
        if (value := getattr(spec, key)) is not None:
            yield (*path, key), setting, value


def _misplaced(engine: Engine, path: tuple[str, ...], spec: VariantSpec) -> Iterator[Problem]:
    for key in ("trigger", "jvm_options"):
        if getattr(spec, key) is not None and key not in dict(engine.shorthands):
            yield Problem((*path, key), f"{engine.name} has no {key}")


def _as_text(value: object) -> str | None:
    """The value as it would be written behind `--set ENGINE:KEY=`; None for what cannot be."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() if value.bit_length() > _MOST_BITS:
            return None  # Python refuses to write down what has thousands of digits
        case int() | float():
            return str(value)
        case str() if value.isprintable():
            return value
        case _:
            return None


def _in_our_words(path: tuple[str, ...], detail: ErrorDetails) -> Problem:
    where = (*path, *map(str, detail["loc"]))
    match detail["type"]:
        case "extra_forbidden":
            guess = did_you_mean(where[-1], VariantSpec.model_fields)
            return Problem(where, f"unknown key{guess}")
        case "dict_type":
            return Problem(where, "this is a table: [flink.mine.settings] begins one")
        case "string_too_short":
            return Problem(where, "this text is empty")
        case _:
            return Problem(where, f"this is a text, not {quoted(detail['input'])}")
