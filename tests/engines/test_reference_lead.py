"""How much earlier the scripted engine hands a row over than it is due."""

from __future__ import annotations

from streambench.engines.reference.lead import FIRST_MS, Lead


def test_half_of_the_usual_round_trip_is_taken_off() -> None:
    lead = Lead()
    assert lead.ms == FIRST_MS
    for round_trip_ms in (4.0, 4.4, 4.2, 90.0, 4.1):  # one met a busy machine
        lead.took(round_trip_ms)
    assert lead.ms == 2.1


def test_what_was_long_ago_is_forgotten() -> None:
    lead = Lead()
    for _ in range(100):
        lead.took(40.0)
    for _ in range(40):
        lead.took(3.0)
    assert lead.ms == 1.5
