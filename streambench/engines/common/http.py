"""JSON over HTTP from an engine's own interface on this machine."""

from __future__ import annotations

import http.client
import json
import urllib.request
from typing import Any


class NoAnswer(Exception):
    """The interface did not answer, or not with JSON."""


def get_json(url: str, *, timeout_s: float = 1.0) -> Any:
    """The JSON document at `url`; never through a proxy. Raises NoAnswer."""
    try:
        with _DIRECT.open(url, timeout=timeout_s) as response:
            return json.load(response)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(f"{url}: {error}") from error


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
