"""Downloading a file whose size and SHA-256 are known beforehand.

What arrives is written to ``NAME.part`` beside its final name. A download that was cut goes on where it
stopped, also days later. Only a file with the right size and digest gets the final name, by renaming.
"""

import contextlib
import errno
import hashlib
import ipaddress
import os
import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import filelock
import requests
import urllib3
from tqdm import tqdm

ATTEMPTS = 6  # in a row, without a hundredth of the file gained
LONGEST_PAUSE = 300.0  # seconds; a server that asks for more is told to the user instead
SLOWEST = 100  # bytes a second, on average over one timeout: anything less is a stall
REDIRECTS = 5
TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
PIECE = 1 << 18  # bytes
ELSEWHERE = "set CONVNET_COURSE_DATA to a folder that you may write to and that has room"


@dataclass(frozen=True)
class Remote:
    """A file to download: where it is, how many bytes it has, and their SHA-256."""

    url: str
    size: int
    sha256: str

    @property
    def name(self):
        return urlsplit(self.url).path.rsplit("/", 1)[-1]


class FetchError(Exception):
    """A download that came to nothing; the message says why and what to do. The final name was not touched."""


def fetch(remote, folder, *, timeout=30.0, pause=1.0, loopback_http=False):
    """Download ``remote`` into ``folder`` and return its path; a file that is there and right is kept.

    Cut connections, stalls of ``timeout`` seconds and the answers 408, 425, 429 and 5xx are tried again after
    ``pause`` seconds, doubled each time, with jitter, or after what the server asks for (Retry-After). Any other answer
    ends it at once. Only HTTPS is spoken, through redirects too; ``loopback_http=True`` also allows plain HTTP to
    this machine itself. Raises ``FetchError``. Two processes must not fetch into one folder at once: see ``alone``.
    """
    folder = Path(folder)
    path, part = folder / remote.name, folder / f"{remote.name}.part"
    with disk_errors(path):
        if _is_right(path, remote):
            return path
        folder.mkdir(parents=True, exist_ok=True)
        _download(remote, part, timeout, pause, loopback_http)
        part.replace(path)
        sync_folder(folder)
    return path


class _Again(Exception):
    """A failure that another attempt may mend; ``after`` is the server's wish in seconds."""

    def __init__(self, reason, after=None):
        super().__init__(reason)
        self.after = after


def _download(remote, part, timeout, pause, loopback_http):
    """Fill ``part`` until it is right, attempt by attempt."""
    failures, gained = 0, _size(part)
    with requests.Session() as session, _progress(remote, part) as progress:
        while True:
            resumed = _size(part) > 0
            try:
                if _size(part) < remote.size:
                    _room(remote, part)
                    _attempt(session, remote, part, timeout, loopback_http, progress)
                if _is_right(part, remote):
                    return
                _empty(part, progress)
                if not resumed:
                    raise FetchError(
                        f"{remote.url}: what arrived is not the file that is expected (SHA-256 {remote.sha256[:12]}…): "
                        "it was changed at its source or on the way; nothing was kept"
                    )
            except _Again as reason:
                if _size(part) - gained >= remote.size / 100:
                    failures, gained = 0, _size(part)
                failures += 1
                if failures == ATTEMPTS:
                    raise FetchError(
                        f"{remote.url}: given up after {ATTEMPTS} attempts, the last: {reason}. Run the same command "
                        f"later: it goes on from the {_size(part):,} of {remote.size:,} bytes that are here"
                    ) from reason
                time.sleep(_wait(failures, pause, reason, remote))


def _attempt(session, remote, part, timeout, loopback_http, progress):
    """One request; appends to ``part`` what it brings."""
    start = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with (
        _network_errors(remote.url, part, timeout),
        _answer(session, remote.url, headers, timeout, loopback_http) as answer,
    ):
        if answer.status_code == 416:
            _empty(part, progress)
            raise _Again("the server does not know the part that is missing")
        _judge(answer, remote)
        if start and not _continues(answer, start):
            _empty(part, progress)
            if answer.status_code == 206:
                raise _Again("the server sent another part than the one asked for")
        _append(answer, part, remote, timeout, progress)


def _answer(session, url, headers, timeout, loopback_http):
    """The answer at the end of the redirects, none of which may leave HTTPS."""
    for _ in range(REDIRECTS + 1):
        _speaks_safely(url, loopback_http)
        answer = session.get(url, headers=headers, stream=True, timeout=timeout, allow_redirects=False)
        if not answer.is_redirect:
            return answer
        answer.close()
        url = urljoin(url, answer.headers["location"])
    raise FetchError(f"{url}: more than {REDIRECTS} redirects; the address has to be looked up anew")


def _speaks_safely(url, loopback_http):
    parts = urlsplit(url)
    if parts.scheme == "https" or (loopback_http and parts.scheme == "http" and _is_loopback(parts.hostname)):
        return
    raise FetchError(f"{url}: only https:// addresses are downloaded from, and only to such may they redirect")


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _judge(answer, remote):
    """Raise unless the answer brings the file, or its rest."""
    status = answer.status_code
    if status in TRANSIENT:
        raise _Again(f"the server answered {status} {answer.reason}", _asked_for(answer.headers))
    if status not in (200, 206):
        raise FetchError(f"{remote.url}: the server answered {status} {answer.reason}; the file is not to be had there")
    length = answer.headers.get("Content-Length", "")
    if status == 200 and length.isdigit() and int(length) != remote.size:
        raise FetchError(
            f"{remote.url}: the file there has {int(length):,} bytes, not the expected {remote.size:,}: "
            "it was changed; nothing was kept"
        )


def _continues(answer, start):
    """Whether the answer begins where the part ends; a server may ignore the range and send all."""
    return answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def _append(answer, part, remote, timeout, progress):
    since, received = time.monotonic(), 0
    with part.open("ab") as file:
        while piece := answer.raw.read1(PIECE):
            file.write(piece)
            progress.update(len(piece))
            if file.tell() > remote.size:
                break
            received += len(piece)
            if time.monotonic() - since > timeout:
                if received < SLOWEST * timeout:
                    raise _Again(f"only {received} bytes came in {timeout:g} s")
                since, received = time.monotonic(), 0
        file.flush()
        os.fsync(file.fileno())
    if _size(part) < remote.size:
        raise _Again("the connection was cut")


def _wait(failures, pause, reason, remote):
    """Seconds until the next attempt. The jitter keeps a class of students from coming back all at once."""
    if reason.after is None:
        return min(pause * 2 ** (failures - 1), LONGEST_PAUSE) * random.uniform(0.5, 1.5)
    if reason.after > LONGEST_PAUSE:
        raise FetchError(f"{remote.url}: {reason}, and asks to wait {reason.after:,.0f} s; run the same command then")
    return reason.after


def _asked_for(headers):
    """Seconds that a Retry-After header asks for, given as a number or as a date; ``None`` without one."""
    try:
        return urllib3.Retry().get_retry_after(urllib3.HTTPResponse(headers=headers))
    except urllib3.exceptions.InvalidHeader:
        return None


@contextlib.contextmanager
def _network_errors(url, part, timeout):
    host = urlsplit(url).hostname
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise FetchError(f"{url}: no trusted connection could be made ({error})") from error
    except requests.exceptions.ProxyError as error:
        raise FetchError(f"{url}: the proxy does not let this through ({error})") from error
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise _Again(f"nothing came for {timeout:g} s") from error
    except requests.exceptions.ConnectionError as error:
        if isinstance(getattr(error.args[0], "reason", None), urllib3.exceptions.NewConnectionError):
            raise FetchError(
                f"{url}: no connection to {host}. Is this machine online? "
                f"Or put the file at {part.with_suffix('')} yourself: it is checked and used"
            ) from error
        raise _Again("the connection was cut") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _Again("the connection was cut") from error


@contextlib.contextmanager
def disk_errors(path):
    """Turn an ``OSError`` of writing to ``path`` into a ``FetchError`` that says what to do."""
    try:
        yield
    except OSError as error:
        raise FetchError(f"{path}: {_why_not_written(error)}") from error


def _why_not_written(error):
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk is full, or your share of it ({error.strerror}); make room, or {ELSEWHERE}"
    return f"cannot be written ({error.strerror or error}); {ELSEWHERE}"


@contextlib.contextmanager
def alone(folder):
    """Keep two processes from fetching into the same folder at once; raises ``FetchError`` in the second."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        lock = filelock.FileLock(folder / ".lock", timeout=0).acquire()
    except filelock.Timeout as error:
        raise FetchError(f"{folder}: another download into this folder is under way; wait for it to end") from error
    with lock:
        yield


def _room(remote, part):
    missing, free = remote.size - _size(part), shutil.disk_usage(part.parent).free
    if missing > free:
        raise OSError(errno.ENOSPC, f"{missing:,} more bytes are needed, {free:,} are free")


def sync_folder(folder):
    """Make a renaming in the folder survive a power cut, where the system can."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _progress(remote, part):
    # disable=None: no bar where there is no terminal, so that logs and notebooks stay clean.
    return tqdm(
        total=remote.size,
        initial=_size(part),
        unit="B",
        unit_scale=True,
        unit_divisor=1000,
        desc=remote.name,
        disable=None,
    )


def _size(part):
    return part.stat().st_size if part.is_file() else 0


def _empty(part, progress):
    part.unlink(missing_ok=True)
    progress.reset()


def _is_right(path, remote):
    if _size(path) != remote.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == remote.sha256
