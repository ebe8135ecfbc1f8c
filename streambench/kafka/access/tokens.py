"""Tokens for log-ins by OAUTHBEARER: kept while they last, and renewed beside the work that needs them."""

from __future__ import annotations

import shlex
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from streambench.kafka.access.new_tokens import EndpointAway, new_token
from streambench.kafka.access.oauth import ClientCredentials, credentials_of
from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import KafkaAccess

PATIENCE_S: Final = 10.0
"""How long is waited for an endpoint where nothing else waits for that."""

# As Java's clients have it (sasl.login.refresh.window.factor): a new one after this part of its time.
_USED_OF_ITS_TIME: Final = 0.8
# An endpoint that gave none is not asked again sooner, however often a connection is tried.
_PAUSE_S: Final = 1.0


@dataclass(frozen=True)
class _Kept:
    """A token; instants are of the monotonic clock."""

    text: str = field(repr=False)
    renewed_s: float
    ends_s: float


@dataclass(frozen=True)
class _Failed:
    """Why there was no new token, and until when that is the answer."""

    why: Exception
    until_s: float


class _Keeper:
    """The token of one client. A thread of its own asks the endpoint, so nobody who has a token waits."""

    def __init__(self, credentials: ClientCredentials) -> None:
        self._credentials = credentials
        self._changed = threading.Condition()
        self._kept: _Kept | None = None
        self._failed: _Failed | None = None
        self._asking = False

    def token(self, patience_s: float) -> str:
        """The one that is kept while it lasts, whatever its renewal came to; else a new one."""
        with self._changed:
            now_s = time.monotonic()
            kept = self._kept
            if kept is not None and now_s < kept.renewed_s:
                return kept.text
            self._ask(now_s)
            if kept is not None and now_s < kept.ends_s:
                return kept.text
            answered = self._changed.wait_for(lambda: not self._asking, patience_s)
            # A new one is of use even if it lasts for less than the wait took.
            if self._kept is not None and self._kept is not kept:
                return self._kept.text
            if answered and self._failed is not None:
                raise self._failed.why.with_traceback(None)
        raise EndpointAway(
            f"the token endpoint {self._credentials.url} does not answer: nothing came within {patience_s:g} s"
        )

    def _ask(self, now_s: float) -> None:
        """Begin to ask, unless that goes on, or was in vain just now."""
        if self._asking or (self._failed is not None and now_s < self._failed.until_s):
            return
        self._asking = True
        threading.Thread(target=self._renew, name="new token", daemon=True).start()

    def _renew(self) -> None:
        begun_s = time.monotonic()
        kept: _Kept | None = None
        failed: _Failed | None = None
        try:
            token = new_token(self._credentials)
            kept = _Kept(
                token.text, begun_s + token.lasts_s * _USED_OF_ITS_TIME, begun_s + token.lasts_s
            )
        except Exception as error:  # of another thread: it is raised where a token is asked for
            failed = _Failed(error, time.monotonic() + _PAUSE_S)
        with self._changed:
            self._kept = kept or self._kept
            self._failed = failed
            self._asking = False
            self._changed.notify_all()


_lock: Final = threading.Lock()
_keepers: Final[dict[ClientCredentials, _Keeper]] = {}


def token_for(credentials: ClientCredentials, *, patience_s: float = PATIENCE_S) -> str:
    """A token that lasts; the endpoint is asked only where this process has none, or one that soon ends.

    The second is done in the background. For the first is waited, at most `patience_s`.
    Raises TokenRefused for good, EndpointAway for now, UsageError where trusted certificates cannot be read.
    """
    with _lock:
        keeper = _keepers.setdefault(credentials, _Keeper(credentials))
    return keeper.token(patience_s)


def see_endpoint(access: KafkaAccess) -> None:
    """See that the endpoint gives a token, where the log-in needs one. Raises EnvironmentLacks."""
    credentials = credentials_of(access.properties)
    if credentials is None:
        return
    try:
        token_for(credentials)
    except EndpointAway as error:
        raise EnvironmentLacks(
            str(error), hint=f"curl -v {shlex.quote(credentials.url)}"
        ) from error
