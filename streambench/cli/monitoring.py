"""The option for a Prometheus that watches brokers and workers elsewhere, and a look at it before a run."""

from __future__ import annotations

import urllib.parse
from typing import Annotated, TypeAlias

import typer

from streambench.cli.console import err
from streambench.engines.common.elsewhere import without_log_in
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.numbers import listing, plural

PrometheusOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="URL", help="It tells what processes elsewhere use."),
]
_EXAMPLE = "--prometheus http://prometheus:9090"


def prometheus_url(text: str | None) -> str | None:
    """The address of the server; None where none is named. Raises UsageError."""
    if text is None:
        return None
    try:
        parts = urllib.parse.urlsplit(text)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        named = False
    if not named or parts.scheme not in ("http", "https"):
        raise UsageError(f"'{without_log_in(text)}' is no address of a Prometheus", hint=_EXAMPLE)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "--prometheus takes no password: a command line is seen by others, and kept in the report",
            hint=f"{_EXAMPLE}, behind a proxy on this machine that logs in",
        )
    if parts.query or parts.fragment:
        raise UsageError(
            f"'{without_log_in(text)}' is more than the address of a Prometheus", hint=_EXAMPLE
        )
    return text


def look_at_prometheus(url: str | None) -> None:
    """Say what of brokers and workers is watched there. Raises EnvironmentLacks where it is no Prometheus."""
    if url is None:
        return
    from streambench.runtime.observed_usage import roles_seen
    from streambench.runtime.prometheus import NotPrometheus, Prometheus

    server = Prometheus(url)
    try:
        server.check()
        found = roles_seen(server)
    except NotPrometheus as error:
        raise EnvironmentLacks(
            f"there is no Prometheus at {url}: {error}",
            hint=f"curl '{url.rstrip('/')}/api/v1/query?query=up'",
        ) from error
    seen = [
        plural(count, role.value) for role, count in sorted(found.items(), key=lambda x: x[0].value)
    ]
    words = (
        f"it watches {listing(seen)}" if seen else "it watches nothing by a name that is known here"
    )
    err.print(f"Prometheus at {url}: {words}", markup=False)
