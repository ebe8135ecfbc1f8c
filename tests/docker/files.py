"""What lies in docker/, as its readers understand it: Compose's variables, FLINK_PROPERTIES, Kafka's environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parent.parent.parent
DOCKER: Final = ROOT / "docker"
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}|\$(?:\{?\w)")
# Of the launcher, not of the server (KafkaDockerWrapper).
_OF_THE_LAUNCHER: Final = re.compile(r"KAFKA_(\w+_OPTS|VERSION|LOG4J_\w+)")


def interpolated(text: str, given: Mapping[str, str]) -> str:
    """Compose's `${NAME:-default}`, the only form that is used here."""

    def value(match: re.Match[str]) -> str:
        assert match[1], f"no default: {match[0]}"
        return given.get(match[1]) or match[2]

    return _VARIABLE.sub(value, text)


def compose(given: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """compose.yaml with these variables, which are put into values (texts then); anchors are resolved."""
    text = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = _filled(yaml.safe_load(text), given)
    return loaded


def _filled(value: Any, given: Mapping[str, str]) -> Any:
    match value:
        case str():
            return interpolated(value, given)
        case dict():
            return {name: _filled(each, given) for name, each in value.items()}
        case list():
            return [_filled(each, given) for each in value]
    return value


def services(**given: str) -> dict[str, Any]:
    """Name → service, with these variables."""
    found: dict[str, Any] = compose(given)["services"]
    return found


def flink_properties(service: Mapping[str, Any]) -> dict[str, str]:
    """What FLINK_PROPERTIES adds to the configuration of the image."""
    lines = service["environment"]["FLINK_PROPERTIES"].splitlines()
    pairs = (line.partition(": ") for line in lines)
    return {name: value for name, _, value in pairs}


def kafka_properties(service: Mapping[str, Any]) -> dict[str, str]:
    """server.properties as the image makes it: `KAFKA_A_B` is a.b, two underscores are one, three a dash."""
    return {
        _dotted(name.removeprefix("KAFKA_")): value
        for name, value in service["environment"].items()
        if name.startswith("KAFKA_") and not _OF_THE_LAUNCHER.fullmatch(name)
    }


def _dotted(name: str) -> str:
    plain = name.lower().replace("___", "-").replace("__", "\0")
    return plain.replace("_", ".").replace("\0", "_")
