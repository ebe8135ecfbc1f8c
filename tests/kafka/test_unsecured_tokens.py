"""Tokens that prove nothing, as a test broker takes them."""

from __future__ import annotations

import base64
import json
import time

from streambench.kafka.access.sasl import UnsecuredTokens


def test_a_token_was_not_issued_in_the_future_by_a_clock_of_whole_milliseconds() -> None:
    """A broker on this machine may look at it within the same millisecond."""
    body = UnsecuredTokens({"unsecuredLoginStringClaim_sub": "bench"}).token().split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert claims["sub"] == "bench"
    assert claims["iat"] == int(claims["iat"]) <= time.time() < claims["exp"]
