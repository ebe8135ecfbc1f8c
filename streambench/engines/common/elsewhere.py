"""Settings of a job that is given to a cluster which streambench did not start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from streambench.engines.common.settings import is_own
from streambench.model.conditions import ForeignCluster
from streambench.model.errors import UsageError
from streambench.model.loopback import is_loopback
from streambench.model.plan import Origin, Setting

_ASKED: Final = (Origin.USER, Origin.VARIANT)
AS_IT_IS: Final = "as it is there"


def refuse_others_settings(
    settings: Iterable[Setting], cluster: ForeignCluster, title: str, theirs: Sequence[str]
) -> None:
    """Refuse what only those can set who start the cluster: names that begin with one of `theirs`.

    Raises UsageError.
    """
    for each in settings:
        if each.origin in _ASKED and (each.name.startswith(tuple(theirs)) or is_own(each.name)):
            raise UsageError(
                f"'{each.name}' is a setting of {title}'s processes, and those at {cluster.endpoint} "
                "run already",
                hint=f"set it there, or start a cluster of streambench's own: streambench run --engine "
                f"{cluster.engine}",
            )


def kept_there(scope: str, names: Iterable[str]) -> tuple[Setting, ...]:
    """Settings that matter and are the cluster's own: only what it tells of them is known."""
    return tuple(Setting(scope, name, AS_IT_IS, Origin.CLUSTER) for name in names)


def without_log_in(text: str) -> str:
    """What may be shown of an address: not who logs in with what, and no query, which may hold a token."""
    before, at, after = text.rpartition("@")
    if at:
        # Whatever a password is made of stands before the last '@'.
        scheme, colons, _ = before.partition("://")
        text = f"{scheme}{colons}…@{after}" if colons else f"…@{after}"
    ends = [found for mark in "?#" if (found := text.find(mark)) >= 0]
    return f"{text[: min(ends) + 1]}…" if ends else text


def is_here(endpoint: str) -> bool:
    """Whether a cluster is addressed on this machine's loopback: `http://127.0.0.1:8081`, or all of several."""
    hosts = endpoint.partition("://")[2].split(",")
    return bool(hosts[0]) and all(is_loopback(_host(each)) for each in hosts)


def _host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


def elsewhere_words(title: str, cluster: ForeignCluster) -> str:
    """What is not on equal terms where workers are on other hosts."""
    return (
        f"{title}: {cluster.endpoint} run on hosts that joined the run. Their cores and memory are what they "
        "are there, and what they use is not known. The first job's launch waits for what a host has to fetch."
    )
