"""Stores: a file is there whole or not at all; what may pass is tried again, what lasts is said at once."""

import os
import subprocess
import sys
import time

import pytest
from s3_server import BUCKET, s3_server
from tiny_notebooks import COURSE
from tiny_notebooks import write as write_notebook

from utils.course.storage.store import FolderStore, StoreError, store_at, write

WRITER = """
import sys
from utils.course.storage.store import FolderStore
store = FolderStore(sys.argv[1])
for number in range(10**9):
    store.write("file", str(number % 10) * 3_000_000)
    print(number, flush=True)
"""
IN_A_SMALL_DISK = 'mount -t tmpfs -o size={size} tmpfs "$0" && {prepare} && exec "$@"'
CAN_MOUNT = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0
needs_mount = pytest.mark.skipif(not CAN_MOUNT, reason="this system lets nobody mount a file system of their own")


@pytest.fixture
def s3(monkeypatch):
    from papermill.s3 import S3

    with s3_server() as (gate, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(S3, "s3_session", (None, None, None))  # papermill keeps its session for good
        yield gate, store_at(f"s3://{BUCKET}/run/")


def test_a_reader_sees_the_old_file_or_the_new_and_a_killed_writer_leaves_nothing_that_is_not_swept(tmp_path):
    store, texts = FolderStore(tmp_path), set()
    writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE)
    writer.stdout.readline()
    end = time.monotonic() + 1
    while time.monotonic() < end or not list((tmp_path / ".partial").iterdir()):
        text = store.read("file")
        assert len(text) == 3_000_000
        assert len(set(text)) == 1
        texts.add(text[0])
    writer.kill()
    writer.communicate()
    assert len(texts) > 2, "the writer was at work meanwhile"
    assert len(set(store.read("file"))) == 1
    store.sweep()
    assert os.listdir(tmp_path) == ["file"]


def test_an_object_store_holds_what_was_written_and_lists_it(s3):
    _, store = s3
    store.prepare()
    text = '{"naive": "\\u5377\\u79ef"}\n' * 100_000  # several of papermill's buffers
    write(store, "folder/depth=4-1.html", text)
    assert store.read("folder/depth=4-1.html").splitlines() == text.splitlines()
    assert store.names("folder") == {"depth=4-1.html"}
    assert store.names("nothing") == set()
    with pytest.raises(Exception, match="404"):
        store.read("folder/absent")


def test_a_store_that_comes_back_gets_the_file_and_credentials_that_were_revoked_are_said_at_once(s3, monkeypatch):
    gate, store = s3
    monkeypatch.setattr("utils.course.storage.store.PAUSES", (0.01, 0.02, 0.03))
    gate.refuse("503 SlowDown", count=2)
    write(store, "file", "kept")
    assert gate.refused == 2, "it was tried again, and again"
    assert store.read("file") == "kept"
    gate.refuse("403 AccessDenied")
    with pytest.raises(StoreError, match=rf"s3://{BUCKET}/run/file: cannot be written: .*AccessDenied"):
        write(store, "file", "lost")
    assert gate.refused == 3, "that is not tried again"
    gate.refuse("", count=0)
    assert store.read("file") == "kept"


def test_an_address_of_no_known_kind_is_refused():
    with pytest.raises(StoreError, match="of this kind is not known"):
        store_at("ftp://somewhere/run")


def on_a_disk(folder, size, command, *notebooks, prepare="true"):
    """A command with an output folder that is a file system of its own, of that size."""
    (folder / "out").mkdir()
    script = IN_A_SMALL_DISK.format(size=size, prepare=prepare)
    whole = [COURSE, command, *notebooks, "--out", folder / "out", "--workers", "1"]
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, folder / "out", *whole], capture_output=True, text=True, check=False
    )


@needs_mount
@pytest.mark.parametrize("command", ["run", "batch"])
def test_a_full_disk_costs_the_job_that_does_not_fit_and_no_other(tmp_path, command):
    large = write_notebook(tmp_path / "large.ipynb", "print('x' * 3_000_000)")
    small = write_notebook(tmp_path / "small.ipynb", "print(1)")
    done = on_a_disk(tmp_path, "2m", command, large, small)
    assert done.returncode == 1, done.stderr
    assert ("1 passed, 1 not stored" if command == "batch" else "1 of 2 notebooks passed") in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("  large: not stored. passed, but ")]
    assert "No space left on device" in line
    # What a kernel logs is no matter here: whoever spoke to another kernel at its port may still do so.
    assert done.stderr.partition("[IPKernelApp]")[0] == ""


@needs_mount
@pytest.mark.parametrize("command", ["run", "batch"])
def test_a_read_only_output_is_said_before_anything_runs(tmp_path, command):
    small = write_notebook(tmp_path / "small.ipynb", "print(1)")
    done = on_a_disk(tmp_path, "2m", command, small, prepare='mount -o remount,ro "$0"')
    assert done.returncode == 2
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
