"""Users who may do what docs/clusters.md asks for, and others who may do all of it but one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from streambench.kafka.topics import admin_client
from streambench.model.kafka_access import KafkaAccess
from streambench.runtime.waiting import wait_until

DOCUMENTED: Final = "documented"
"""Who has the rights of docs/clusters.md, and no others."""
Right = tuple[ResourceType, ACLOperation]
LACKING: Final[dict[str, Right]] = {
    "no-create": (ResourceType.TOPIC, ACLOperation.CREATE),
    "no-describe": (ResourceType.TOPIC, ACLOperation.DESCRIBE),
    "no-write": (ResourceType.TOPIC, ACLOperation.WRITE),
    "no-read": (ResourceType.TOPIC, ACLOperation.READ),
    "no-group": (ResourceType.GROUP, ACLOperation.READ),
    "no-transactions": (ResourceType.TRANSACTIONAL_ID, ACLOperation.WRITE),
    "no-delete": (ResourceType.TOPIC, ACLOperation.DELETE),
    "no-group-delete": (ResourceType.GROUP, ACLOperation.DELETE),
}
"""User to what is denied to them of the documented rights."""
_THREE: Final = (ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID)
# Each broker learns of them by itself, and any of them answers.
_SAME_ANSWERS: Final = 20


def grant(access: KafkaAccess, prefix: str) -> None:
    """Give all of these users their rights on what begins with `prefix`; the brokers know them afterwards."""
    rights = [
        _acl(user, kind, ACLOperation.ALL, ACLPermissionType.ALLOW, prefix)
        for user in (DOCUMENTED, *LACKING)
        for kind in _THREE
    ]
    rights += [
        _acl(user, *right, ACLPermissionType.DENY, prefix) for user, right in LACKING.items()
    ]
    with admin_client(access) as admin:
        assert len(admin.create_acls(rights)["succeeded"]) == len(rights)
        every = ACLFilter(
            None,
            None,
            ACLOperation.ANY,
            ACLPermissionType.ANY,
            ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
        )

        def known() -> bool:
            return all(_count(admin.describe_acls(every)) == len(rights) for _ in _times())

        wait_until(known, what="the rights", timeout_s=30)


def _times() -> Iterable[int]:
    return range(_SAME_ANSWERS)


def _count(told: object) -> int:
    assert isinstance(told, tuple)
    return len(told[0])


def _acl(
    user: str,
    kind: ResourceType,
    operation: ACLOperation,
    permission: ACLPermissionType,
    prefix: str,
) -> ACL:
    pattern = ResourcePattern(kind, prefix, ACLResourcePatternType.PREFIXED)
    return ACL(f"User:{user}", "*", operation, permission, pattern)
