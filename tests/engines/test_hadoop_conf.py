"""Where a YARN is, as Hadoop's own configuration says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.engines.spark.hadoop_conf import resource_managers
from streambench.model.errors import EnvironmentLacks


def site(folder: Path, **properties: str) -> dict[str, str]:
    """An environment whose HADOOP_CONF_DIR has these, `_` for `.` and `__` for `-`."""
    return {"HADOOP_CONF_DIR": str(write(folder, "yarn-site.xml", properties))}


def write(folder: Path, name: str, properties: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    lines = "".join(
        f"<property><name>{key.replace('__', '-').replace('_', '.')}</name><value>{value}</value></property>"
        for key, value in properties.items()
    )
    (folder / name).write_text(f"<configuration>{lines}</configuration>")
    return folder


def test_without_a_folder_the_variables_are_named() -> None:
    with pytest.raises(EnvironmentLacks, match="HADOOP_CONF_DIR or YARN_CONF_DIR") as lacking:
        resource_managers({"HADOOP_CONF_DIR": ""})
    assert "export HADOOP_CONF_DIR=" in (lacking.value.hint or "")


def test_a_folder_without_the_file_is_told_and_the_other_variables_is_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    empty = {"HADOOP_CONF_DIR": str(tmp_path / "empty")}
    with pytest.raises(EnvironmentLacks, match=r"no yarn-site\.xml in HADOOP_CONF_DIR="):
        resource_managers(empty)
    there = site(tmp_path / "there", yarn_resourcemanager_hostname="rm")
    found = resource_managers(empty | {"YARN_CONF_DIR": there["HADOOP_CONF_DIR"]})
    assert found.addresses == (("rm", 8032),)


def test_a_file_that_is_no_xml_is_told(tmp_path: Path) -> None:
    (tmp_path / "yarn-site.xml").write_text("<configuration>")
    with pytest.raises(EnvironmentLacks, match=r"yarn-site\.xml cannot be read"):
        resource_managers({"YARN_CONF_DIR": str(tmp_path)})


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"yarn_resourcemanager_hostname": "0.0.0.0"},
        {
            "yarn_resourcemanager_address": "0.0.0.0:8032",
            "yarn_resourcemanager_webapp_address": "0.0.0.0:8088",
        },
    ],
)
def test_what_a_server_binds_is_this_machine_to_who_asks(
    tmp_path: Path, properties: dict[str, str]
) -> None:
    found = resource_managers(site(tmp_path, **properties))
    assert found.addresses == (("127.0.0.1", 8032),)
    assert found.webs == ("http://127.0.0.1:8088",)


def test_ports_are_hadoops_where_only_a_host_is_named(tmp_path: Path) -> None:
    found = resource_managers(site(tmp_path, yarn_resourcemanager_hostname="rm.example"))
    assert found.addresses == (("rm.example", 8032),)
    assert found.webs == ("http://rm.example:8088",)


def test_a_value_may_name_other_properties(tmp_path: Path) -> None:
    write(tmp_path, "core-site.xml", {"my_domain": "example"})
    environ = site(
        tmp_path,
        yarn_resourcemanager_hostname="rm.${my.domain}",
        yarn_resourcemanager_address="${yarn.resourcemanager.hostname}:9032",
        yarn_resourcemanager_webapp_address="${yarn.resourcemanager.hostname}:9088",
    )
    found = resource_managers(environ)
    assert found.addresses == (("rm.example", 9032),)
    assert found.webs == ("http://rm.example:9088",)


def test_a_name_that_stands_for_itself_ends(tmp_path: Path) -> None:
    found = resource_managers(site(tmp_path, yarn_resourcemanager_hostname="a${x}", x="b${x}"))
    assert found.addresses[0][0].startswith("abbb")


def test_of_several_each_is_found(tmp_path: Path) -> None:
    environ = site(
        tmp_path,
        yarn_resourcemanager_ha_enabled="true",
        yarn_resourcemanager_ha_rm__ids="rm1, rm2",
        yarn_resourcemanager_hostname_rm1="one",
        yarn_resourcemanager_hostname_rm2="two",
        yarn_resourcemanager_webapp_address_rm2="two:9088",
    )
    found = resource_managers(environ)
    assert found.addresses == (("one", 8032), ("two", 8032))
    assert found.webs == ("http://one:8088", "http://two:9088")


def test_pages_by_tls_have_their_own_address(tmp_path: Path) -> None:
    found = resource_managers(
        site(tmp_path, yarn_resourcemanager_hostname="rm", yarn_http_policy="HTTPS_ONLY")
    )
    assert found.webs == ("https://rm:8090",)
