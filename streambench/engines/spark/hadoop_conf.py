"""Where a YARN is, by the configuration folder of Hadoop that Spark's own client reads."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import addresses

# In the order in which Spark's launcher puts them on the class path: the first that has a file has the word.
VARIABLES: Final = ("HADOOP_CONF_DIR", "YARN_CONF_DIR")
_SITE: Final = "yarn-site.xml"
_MOST_SUBSTITUTIONS: Final = 20  # as Hadoop's own Configuration
_SYMBOL: Final = re.compile(r"\$\{([^{}$ ]+)\}")
_RM: Final = "yarn.resourcemanager"
# yarn-default.xml has 0.0.0.0, as a server may bind it: a client that is told so means its own machine.
_ANY: Final = "0.0.0.0"
_HERE: Final = "127.0.0.1"
# yarn-default.xml
_PORT, _WEB_PORT, _WEB_TLS_PORT = 8032, 8088, 8090


@dataclass(frozen=True)
class ResourceManagers:
    """`addresses`: where jobs are given to it, one for each of several; `webs`: URLs of their REST
    interfaces; `site`: the file that says so.
    """

    addresses: tuple[tuple[str, int], ...]
    webs: tuple[str, ...]
    site: Path


def resource_managers(environ: Mapping[str, str] = os.environ) -> ResourceManagers:
    """What `yarn-site.xml` says. Raises EnvironmentLacks where no folder is named or it has no such file."""
    site = _site(environ)
    values = {**_values(site.with_name("core-site.xml")), **_values(site)}

    def value(name: str, otherwise: str = "") -> str:
        return _filled(values.get(name, otherwise), values)

    ids = [""]
    if value(f"{_RM}.ha.enabled") == "true":
        ids = [f".{each.strip()}" for each in value(f"{_RM}.ha.rm-ids").split(",") if each.strip()]
    by_tls = value("yarn.http.policy") == "HTTPS_ONLY"
    web_name = "webapp.https.address" if by_tls else "webapp.address"
    found, webs = [], []
    for each in ids or [""]:
        host = value(f"{_RM}.hostname{each}") or value(f"{_RM}.hostname") or _ANY
        found.append(_address(value(f"{_RM}.address{each}"), host, _PORT))
        web = _address(
            value(f"{_RM}.{web_name}{each}"), host, _WEB_TLS_PORT if by_tls else _WEB_PORT
        )
        webs.append(f"http{'s' if by_tls else ''}://{_shown(*web)}")
    return ResourceManagers(tuple(found), tuple(webs), site)


def _site(environ: Mapping[str, str]) -> Path:
    named = [(name, environ[name]) for name in VARIABLES if environ.get(name)]
    hint = (
        "export HADOOP_CONF_DIR=/etc/hadoop/conf, the folder that has your cluster's yarn-site.xml"
    )
    if not named:
        raise EnvironmentLacks(
            "Spark finds YARN by HADOOP_CONF_DIR or YARN_CONF_DIR, and neither is set", hint=hint
        )
    for _, folder in named:
        if (site := Path(folder) / _SITE).is_file():
            return site
    shown = " and ".join(f"{name}={folder}" for name, folder in named)
    raise EnvironmentLacks(f"there is no {_SITE} in {shown}", hint=hint)


def _values(file: Path) -> dict[str, str]:
    """Name → value of each property; nothing of a file that is not there. Raises EnvironmentLacks."""
    try:
        root = ElementTree.parse(file).getroot()
    except FileNotFoundError:
        return {}
    except (OSError, ElementTree.ParseError) as error:
        raise EnvironmentLacks(
            f"{file} cannot be read: {error}", hint=f"xmllint --noout {file}"
        ) from error
    return {
        (each.findtext("name") or "").strip(): (each.findtext("value") or "").strip()
        for each in root.iter("property")
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    """With each `${name}` of a property replaced; what is none of them, as Java's own, stays."""
    for _ in range(_MOST_SUBSTITUTIONS):
        filled = _SYMBOL.sub(lambda match: values.get(match[1], match[0]), text)
        if filled == text:
            break
        text = filled
    return text


def _address(text: str, host: str, port: int) -> tuple[str, int]:
    if text:
        try:
            ((host, port),) = addresses(text)
        except ValueError:
            host = text  # a host alone
    return _HERE if host == _ANY else host, port


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
