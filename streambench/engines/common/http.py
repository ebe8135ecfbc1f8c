"""JSON over HTTP from an engine's own interface."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any


class NoAnswer(Exception):
    """The interface did not answer, or not with JSON."""


def get_json(url: str, *, timeout_s: float = 1.0) -> Any:
    """The JSON document at `url`; never through a proxy. Raises NoAnswer."""
    return _answer(urllib.request.Request(url), timeout_s)


def post_json(url: str, document: Any, *, timeout_s: float = 10.0) -> Any:
    """Send a JSON document and return the one that is answered. Raises NoAnswer."""
    body = json.dumps(document).encode()
    headers = {"Content-Type": "application/json"}
    return _answer(urllib.request.Request(url, data=body, headers=headers), timeout_s)


def put_json(url: str, document: Any, *, timeout_s: float = 10.0) -> None:
    """Send a JSON document by PUT, whatever is answered to one that is taken. Raises NoAnswer."""
    headers = {"Content-Type": "application/json"}
    body = json.dumps(document).encode()
    _sent(urllib.request.Request(url, data=body, headers=headers, method="PUT"), timeout_s)


def order(method: str, url: str, *, timeout_s: float = 10.0) -> None:
    """Send a request without a body, whatever is answered to one that is taken. Raises NoAnswer."""
    _sent(urllib.request.Request(url, method=method), timeout_s)


def _sent(request: urllib.request.Request, timeout_s: float) -> None:
    try:
        with _DIRECT.open(request, timeout=timeout_s):
            pass
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _no_answer(request, error) from error


def _answer(request: urllib.request.Request, timeout_s: float) -> Any:
    try:
        with _DIRECT.open(request, timeout=timeout_s) as response:
            return json.load(response)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _no_answer(request, error) from error


def _no_answer(request: urllib.request.Request, error: Exception) -> NoAnswer:
    if isinstance(error, urllib.error.HTTPError):
        error.close()  # it holds the connection
    return NoAnswer(f"{request.full_url}: {error}")


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
