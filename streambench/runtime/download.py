"""Downloading one file or many: verified, resumable by running again, safe beside another run."""

from __future__ import annotations

import errno
import hashlib
import http.client
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filelock import FileLock

from streambench import __version__
from streambench.model.errors import EnvironmentLacks

THREADS = 4
ATTEMPTS = 3
TIMEOUT_S = 60.0
CHUNK_BYTES = 1 << 18
# Losing the connection in the middle is worth another attempt; a refusal by the server is not.
BROKEN_OFF = (http.client.HTTPException, ConnectionError, TimeoutError)


class DownloadProgress(Protocol):
    """Who wants to hear how fetching goes. Calls may come from any thread, one at a time."""

    def start(self, total_bytes: int, what: str) -> None:
        """Fetching of `what` begins."""
        ...

    def advance(self, size_bytes: int) -> None:
        """So many bytes more have come; negative when an attempt had to be begun anew."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line of its own."""
        ...


class SilentProgress:
    """Tells nobody."""

    def start(self, total_bytes: int, what: str) -> None:
        """Say nothing."""

    def advance(self, size_bytes: int) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class File:
    """One file to have: where from, where to, and what it must be."""

    url: str
    path: Path
    sha256: str
    size_bytes: int

    @property
    def stamp(self) -> Path:
        """Holds the SHA-256 that the file beside it had when it was downloaded."""
        return self.path.with_name(f"{self.path.name}.sha256")

    def present(self) -> bool:
        """Whether the file is there, as verified when it came.

        Its bytes are not hashed again at each start (hundreds of MB): a file gets its name only
        after its SHA-256 matched, so the size and the stamp say that it is the one of the lock.
        """
        try:
            return (
                self.path.stat().st_size == self.size_bytes
                and self.stamp.read_text(encoding="ascii") == self.sha256
            )
        except OSError:
            return False


class _Cancelled(Exception):
    """Another download failed, so this one is of no use."""


def download_all(
    files: Iterable[File], *, what: str, hint: str, progress: DownloadProgress | None = None
) -> None:
    """Bring every absent file, four at a time; the first failure ends the others.

    `what` names the whole for the progress, `hint` tells the user what to do when the server
    cannot be reached. Raises EnvironmentLacks: unreachable, refused, altered, or no space.
    """
    absent = tuple(file for file in files if not file.present())
    if not absent:
        return
    teller = _OneAtATime(progress or SilentProgress())
    teller.start(sum(file.size_bytes for file in absent), what)
    stop = threading.Event()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="download") as pool:
        futures = [pool.submit(_have, file, hint, teller, stop) for file in absent]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:  # Ctrl-C too: the pool waits for its threads
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _OneAtATime:
    """Passes the calls of several threads on, never two at once."""

    def __init__(self, progress: DownloadProgress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def start(self, total_bytes: int, what: str) -> None:
        with self._lock:
            self._progress.start(total_bytes, what)

    def advance(self, size_bytes: int) -> None:
        with self._lock:
            self._progress.advance(size_bytes)

    def note(self, text: str) -> None:
        with self._lock:
            self._progress.note(text)


def _have(file: File, hint: str, progress: DownloadProgress, stop: threading.Event) -> None:
    """Download one file unless another run has brought it while this one waited for the lock."""
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.path.with_name(f"{file.path.name}.lock")):
            if file.present():
                progress.advance(file.size_bytes)
                return
            part = file.path.with_name(f"{file.path.name}.part")
            try:
                _download(file, part, hint, progress, stop)
                part.replace(file.path)
                file.stamp.write_text(file.sha256, encoding="ascii")
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise no_space_or_access(error, file.path.parent) from error


def _download(
    file: File, part: Path, hint: str, progress: DownloadProgress, stop: threading.Event
) -> None:
    """Write the verified bytes of `file` to `part`; try again when the connection breaks off."""
    for attempt in range(1, ATTEMPTS + 1):
        come = 0
        try:
            digest = hashlib.sha256()
            request = urllib.request.Request(
                file.url, headers={"User-Agent": f"streambench/{__version__}"}
            )
            with (
                urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer,
                part.open("wb") as out,
            ):
                while chunk := answer.read(CHUNK_BYTES):
                    if stop.is_set():
                        raise _Cancelled
                    digest.update(chunk)
                    out.write(chunk)
                    come += len(chunk)
                    progress.advance(len(chunk))
                # read(n) just ends where a connection broke off
                said = answer.headers.get("Content-Length")
                if said is not None and come < int(said):
                    raise ConnectionError(f"the connection broke off at {come} of {said} bytes")
        except urllib.error.HTTPError as error:
            error.close()
            raise EnvironmentLacks(
                f"{file.url} was refused: {error.code} {error.reason}", hint=hint
            ) from error
        except (urllib.error.URLError, *BROKEN_OFF) as error:
            progress.advance(-come)
            if attempt == ATTEMPTS:
                reason = error.reason if isinstance(error, urllib.error.URLError) else error
                raise EnvironmentLacks(
                    f"{file.path.name} could not be downloaded from {file.url}: {reason}",
                    hint=_certificate_hint(reason) or hint,
                ) from error
        else:
            _verify(file, digest.hexdigest(), come)
            return


def _verify(file: File, sha256: str, size_bytes: int) -> None:
    if sha256 == file.sha256:
        return
    raise EnvironmentLacks(
        f"{file.path.name} from {file.url} is not the file that streambench expects: "
        f"SHA-256 {sha256} ({size_bytes} bytes) instead of {file.sha256} ({file.size_bytes} bytes)",
        hint="a proxy or mirror answers with something else; see what it sends: "
        f"curl -sSIL {file.url}",
    )


def _certificate_hint(reason: object) -> str | None:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return "name your certificate bundle: export SSL_CERT_FILE=/path/to/ca-certificates.pem"
    return None


def no_space_or_access(error: OSError, folder: Path) -> EnvironmentLacks:
    """The user's word for a folder that cannot be written to."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EnvironmentLacks(
            f"no disk space is left for {folder}",
            hint="free some with `streambench clean`, or set STREAMBENCH_CACHE to another disk",
        )
    return EnvironmentLacks(
        f"{folder} cannot be written to: {error.strerror or error}",
        hint="set STREAMBENCH_CACHE to a folder that you may write to",
    )
