from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from streambench.model.errors import EngineFailed, UsageError
from streambench.model.plan import Artifacts
from streambench.runtime import artifacts as artifacts_module
from streambench.runtime import jars
from streambench.runtime.artifacts import Download, missing, resolve
from streambench.runtime.compiler import compile_java
from streambench.runtime.jars import Jar, absent_jars
from streambench.runtime.java import Java, find_java

BROKER = Artifacts(java=True, jar_sets=("broker",))
STREAMS = Artifacts(java=True, jar_sets=("streams", "compiler"))
FLINK = Artifacts(java=True, jar_sets=("streams",), python_env="flink-2.2.1")


@pytest.fixture(autouse=True)
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three small jars in a Maven repository that is a folder, an empty cache, and a Java."""

    def jar(name: str, size_bytes: int) -> Jar:
        content = name[0].encode() * size_bytes
        jar = Jar(f"org.example:{name}:1.0", hashlib.sha256(content).hexdigest(), size_bytes)
        path = tmp_path / "repository" / jar.location
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        return jar

    clients, streams, ecj = jar("clients", 100), jar("streams", 20), jar("ecj", 3)
    sets = {"broker": (clients,), "streams": (clients, streams), "compiler": (ecj,)}
    monkeypatch.setattr(jars, "jar_sets", lambda: sets)
    monkeypatch.setenv("STREAMBENCH_MAVEN_URL", (tmp_path / "repository").as_uri())
    monkeypatch.setenv("STREAMBENCH_CACHE", str(tmp_path / "cache"))
    with_java(monkeypatch, Java(Path("/jvm/bin/java"), 17, "PATH"))


def with_java(monkeypatch: pytest.MonkeyPatch, java: Java | None) -> None:
    monkeypatch.setattr(artifacts_module, "find_java", lambda: java)
    monkeypatch.setattr(artifacts_module, "resolve_java", lambda progress=None: java)


def test_what_is_missing_is_counted_once() -> None:
    assert missing([BROKER, STREAMS, BROKER]) == (
        Download("broker jars", 100, 100),
        Download("streams jars", 20, 20),
        Download("compiler jars", 3, 3),
    )


def test_what_was_resolved_is_no_longer_missing() -> None:
    resolved = resolve(STREAMS)
    assert [path.name for path in resolved.jars["streams"]] == [
        "clients-1.0.jar",
        "streams-1.0.jar",
    ]
    assert [path.name for path in resolved.jars["compiler"]] == ["ecj-1.0.jar"]
    assert resolved.java == Path("/jvm/bin/java")
    assert resolved.python is None
    assert missing([STREAMS, BROKER]) == ()
    assert missing([]) == ()


def test_an_engine_environment_and_a_java_are_missing_with_their_sizes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_java(monkeypatch, None)
    java, clients, streams, flink = missing([BROKER, FLINK])
    assert "Java" in java.name
    assert (clients.download_bytes, streams.download_bytes) == (100, 20)
    assert "flink-2.2.1" in flink.name
    assert flink.disk_bytes > flink.download_bytes > 100_000_000


def test_a_name_that_no_lock_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="no-such-set"):
        resolve(Artifacts(java=True, jar_sets=("no-such-set",)))
    with pytest.raises(UsageError, match="no-such-env"):
        resolve(Artifacts(java=True, python_env="no-such-env"))


GOOD = 'public class Greeting { public static String word() { return "good"; } }'


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A real Java and ECJ from the user's own cache; skipped where they have not been fetched."""
    monkeypatch.undo()
    java = find_java()
    if java is None or absent_jars(["compiler"]):
        pytest.skip("Java and the compiler are not in the cache: run `streambench fetch`")
    [ecj] = (jar.file.path for jar in jars.jar_set("compiler"))
    return java.path, ecj


@pytest.mark.broker
def test_java_sources_are_compiled_once_for_the_same_content(
    tools: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java, ecj = tools
    monkeypatch.setenv("STREAMBENCH_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "Greeting.java"
    source.write_text(GOOD)
    first = compile_java((source,), classpath=(), out=tmp_path / "a", java=java, ecj=ecj)
    assert (first / "Greeting.class").read_bytes()[:4] == b"\xca\xfe\xba\xbe"

    no_java = tmp_path / "no-java"
    again = compile_java((source,), classpath=(), out=tmp_path / "b", java=no_java, ecj=ecj)
    assert (again / "Greeting.class").read_bytes() == (first / "Greeting.class").read_bytes()

    source.write_text(GOOD.replace("good", "better"))
    changed = compile_java((source,), classpath=(), out=tmp_path / "c", java=java, ecj=ecj)
    assert b"better" in (changed / "Greeting.class").read_bytes()


@pytest.mark.broker
def test_a_source_that_does_not_compile_fails_with_the_compilers_words(
    tools: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java, ecj = tools
    monkeypatch.setenv("STREAMBENCH_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "Greeting.java"
    source.write_text(GOOD.replace("String word", "Strnig word"))
    with pytest.raises(EngineFailed, match=r"Greeting\.java does not compile") as caught:
        compile_java((source,), classpath=(), out=tmp_path / "a", java=java, ecj=ecj)
    assert caught.value.stage == "compile"
    assert "Strnig cannot be resolved" in caught.value.log_tail
    assert not list((tmp_path / "cache" / "classes").iterdir())
