from __future__ import annotations

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.runtime import jars
from streambench.runtime.download import File, download_all
from streambench.runtime.jars import Jar, absent_jars, jar_set, jar_sets, resolve_jars

CONTENT = bytes(range(256)) * 4000  # 1 MB: more than one chunk


class Repository:
    """A Maven repository on 127.0.0.1 that counts what it is asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.break_off_first = 0  # answers that end in the middle before it behaves

        repository = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                repository.requests.append(self.path)
                content = repository.files.get(self.path)
                if content is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if repository.break_off_first > 0:
                    repository.break_off_first -= 1
                    content = content[: len(content) // 2]
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def holds(self, coordinate: str, content: bytes) -> Jar:
        jar = Jar(coordinate, hashlib.sha256(content).hexdigest(), len(content))
        self.files[f"/{jar.location}"] = content
        return jar

    def close(self) -> None:
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()


class Tally:
    """A Progress that adds up."""

    def __init__(self) -> None:
        self.total_bytes = 0
        self.come_bytes = 0

    def start(self, total_bytes: int, what: str) -> None:
        self.total_bytes += total_bytes

    def advance(self, size_bytes: int) -> None:
        self.come_bytes += size_bytes

    def note(self, text: str) -> None:
        pass


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Repository]:
    repository = Repository()
    monkeypatch.setenv("STREAMBENCH_MAVEN_URL", repository.url + "/")
    monkeypatch.setenv("STREAMBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield repository
    repository.close()


def use(monkeypatch: pytest.MonkeyPatch, **sets: tuple[Jar, ...]) -> None:
    monkeypatch.setattr(jars, "jar_sets", lambda: sets)


def cached(tmp_path: Path) -> list[str]:
    """Names of the jars in the cache, whole or in part."""
    files = (tmp_path / "cache").rglob("*.jar*")
    return sorted(file.name for file in files if file.suffix in (".jar", ".part"))


def test_a_jar_is_fetched_once_and_then_needs_no_network(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = repository.holds("org.example:thing:1.0", CONTENT)
    use(monkeypatch, broker=(jar,))
    assert absent_jars(["broker"]) == (jar,)
    [path] = resolve_jars(["broker"])["broker"]
    assert path.read_bytes() == CONTENT
    assert path.name == "thing-1.0.jar"
    repository.close()
    assert absent_jars(["broker"]) == ()
    assert resolve_jars(["broker"]) == {"broker": (path,)}


def test_a_jar_that_two_sets_share_is_fetched_once(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = repository.holds("org.example:shared:1.0", b"shared")
    own = repository.holds("org.example:own:1.0", b"own")
    use(monkeypatch, broker=(shared,), streams=(shared, own))
    progress = Tally()
    found = resolve_jars(["broker", "streams"], progress=progress)
    assert sorted(repository.requests) == sorted([f"/{own.location}", f"/{shared.location}"])
    assert [path.name for path in found["streams"]] == ["shared-1.0.jar", "own-1.0.jar"]
    assert (progress.total_bytes, progress.come_bytes) == (9, 9)


def test_a_jar_that_does_not_match_is_named_with_both_hashes_and_not_kept(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jar = repository.holds("org.example:thing:1.0", CONTENT)
    altered = CONTENT[:-1] + b"!"
    repository.files[f"/{jar.location}"] = altered
    use(monkeypatch, broker=(jar,))
    with pytest.raises(EnvironmentLacks) as caught:
        resolve_jars(["broker"])
    assert "thing-1.0.jar" in caught.value.message
    assert jar.sha256 in caught.value.message
    assert hashlib.sha256(altered).hexdigest() in caught.value.message
    assert caught.value.hint is not None
    assert cached(tmp_path) == []


def test_an_offline_machine_is_told_of_fetch_and_of_mirrors(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jar = repository.holds("org.example:thing:1.0", CONTENT)
    use(monkeypatch, broker=(jar,))
    repository.close()
    with pytest.raises(
        EnvironmentLacks, match=r"thing-1\.0\.jar could not be downloaded"
    ) as caught:
        resolve_jars(["broker"])
    assert "streambench fetch" in str(caught.value.hint)
    assert "STREAMBENCH_MAVEN_URL" in str(caught.value.hint)
    assert cached(tmp_path) == []


def test_a_repository_without_the_jar_is_named_with_its_answer(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, broker=(Jar("org.example:absent:1.0", "0" * 64, 1),))
    with pytest.raises(EnvironmentLacks, match="404") as caught:
        resolve_jars(["broker"])
    assert repository.url in caught.value.message
    assert len(repository.requests) == 1


def test_a_connection_that_breaks_off_is_tried_again_and_counted_right(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = repository.holds("org.example:thing:1.0", CONTENT)
    use(monkeypatch, broker=(jar,))
    repository.break_off_first = 2
    progress = Tally()
    [path] = resolve_jars(["broker"], progress=progress)["broker"]
    assert path.read_bytes() == CONTENT
    assert len(repository.requests) == 3
    assert progress.come_bytes == progress.total_bytes == len(CONTENT)


def test_a_connection_that_always_breaks_off_is_given_up(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jar = repository.holds("org.example:thing:1.0", CONTENT)
    use(monkeypatch, broker=(jar,))
    repository.break_off_first = 1000
    with pytest.raises(EnvironmentLacks, match="broke off"):
        resolve_jars(["broker"])
    assert cached(tmp_path) == []


def test_runs_at_the_same_time_fetch_a_jar_once(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = repository.holds("org.example:thing:1.0", CONTENT)
    use(monkeypatch, broker=(jar,))
    with ThreadPoolExecutor(6) as pool:
        runs = [pool.submit(resolve_jars, ["broker"]) for _ in range(6)]
    assert {run.result()["broker"][0].read_bytes() for run in runs} == {CONTENT}
    assert len(repository.requests) == 1


def test_a_jar_cut_short_in_the_cache_is_fetched_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = repository.holds("org.example:thing:1.0", CONTENT)
    use(monkeypatch, broker=(jar,))
    [path] = resolve_jars(["broker"])["broker"]
    path.write_bytes(CONTENT[:-1])
    resolve_jars(["broker"])
    assert path.read_bytes() == CONTENT


def test_a_jar_whose_hash_changed_in_the_lock_is_fetched_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, broker=(repository.holds("org.example:thing:1.0", b"old"),))
    [path] = resolve_jars(["broker"])["broker"]
    use(monkeypatch, broker=(repository.holds("org.example:thing:1.0", b"new"),))
    resolve_jars(["broker"])
    assert path.read_bytes() == b"new"


def test_a_failure_ends_the_other_downloads(tmp_path: Path, repository: Repository) -> None:
    good = [repository.holds(f"org.example:good{i}:1.0", CONTENT) for i in range(40)]
    bad = Jar("org.example:absent:1.0", "0" * 64, 1)
    with pytest.raises(EnvironmentLacks, match="404"):
        download_all((jar.file for jar in (bad, *good)), what="jars", hint="")
    assert len(repository.requests) < 41
    assert not [name for name in cached(tmp_path) if name.endswith(".part")]


def test_a_folder_that_cannot_be_written_to_is_said_so(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    file = File(f"{repository.url}/x", tmp_path / "file" / "x.jar", "0" * 64, 1)
    with pytest.raises(EnvironmentLacks, match="cannot be written to") as caught:
        download_all([file], what="x", hint="")
    assert "STREAMBENCH_CACHE" in str(caught.value.hint)


def test_a_set_that_is_not_in_the_lock_is_refused() -> None:
    with pytest.raises(UsageError, match="brokr"):
        jar_set("brokr")


def test_every_jar_of_the_lock_has_a_hash_and_a_size() -> None:
    every = {jar for jars_of_set in jar_sets().values() for jar in jars_of_set}
    assert len(every) > 50
    for jar in every:
        assert re.fullmatch(r"[0-9a-f]{64}", jar.sha256), jar
        assert jar.size_bytes > 1000, jar


def test_the_lock_has_the_sets_that_engines_ask_for() -> None:
    assert set(jar_sets()) == {
        *("broker-4.3.1", "broker-4.4.0"),
        *("streams-4.3.1", "streams-4.4.0"),
        "streams-rocksdb",  # of a variant alone
        *("flink-connector-4.0.1-2.0", "flink-connector-5.0.0-2.2"),
        "flink-tokens",
        *("spark-connector-4.1.1", "spark-connector-4.2.0"),
        "yarn-3.5.0",  # nor this: a real YARN for tests
        "compiler",
        "streams-driver-4.4.0",  # that no engine asks for: tests of generated topologies do
    }
    broker, streams = (
        {jar.coordinate for jar in jar_set(name)} for name in ("broker-4.3.1", "streams-4.3.1")
    )
    assert "org.apache.kafka:kafka-clients:4.3.1" in broker & streams
    # Stores are in memory, and RocksDB alone is larger than all other jars.
    assert not [name for name in streams if "rocksdb" in name]
