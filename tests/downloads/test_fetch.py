"""Downloads, against a server that does what servers and networks do to people."""

import contextlib
import email.utils
import hashlib
import io
import os
import random
import signal
import socket
import subprocess
import sys
import time

import pytest

from data_scripts.fetch import ATTEMPTS, FetchError, Remote, alone, fetch

CONTENT = random.Random(1).randbytes(300_000)
QUICK = {"timeout": 10, "pause": 0.01, "loopback_http": True}
IMPATIENT = QUICK | {"timeout": 1}


def remote(server, content=CONTENT):
    return Remote(server.url(), len(content), hashlib.sha256(content).hexdigest())


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_and_leaves_nothing_else(server, tmp_path):
    server.plan = [server.sends(CONTENT)]
    path = fetch(remote(server), tmp_path / "new" / "folder", **QUICK)
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == ["data.bin"]


def test_a_file_that_is_there_is_not_asked_for_again(server, tmp_path):
    (tmp_path / "data.bin").write_bytes(CONTENT)
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert server.requests == []


def test_a_wrong_file_under_the_final_name_is_replaced(server, tmp_path):
    (tmp_path / "data.bin").write_bytes(CONTENT[:-1] + b"?")
    server.plan = [server.sends(CONTENT)]
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT


@pytest.mark.parametrize("length", [True, False], ids=["length told", "length not told"])
def test_a_cut_download_goes_on_where_it_stopped(server, tmp_path, length):
    server.plan = [
        server.sends(CONTENT, cut=100_000, length=length),
        server.sends(CONTENT, cut=50_000),
        server.sends(CONTENT),
    ]
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_the_part_of_an_earlier_run_is_used(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:299_999])
    server.plan = [server.sends(CONTENT)]
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert server.ranges == ["bytes=299999-"]


def test_a_whole_part_of_an_earlier_run_needs_no_server(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(CONTENT)
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert server.requests == []


@pytest.mark.parametrize("part", [b"x" * 1000, b"x" * 300_000, b"x" * 300_001], ids=["short", "as long", "longer"])
def test_a_part_with_wrong_content_is_thrown_away(server, tmp_path, part):
    (tmp_path / "data.bin.part").write_bytes(part)
    server.plan = [server.sends(CONTENT)]
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert server.ranges[-1] is None
    assert names(tmp_path) == ["data.bin"]


def test_a_server_that_ignores_ranges_is_read_from_the_start(server, tmp_path):
    server.plan = [server.sends(CONTENT, cut=100_000), server.sends(CONTENT, ranges=False)]
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_a_server_that_sends_another_range_is_read_from_the_start(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:1000])
    server.plan = [server.sends(CONTENT, shift=7), server.sends(CONTENT)]
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-", None]


def test_a_server_that_refuses_the_range_is_read_from_the_start(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:1000])
    server.plan = [server.says(416), server.sends(CONTENT)]
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-", None]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server, tmp_path, status):
    server.plan = [server.says(status), server.says(status), server.sends(CONTENT)]
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert len(server.requests) == 3


def test_the_pauses_grow(server, tmp_path):
    server.plan = [server.says(503)] * (ATTEMPTS - 1) + [server.sends(CONTENT)]
    start = time.monotonic()
    fetch(remote(server), tmp_path, **QUICK | {"pause": 0.02})
    # 0.02 · (1 + 2 + 4 + 8 + 16) s, each times 0.5 … 1.5; five equal pauses would take 0.15 s at most.
    assert time.monotonic() - start > 0.3


@pytest.mark.parametrize("dated", [False, True], ids=["seconds", "date"])
def test_the_server_decides_how_long_to_wait(server, tmp_path, dated):
    until = time.time() + 2  # a date has whole seconds: at least one remains
    asked = email.utils.formatdate(until, usegmt=True) if dated else "1"
    server.plan = [server.says(429, Retry_After=asked), server.sends(CONTENT)]
    start = time.monotonic()
    fetch(remote(server), tmp_path, **QUICK)
    assert 0.9 < time.monotonic() - start < 8


def test_a_long_wait_is_left_to_the_user(server, tmp_path):
    server.plan = [server.says(429, Retry_After="7200")]
    with pytest.raises(FetchError, match=r"429 .*7,200 s"):
        fetch(remote(server), tmp_path, **QUICK)
    assert len(server.requests) == 1


def test_a_server_that_stays_busy_is_given_up_and_the_part_is_kept(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:1000])
    server.plan = [server.says(503)]
    with pytest.raises(FetchError, match=r"6 attempts.*503.*goes on from the 1,000 of 300,000 bytes"):
        fetch(remote(server), tmp_path, **QUICK)
    assert len(server.requests) == ATTEMPTS
    assert names(tmp_path) == ["data.bin.part"]


def test_progress_makes_the_patience_new(server, tmp_path):
    cuts = [server.sends(CONTENT, cut=20_000)] * (2 * ATTEMPTS)
    server.plan = [*cuts, server.sends(CONTENT)]
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert len(server.requests) == 2 * ATTEMPTS + 1


def test_a_download_that_only_crawls_forward_is_given_up(server, tmp_path):
    server.plan = [server.sends(CONTENT, cut=10)]
    with pytest.raises(FetchError, match="the connection was cut"):
        fetch(remote(server), tmp_path, **QUICK)
    assert len(server.requests) == ATTEMPTS


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_file_that_is_not_there_is_asked_for_once(server, tmp_path, status):
    server.plan = [server.says(status)]
    with pytest.raises(FetchError, match=rf"answered {status}"):
        fetch(remote(server), tmp_path, **QUICK)
    assert len(server.requests) == 1
    assert names(tmp_path) == []


def test_a_server_that_falls_silent_is_left(server, tmp_path):
    server.plan = [server.sends(CONTENT, stall=120_000), server.sends(CONTENT)]
    assert fetch(remote(server), tmp_path, **IMPATIENT).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=120000-"]


def test_a_server_that_only_drips_is_left(server, tmp_path):
    server.plan = [server.sends(CONTENT, trickle=0), server.sends(CONTENT)]
    assert fetch(remote(server), tmp_path, **IMPATIENT).read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_a_server_that_never_answers_is_given_up(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:  # connects, and that is all
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/data.bin"
        with pytest.raises(FetchError, match=r"nothing came for 0\.05 s"):
            fetch(Remote(url, 1, "0"), tmp_path, timeout=0.05, pause=0.001, loopback_http=True)


@pytest.mark.parametrize("length", [True, False], ids=["length told", "length not told"])
def test_wrong_bytes_are_not_kept(server, tmp_path, length):
    server.plan = [server.sends(CONTENT[:-1] + b"?", length=length)]
    with pytest.raises(FetchError, match="not the file that is expected"):
        fetch(remote(server), tmp_path, **QUICK)
    assert len(server.requests) == 1
    assert names(tmp_path) == []


def test_a_file_of_another_size_is_not_begun(server, tmp_path):
    server.plan = [server.sends(b"<html>Please log in</html>")]
    with pytest.raises(FetchError, match="has 26 bytes, not the expected 300,000"):
        fetch(remote(server), tmp_path, **QUICK)
    assert names(tmp_path) == []


def test_a_file_without_end_is_cut_off(server, tmp_path):
    server.plan = [server.sends(CONTENT * 100, length=False)]
    with pytest.raises(FetchError, match="not the file that is expected"):
        fetch(remote(server), tmp_path, **QUICK)
    assert server.hung_up.wait(10)
    assert names(tmp_path) == []


def test_redirects_are_followed(server, tmp_path):
    server.plan = [
        server.says(302, Location="/elsewhere"),
        server.says(307, Location=server.url("there")),
        server.sends(CONTENT),
    ]
    assert fetch(remote(server), tmp_path, **QUICK).read_bytes() == CONTENT
    assert [path for path, _ in server.requests] == ["/data.bin", "/elsewhere", "/there"]


def test_redirects_in_a_circle_end(server, tmp_path):
    server.plan = [server.says(302, Location="/data.bin")]
    with pytest.raises(FetchError, match="more than 5 redirects"):
        fetch(remote(server), tmp_path, **QUICK)


@pytest.mark.parametrize("location", ["http://192.0.2.1/data.bin", "ftp://127.0.0.1/data.bin", "file:///etc/passwd"])
def test_a_redirect_never_leaves_https(server, tmp_path, location):
    server.plan = [server.says(302, Location=location)]
    with pytest.raises(FetchError, match="only https"):
        fetch(remote(server), tmp_path, **QUICK)
    assert names(tmp_path) == []


def test_plain_http_is_refused_unless_it_is_asked_for(server, tmp_path):
    server.plan = [server.sends(CONTENT)]
    with pytest.raises(FetchError, match="only https"):
        fetch(remote(server), tmp_path, timeout=1, pause=0.01)
    assert server.requests == []


def test_a_server_without_a_certificate_is_not_trusted(server, tmp_path):
    server.plan = [server.sends(CONTENT)]
    with pytest.raises(FetchError, match="no trusted connection"):  # it speaks plain HTTP where TLS is expected
        fetch(Remote(server.url().replace("http:", "https:"), 1, "0"), tmp_path, timeout=1, pause=0.01)


def test_no_network_is_told_at_once_with_the_way_around(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(FetchError, match=rf"no connection to 127\.0\.0\.1.*put the file at {tmp_path}/data\.bin"):
        fetch(Remote(f"http://127.0.0.1:{port}/data.bin", 1, "0"), tmp_path, timeout=1, loopback_http=True, pause=60)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full, which is always full, is a device of Linux")
def test_a_full_disk_is_told(server, tmp_path):
    (tmp_path / "data.bin.part").symlink_to("/dev/full")
    server.plan = [server.sends(CONTENT)]
    with pytest.raises(FetchError, match=r"the disk is full.*CONVNET_COURSE_DATA"):
        fetch(remote(server), tmp_path, **QUICK)
    assert not (tmp_path / "data.bin").exists()


def test_a_file_that_the_disk_has_no_room_for_is_not_begun(server, tmp_path):
    with pytest.raises(FetchError, match="the disk is full"):
        fetch(Remote(server.url(), 10**18, "0"), tmp_path, **QUICK)
    assert server.requests == []


def test_a_folder_that_cannot_be_made_is_told(server, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(FetchError, match=r"cannot be written.*CONVNET_COURSE_DATA"):
        fetch(remote(server), tmp_path / "file" / "folder", **QUICK)


def test_a_folder_without_permission_is_told(server, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    server.plan = [server.sends(CONTENT)]
    with as_somebody_else(), pytest.raises(FetchError, match=r"cannot be written \(Permission denied\)"):
        fetch(remote(server), locked, **QUICK)
    assert names(locked) == []


@contextlib.contextmanager
def as_somebody_else():
    """Root may write everywhere: be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_killed_download_goes_on_where_it_stopped(server, tmp_path):
    server.plan = [server.sends(CONTENT, stall=120_000), server.sends(CONTENT)]
    what = remote(server)
    script = (
        f"from data_scripts.fetch import *; fetch(Remote({what.url!r}, {what.size}, {what.sha256!r}), "
        f"{str(tmp_path)!r}, loopback_http=True)"
    )
    part = tmp_path / "data.bin.part"
    process = subprocess.Popen([sys.executable, "-c", script])
    try:
        deadline = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size == 120_000) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == ["data.bin.part"]
    assert fetch(what, tmp_path, **QUICK).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=120000-"]


def test_two_downloads_into_one_folder_are_kept_apart(tmp_path):
    with alone(tmp_path), pytest.raises(FetchError, match="under way"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def test_a_log_holds_no_progress_bar(server, tmp_path, capfd):
    server.plan = [server.sends(CONTENT)]
    fetch(remote(server), tmp_path, **QUICK)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_shows_the_progress(server, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    (tmp_path / "data.bin.part").write_bytes(CONTENT[:50_000])
    server.plan = [server.sends(CONTENT, cut=100_000), server.sends(CONTENT)]
    fetch(remote(server), tmp_path, **QUICK)
    last = terminal.getvalue().rstrip().rsplit("\r", 1)[-1]
    assert last.startswith("data.bin: 100%")
    assert "300k/300k" in last
