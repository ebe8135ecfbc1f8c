"""Prometheus over HTTP: the samples of a metric within an interval."""

from __future__ import annotations

import http.client
import json
import math
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_TIMEOUT_S: Final = 10.0
# What one metric of some hundred processes comes to is far below.
_MOST_BYTES: Final = 32 << 20


class NotPrometheus(Exception):
    """It does not answer, or not as Prometheus does; in words."""


@dataclass(frozen=True)
class Samples:
    """A series within an interval: its labels without its name, and value by instant (s since the epoch)."""

    labels: Mapping[str, str]
    values: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Prometheus:
    """A server's HTTP API (v1), below `url`. Never through a proxy."""

    url: str

    def samples(self, metric: str, *, start_s: float, end_s: float) -> tuple[Samples, ...]:
        """The samples of `start_s` < t ≤ `end_s` that were scraped, as they are. Raises NotPrometheus."""
        length_ms = max(1, math.ceil((end_s - start_s) * 1000))
        data = self._ask(f"{metric}[{length_ms}ms]", end_s, "matrix")
        return tuple(_series(each, several=True) for each in data)

    def latest(self, metric: str) -> tuple[Samples, ...]:
        """The newest sample of each series that is scraped now. Raises NotPrometheus."""
        return tuple(_series(each, several=False) for each in self._ask(metric, None, "vector"))

    def check(self) -> None:
        """Raise NotPrometheus where `url` does not answer as Prometheus does."""
        if len(self.latest("vector(1)")) != 1:
            raise NotPrometheus("it answers, but not as Prometheus does")

    def _ask(self, query: str, at_s: float | None, kind: str) -> list[Any]:
        asked = {"query": query} if at_s is None else {"query": query, "time": f"{at_s:.3f}"}
        url = f"{self.url.rstrip('/')}/api/v1/query?{urllib.parse.urlencode(asked)}"
        try:
            with _DIRECT.open(url, timeout=_TIMEOUT_S) as response:
                body = response.read(_MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            raise NotPrometheus(f"it answers with HTTP {error.code}") from error
        # A host or a path that no request can hold is a ValueError.
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None)
            raise NotPrometheus(f"it does not answer: {reason or error}") from error
        if len(body) > _MOST_BYTES:
            raise NotPrometheus(f"it answers with more than {_MOST_BYTES >> 20} MiB to {query}")
        return _result(body, kind)


def _result(body: bytes, kind: str) -> list[Any]:
    try:
        answer = json.loads(body)
        data = answer["data"]
        result = data["result"]
        if answer["status"] == "success" and data["resultType"] == kind:
            return list(result)
    except (ValueError, KeyError, TypeError):
        pass
    raise NotPrometheus("it answers, but not as Prometheus does")


def _series(found: Any, *, several: bool) -> Samples:
    try:
        values = found["values"] if several else [found["value"]]
        labels = {name: str(value) for name, value in found["metric"].items() if name != "__name__"}
        read = tuple((float(at_s), float(value)) for at_s, value in values)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotPrometheus("it answers, but not as Prometheus does") from error
    return Samples(labels, tuple(each for each in read if math.isfinite(each[1])))


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
