"""Settings that the broker keeps for one group, as `kafka-configs.sh --entity-type groups` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from streambench.kafka.access.python_clients import python_client_options
from streambench.model.errors import EngineFailed
from streambench.model.kafka_access import KafkaAccess

_TIMEOUT_MS: Final = 10_000
_DONE: Final = "OK"
_ALL: Final = "all"


def set_group_settings(access: KafkaAccess, group: str, settings: Mapping[str, str]) -> None:
    """Set them before the group has members; it need not exist. Raises EngineFailed, in the broker's words."""
    resource = ConfigResource(ConfigResourceType.GROUP, group, dict(settings))
    try:
        with _admin(access) as admin:
            # What this client thinks that the broker knows is not asked: the broker says it itself.
            done = admin.alter_configs([resource], raise_on_unknown=False)
    except KafkaError as error:
        raise _refused(group, str(error)) from error
    answer = done["group"][group]
    if answer != _DONE:
        raise _refused(group, answer)


def group_settings(access: KafkaAccess, group: str) -> Mapping[str, str]:
    """All that the broker says of the group; nothing where it does not answer."""
    resource = ConfigResource(ConfigResourceType.GROUP, group)
    try:
        with _admin(access) as admin:
            told = admin.describe_configs([resource], config_filter=_ALL)
    except KafkaError:
        return {}
    return {name: str(entry["value"]) for name, entry in told["group"][group].items()}


def _refused(group: str, why: str) -> EngineFailed:
    return EngineFailed(
        f"the broker did not take the settings of group {group}: {why}", stage="submit"
    )


def _admin(access: KafkaAccess) -> KafkaAdminClient:
    return KafkaAdminClient(**python_client_options(access), request_timeout_ms=_TIMEOUT_MS)
