"""Secrets of a run, blanked out of all that is kept, shown or told to other hosts.

Programs of others write down what they were told: a key in an error's text, a password in a log.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote, quote_plus

BLANK: Final = "[hidden]"
"""As Kafka writes a password."""
_LEAST_LINE: Final = 16
_LEAST: Final = 6
_LEAST_WORDS: Final = 12
# Words of a name: of this kind are what streambench itself calls things.
_WORDS: Final = re.compile(r"[A-Za-z]+(?:[-_.][A-Za-z]+)*")
# What is secret whoever made it: a private key in PEM, also with its lines escaped, and a token (RFC 7519).
_BY_THEIR_LOOKS: Final = (
    re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"
    ),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
)
# What stands before a value that is called a secret: `password="`, `"clientSecret": "`, `password -> `.
_CALLED_SO: Final = r"(?i:((?:password|passphrase|secret)[\w.]*[\\\"'\s]*(?:=|:|->|,)[\\\"'\s]*))"


def _in_sql(text: str) -> str:
    return text.replace("'", "''")


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _in_json_as_it_is(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _in_python(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _in_properties(text: str) -> str:
    return text.replace("\\", "\\\\")


_WAYS: Final[tuple[Callable[[str], str], ...]] = (
    *(_in_sql, _in_json, _in_json_as_it_is, _in_python, _in_properties),
    *(quote, quote_plus),
)


class Secrets:
    """Values that nobody may read. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._anywhere: tuple[str, ...] = ()
        self._where_called_so: tuple[str, ...] = ()

    def keep(self, values: Iterable[str]) -> None:
        """Blank these from now on, however they are quoted; of a text in several lines each long one."""
        parts = [part for value in values for part in _parts(value)]
        with self._lock:
            told_apart = [part for part in parts if not _is_ordinary(part)]
            ordinary = [part for part in parts if _is_ordinary(part)]
            self._anywhere = _longest_first({*self._anywhere, *_forms(told_apart)})
            self._where_called_so = _longest_first({*self._where_called_so, *_forms(ordinary)})

    def blanked(self, text: str) -> str:
        """`text` without them, and without private keys and tokens of anybody.

        A text that is a name is left as it is: the key words of a bundle are such. A value that is short, or
        a word, is blanked only where it is called a password or a secret.
        """
        if _WORDS.fullmatch(text):
            return text
        for looks in _BY_THEIR_LOOKS:
            text = looks.sub(BLANK, text)
        for form in self._anywhere:
            text = text.replace(form, BLANK)
        for form in self._where_called_so:
            if form in text:
                text = re.sub(rf"{_CALLED_SO}{re.escape(form)}(?![^\W_])", rf"\1{BLANK}", text)
        return text


_OF_THIS_PROCESS: Final = Secrets()


def keep_secret(values: Iterable[str]) -> None:
    """Blank these values out of whatever this process keeps, shows or sends from now on."""
    _OF_THIS_PROCESS.keep(values)


def blanked(text: str) -> str:
    """`text` without what this process keeps secret; see `Secrets.blanked`."""
    return _OF_THIS_PROCESS.blanked(text)


def _parts(value: str) -> list[str]:
    lines = value.splitlines()
    if len(lines) < 2:
        return [value] if value.strip() else []
    return [line for line in lines if len(line) >= _LEAST_LINE and not line.startswith("-----")]


def _is_ordinary(value: str) -> bool:
    """Whether it may stand in a log, or be a part of a word there, and be no secret."""
    return len(value) < (_LEAST_WORDS if _WORDS.fullmatch(value) else _LEAST)


def _forms(values: Iterable[str]) -> set[str]:
    """Each as it is, and as it is written within one or two texts: in JAAS, and that in SQL or JSON."""
    found = set(values)
    for _ in range(2):
        found |= {way(value) for value in found for way in _WAYS}
    return found


def _longest_first(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(values, key=lambda value: (-len(value), value)))
