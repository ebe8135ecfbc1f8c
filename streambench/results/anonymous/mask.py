"""Text without what tells whose machine it was written on: names, folders, addresses."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from streambench.runtime.identity import Identity

LEFT_OUT: Final = "…"
# What a shell ran, and where a user's monitoring is.
_NAMING_MACHINES: Final = ("--fault-command", "--prometheus")
_PART: Final = r"[\w.@%+~#&-]*[\w@%+~#&-]"
_PARTS: Final = rf"(?:/{_PART})"
_OPTION: Final = r"(?<=\s-[A-Z])"  # as in `-I/usr/include`
# Folders that every machine has; below others a path of one part may be a unit, as in `/s`.
_TOP: Final = (
    "Users|Volumes|app|builds?|data|etc|home|lib|media|mnt|nix|opt|private|root|run|scratch|srv|sys|tmp|usr|"
    "var|work|workspace"
)
_PATHS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"file:/*{_PARTS}+/?",
        # In quotes it may hold blanks.
        r"(?<=')~?/\w[^'\n/]*/[^'\n]*(?=')|(?<=\")~?/\w[^\"\n/]*/[^\"\n]*(?=\")",
        rf"(?:(?<![\w.…/<>}})*$~])|{_OPTION})(?:{_PARTS}{{2,}}|/(?:{_TOP})\b(?![\w-]))/?",
        rf"(?<![\w/])~(?:[A-Za-z_][\w-]*)?{_PARTS}+/?",
        rf"(?<![\w./])\.\.{_PARTS}+/?",
        r"(?<![A-Za-z0-9])(?:[A-Z]:|[a-z]:(?=\\[Uu]sers))\\(?:[^\\\s'\"<>|:*?]+\\)+[^\\\s'\"<>|:*?]*",
        r"(?<![\\\w])\\\\[\w.-]+\\[^\s'\"<>|:*?]+",
    )
)
_WHOLE_PATH: Final = re.compile(r"\s*(?:~?/\w|[A-Za-z]:[\\/]\w)[^\n]*")
_OF_EVERY_MACHINE: Final = re.compile(r"/dev/(?:null|shm|u?random)|/proc(?:/.*)?|/usr/bin/env")
_NUMBER: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_ADDRESSES: Final = (
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"),  # e-mail
    re.compile(r"(?<![\w:-])(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])"),
    re.compile(rf"(?<![\w.])(?!127\.|0\.0\.0\.0)(?:{_NUMBER}\.){{3}}{_NUMBER}(?![\w]|\.\d)"),
    re.compile(
        r"(?<![\w:])(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}"
        r"|(?=[\da-fA-F:]*\d)(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6})(?![\w:])"
    ),
)
_STRANGERS: Final = re.compile(r"(something else was running: \d+% of the machine) \(.*?\d%\)")
# A name of one of these forms is no usual word, so it is found within others as well.
_DISTINCT: Final = re.compile(r".*[\d_-].*|.{8,}")
_LOCAL: Final = r"(?:\.(?:local|lan|home|internal|localdomain))?"


@dataclass(frozen=True)
class Mask:
    """What is left out of texts: an identity; `renamed` are labels that have other names now."""

    identity: Identity
    renamed: Mapping[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """A text for readers: of a path the file's name stays, of an address nothing."""
        if text not in self._known:
            self._known[text] = self._text(text)
        return self._known[text]

    def _text(self, text: str) -> str:
        text = self._without_paths(text)
        for address in _ADDRESSES:
            text = address.sub(LEFT_OUT, text)
        text = _STRANGERS.sub(r"\1", text)
        return self._without_names(text)

    def value(self, text: str) -> str:
        """The value of a setting: what begins like a path is one to its end, blanks or not."""
        return _file_name(text) if _WHOLE_PATH.fullmatch(text) else self.text(text)

    def version(self, text: str) -> str:
        """The same for versions of software: four numbers with dots between are no address there."""
        return self._without_names(_ADDRESSES[0].sub(LEFT_OUT, self._without_paths(text)))

    def command(self, text: str, workload: str) -> str:
        """A command line as another may type it: without where it wrote, and files by their names."""
        try:
            words = shlex.split(text)
        except ValueError:
            return self.text(text)
        kept: list[str] = []
        left = iter(words)
        for word in left:
            option, equals, _ = word.partition("=")
            if option == "--out":
                if not equals:
                    next(left, None)
            elif option in _NAMING_MACHINES:
                if not equals:
                    next(left, None)
                kept += [option, LEFT_OUT]
            else:
                kept.append(self._word(word, workload))
        return shlex.join(kept)

    def _word(self, word: str, workload: str) -> str:
        head, at, path = word.rpartition("=") if word.startswith("--") else ("", "", word)
        sign = "@" if path.startswith("@") else ""
        bare = path.removeprefix("@")
        if re.fullmatch(r"[\w.~/\\: +-]*[/\\][^=<>]*", bare):
            last = re.split(r"[/\\]", bare.rstrip("/\\"))[-1]
            bare = last if last == workload else _file_name(bare).removeprefix(f"{LEFT_OUT}/")
        return head + at + sign + self.text(bare)

    def _without_paths(self, text: str) -> str:
        for old, new in self._renamed:
            text = text.replace(old, new)
        for folder in self._folders:
            text = folder.sub(_file_name, text)
        for path in _PATHS:
            text = path.sub(_file_name, text)
        return text

    def _without_names(self, text: str) -> str:
        for name, instead in self._names:
            text = name.sub(instead, text)
        return text

    @cached_property
    def _known(self) -> dict[str, str]:
        return {}

    @cached_property
    def _renamed(self) -> list[tuple[str, str]]:
        return sorted(self.renamed.items(), key=lambda pair: -len(pair[0]))

    @cached_property
    def _folders(self) -> list[re.Pattern[str]]:
        ordered = sorted(self.identity.folders, key=lambda folder: (-len(folder), folder))
        return [re.compile(rf"{_before(each)}{re.escape(each)}(?![\w-]){_PARTS}*/?") for each in ordered]

    @cached_property
    def _names(self) -> list[tuple[re.Pattern[str], str]]:
        found = [(host, _host(host), "host") for host in self.identity.hosts]
        found += [(user, _word_of(user), "user") for user in self.identity.users]
        found.sort(key=lambda each: (-len(each[0]), each[0]))
        return [(pattern, instead) for _, pattern, instead in found]


def _before(folder: str) -> str:
    """What must not stand before a folder: a symbol, and before one of a single part another part."""
    return r"(?<!\})" if folder.count("/") > 1 else rf"(?:(?<![\w.}}])|{_OPTION})"


def _host(host: str) -> re.Pattern[str]:
    if _DISTINCT.fullmatch(host):
        return re.compile(rf"(?<![A-Za-z0-9]){re.escape(host)}{_LOCAL}(?![A-Za-z0-9])", re.I)
    return re.compile(rf"(?<![\w.-]){re.escape(host)}{_LOCAL}(?![\w-]|\.\w)")


def _word_of(user: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(user)}(?![A-Za-z0-9])")


def _file_name(found: re.Match[str] | str) -> str:
    """`…/flights.parquet` of a path to a file; of one to a folder nothing."""
    path = found if isinstance(found, str) else found[0]
    if _OF_EVERY_MACHINE.fullmatch(path):
        return path
    of: Callable[[str], PurePosixPath | PureWindowsPath] = (
        PureWindowsPath if "\\" in path else PurePosixPath
    )
    last = of(path.strip())
    known = re.fullmatch(r"\.[A-Za-z][A-Za-z0-9]{0,8}", last.suffix)
    return f"{LEFT_OUT}/{last.name}" if known and last.stem else LEFT_OUT
