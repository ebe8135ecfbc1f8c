"""kafka-python's consumer, which stays in its group, or comes back."""

from __future__ import annotations

from typing import Any

from kafka import KafkaConsumer
from kafka.structs import ConsumerGroupMetadata


class GroupMember(KafkaConsumer):  # type: ignore[misc]
    """Ends every join that it began, and joins anew when the broker says that it is no member.

    There is no public way to either; the version is pinned.
    """

    def poll(
        self, timeout_ms: float = 0, max_records: int | None = None, update_offsets: bool = True
    ) -> Any:
        """As in KafkaConsumer. Raises KafkaError."""
        # While it joins, kafka-python sends no heartbeats, and a join may outlast a poll. It goes on in
        # the next one only if it is still called for: not so where a leader joined because the topic had
        # changed, as on the first sight of it. With the broker's answer it hands out what there is now,
        # and nothing has changed any more. The broker then throws out a member that never notices.
        if self.joining:
            self._coordinator.request_rejoin()
        return super().poll(timeout_ms, max_records, update_offsets)

    @property
    def joining(self) -> bool:
        """Whether it is in a join that has not come to its end; polls bring no records meanwhile."""
        joining: bool = self._coordinator.rejoining
        return joining

    def rejoin(self, refused: ConsumerGroupMetadata) -> None:
        """Join anew in the next poll, all partitions lost, if `refused` is still the membership.

        kafka-python does so itself for its consumer's commits, not for those that a producer makes.
        """
        now = self.group_metadata()
        of_now = now.generation_id, now.member_id
        if self.joining or of_now != (refused.generation_id, refused.member_id):
            return
        # With the same id: the broker knows it after a mere change of generation. Where it does not, its
        # answer has kafka-python join as a new member.
        self._coordinator.reset_generation(refused.member_id)
