"""docker/k8s: by Kubernetes' own schemas; no rights, no root, and one number of shards and of workers in all places."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from streambench.cli.joining import Seat, run_id, seat
from tests.docker.files import DOCKER

K8S = DOCKER / "k8s"
VERSION = "1.32"
FOLDERS = ("base", "shards", "workers")
JOBS = ("base/run.yaml", "shards/players.yaml", "workers/workers.yaml")


def documents(path: Path) -> list[Any]:
    return [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]


def job(path: str) -> Any:
    (found,) = documents(K8S / path)
    return found


def resources() -> list[Path]:
    return sorted(path for path in K8S.rglob("*.yaml") if path.name != "kustomization.yaml")


@pytest.mark.parametrize("path", resources(), ids=lambda path: path.name)
def test_every_manifest_keeps_the_schema_of_its_kind(path: Path) -> None:
    for document in documents(path):
        kubernetes_validate.validate(document, VERSION, strict=True)


def test_the_schema_finds_what_is_wrong() -> None:
    wrong = job("base/run.yaml")
    wrong["spec"]["template"]["spec"]["containers"][0]["memory"] = "6Gi"
    with pytest.raises(kubernetes_validate.ValidationError, match="memory"):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_kustomization_names_what_is_there(folder: str) -> None:
    (told,) = documents(K8S / folder / "kustomization.yaml")
    named = told["resources"] + [
        file for secret in told.get("secretGenerator", ()) for file in secret["files"]
    ]
    for name in named:
        assert (K8S / folder / name).exists(), name
    own = {path.name for path in (K8S / folder).iterdir()} - {"kustomization.yaml"}
    assert own == {name for name in named if not name.startswith("..")}


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl here")
@pytest.mark.parametrize("folder", FOLDERS)
def test_what_kustomize_makes_of_it_keeps_the_schemas(folder: str) -> None:
    done = subprocess.run(
        ["kubectl", "kustomize", str(K8S / folder)], capture_output=True, text=True, check=True
    )
    made = [each for each in yaml.safe_load_all(done.stdout) if each]
    for document in made:
        kubernetes_validate.validate(document, VERSION, strict=True)
    maps = {each["metadata"]["name"] for each in made if each["kind"] in ("ConfigMap", "Secret")}
    jobs = [each["spec"]["template"]["spec"] for each in made if each["kind"] == "Job"]
    assert len(jobs) == (1 if folder == "base" else 2)
    for pod in jobs:
        (container,) = pod["containers"]
        used = {each["configMapRef"]["name"] for each in container["envFrom"]}
        used |= {each["secret"]["secretName"] for each in pod["volumes"] if "secret" in each}
        assert used == maps


@pytest.mark.parametrize("path", JOBS)
def test_a_pod_has_no_rights_and_is_not_root(path: str) -> None:
    pod = job(path)["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    limits = container["resources"]["limits"]
    assert limits == container["resources"]["requests"]
    assert limits["cpu"].isdigit()  # whole cores: else they are none of its own
    kinds = {document["kind"] for each in resources() for document in documents(each)}
    assert kinds == {"Job", "PersistentVolumeClaim", "ServiceAccount"}


def test_shards_are_as_many_everywhere() -> None:
    players = job("shards/players.yaml")["spec"]
    assert players["completionMode"] == "Indexed"
    assert players["completions"] == players["parallelism"]
    (container,) = players["template"]["spec"]["containers"]
    args = container["args"]
    assert args[args.index("--shard") + 1] == f"$(SHARD)/{players['completions']}"
    (told,) = documents(K8S / "shards" / "kustomization.yaml")
    (patch,) = yaml.safe_load(told["patches"][0]["patch"])
    run = patch["value"]
    assert run[run.index("--shards") + 1] == str(players["completions"])
    joined = args[args.index("--join") + 1]
    assert joined == run[run.index("--run-id") + 1] == "$(RUN_ID)"
    (named,) = (
        literal.removeprefix("RUN_ID=")
        for literal in told["configMapGenerator"][0]["literals"]
        if literal.startswith("RUN_ID=")
    )
    assert run_id(named) == named


def test_workers_are_as_many_everywhere() -> None:
    workers = job("workers/workers.yaml")["spec"]
    assert workers["completionMode"] == "Indexed"
    assert workers["completions"] == workers["parallelism"]
    (container,) = workers["template"]["spec"]["containers"]
    args = container["args"]
    assert seat(args[args.index("--worker") + 1].replace("$(WORKER)", "0")) == Seat(
        0, workers["completions"]
    )
    assert args[args.index("--join") + 1] == "$(STREAMBENCH_WORKERS_RUN_ID)"
    (told,) = documents(K8S / "workers" / "kustomization.yaml")
    literals = dict(each.split("=") for each in told["configMapGenerator"][0]["literals"])
    assert literals["STREAMBENCH_WORKERS"] == str(workers["completions"])
    assert run_id(literals["STREAMBENCH_WORKERS_RUN_ID"])
