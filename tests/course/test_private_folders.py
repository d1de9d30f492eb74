"""Locks and private folders go with the process that has them, however that ends."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from utils.course.storage.locks import locked
from utils.course.storage.private_folders import private_folder, sweep
from utils.course.workers.process_pool import Lost, ProcessPool

HOLDS = (
    "import sys; from utils.course.storage.locks import locked\n"
    "with locked(sys.argv[1]) as held: print(held, flush=True); input()"
)


def dies_in_a_private_folder():
    with private_folder():
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_folder_is_locked_by_one_process_until_that_is_killed(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLDS, tmp_path], text=True, **pipes) as other:
        assert other.stdout.readline() == "True\n"
        with locked(tmp_path) as held:
            assert held is False
        other.kill()
    with locked(tmp_path) as held, locked(tmp_path) as again:
        assert (held, again) == (True, False)
    assert list(tmp_path.iterdir()) == []
    for nothing in ("", tmp_path / "absent"):
        with locked(nothing) as held:
            assert held is None
    assert list(tmp_path.iterdir()) == []


def test_the_private_folder_of_a_killed_process_goes_with_the_pool_and_no_other_does(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with private_folder() as mine:
        with ProcessPool(1) as pool:
            with pytest.raises(Lost, match="SIGKILL"):
                pool.submit(dies_in_a_private_folder).result()
            assert len(list(tmp_path.iterdir())) == 2
        assert list(tmp_path.iterdir()) == [mine]
        sweep()
        assert mine.is_dir()
    assert list(tmp_path.iterdir()) == []
