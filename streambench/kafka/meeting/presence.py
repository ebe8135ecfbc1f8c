"""Who is still there, by heartbeats that were heard."""

from __future__ import annotations


class Presence:
    """Counts own heartbeats between those of others; see `party`."""

    def __init__(self, own: str, silent_beats: int) -> None:
        self._own = own
        self._silent_beats = silent_beats
        self._own_beats = 0
        self._heard_at: dict[str, int] = {}

    def heard(self, sender: str, *, beat: bool) -> None:
        """Somebody said something; of one's own only heartbeats count."""
        if sender == self._own:
            self._own_beats += beat
        elif sender in self._heard_at:
            self._heard_at[sender] = self._own_beats

    def expect(self, sender: str) -> None:
        """From now on its silence counts."""
        self._heard_at[sender] = self._own_beats

    def forget(self, sender: str) -> None:
        """Its silence counts no more."""
        self._heard_at.pop(sender, None)

    def silent(self) -> tuple[str, ...]:
        """Those of whom nothing was heard for too many own heartbeats."""
        latest = self._own_beats - self._silent_beats
        return tuple(sender for sender, at in self._heard_at.items() if at < latest)
