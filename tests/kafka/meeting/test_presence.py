"""Whose silence is too long, by heartbeats."""

from __future__ import annotations

from streambench.kafka.meeting.presence import Presence


def test_silence_is_counted_in_own_heartbeats() -> None:
    presence = Presence("me", 3)
    presence.expect("other")
    for _ in range(3):
        presence.heard("me", beat=True)
        presence.heard("me", beat=False)
    assert presence.silent() == ()
    presence.heard("me", beat=True)
    assert presence.silent() == ("other",)
    presence.heard("other", beat=False)
    assert presence.silent() == ()
    for _ in range(9):
        presence.heard("other", beat=True)
        presence.heard("stranger", beat=True)
    assert presence.silent() == ()
    presence.forget("other")
    for _ in range(9):
        presence.heard("me", beat=True)
    assert presence.silent() == ()
