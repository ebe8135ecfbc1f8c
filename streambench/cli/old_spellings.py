"""Options of `run` that became commands: they work for one version more, with a word on the new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from streambench.cli.arguments import Given, read, typed
from streambench.cli.console import err
from streambench.model.errors import UsageError

_FIND, _DRAIN, _RATES, _SWEEP = "--find-rate", "--drain", "--rates", "--sweep"
_QUESTIONS: Final = (_FIND, _DRAIN, _RATES, _SWEEP)
_TERMS: Final = ("--limit", "--precision", "--budget")  # of a search
_AUTO: Final = "auto"
_WITH_A_VALUE: Final = {
    _DRAIN: "drain --records 1M",
    _RATES: "curve --rates 5k,10k,20k",
    _SWEEP: "sweep keys=100,10k,1M",
}

OptionsOf = Callable[[str], Mapping[str, bool]]
"""The options of a command, and whether each is a flag that takes no value."""


def renewed(arguments: list[str], options_of: OptionsOf) -> list[str]:
    """The same arguments, of the command that does now what `run` did; tells the user of it.

    Raises UsageError for options of `run` that exclude each other.
    """
    old = (*_QUESTIONS, *_TERMS)
    if arguments[:1] != ["run"] or not any(word.partition("=")[0] in old for word in arguments):
        return arguments
    given, words = read(arguments[1:], {**options_of("run"), _FIND: True})
    asked = [option.name for option in given if option.name in old]
    if not asked:
        return arguments  # it was the value of something else
    for option in given:
        if option.name in _WITH_A_VALUE and not option.value:
            hint = f"streambench {_WITH_A_VALUE[option.name]}"
            raise UsageError(f"option '{option.name}' requires an argument", hint=hint)
    command, own = _command(given, words)
    known = options_of(command)
    kept = [option for option in given if option.name not in _QUESTIONS]
    new = [
        *(command, *words, *own),
        *(word for option in kept if option.name in known for word in option.words),
    ]
    strange = [option.name for option in kept if option.name not in known]
    if strange:
        raise UsageError(
            f"{asked[0]} does not go with {' and '.join(dict.fromkeys(strange))}: `streambench "
            f"{command}` has no such option",
            hint=typed(new),
        )
    err.print(
        f"`run {asked[0]}` goes with the next version; write: {typed(new)}",
        markup=False,
        soft_wrap=True,
    )
    return new


def _command(given: Sequence[Given], words: Sequence[str]) -> tuple[str, list[str]]:
    """Which command it is, and its own part of what was given."""
    values = {name: [str(each.value) for each in given if each.name == name] for name in _QUESTIONS}
    rates, sweeps = values[_RATES][-1:], values[_SWEEP]
    found: list[tuple[str, list[str]]] = []
    if values[_FIND]:
        found.append(("find-rate", []))
    if values[_DRAIN]:
        found.append(("drain", ["--records", values[_DRAIN][-1]]))
    if sweeps and _AUTO not in rates:
        found.append(("sweep", [*(f"rate={listed}" for listed in rates), *sweeps]))
    elif sweeps:
        found += [("curve", []), ("sweep", sweeps)]  # it chooses all rates by itself
    elif rates:
        found.append(("curve", ["--rates", *rates]))
    if not found:
        terms = [option for option in given if option.name in _TERMS]
        complete = [word for each in terms if each.value for word in each.words]
        raise UsageError(
            f"{terms[0].name} belongs to a search for the highest rate",
            hint=typed(["find-rate", *words, *complete]),
        )
    (command, own), *others = found
    if others:
        named = " and ".join(name for name in _QUESTIONS if values[name])
        raise UsageError(
            f"{named} exclude each other: each is a command of its own",
            hint=typed([command, *words, *own]),
        )
    return command, own
