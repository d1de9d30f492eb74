"""Seeing jobs through: order, new tries, requests to stop, and processes that die, without a notebook."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from utils.course.batches.schedule import see_through
from utils.course.commands.stopping import Stop
from utils.course.workers.process_pool import Lost, ProcessPool


@dataclass
class Ended:
    job: str
    status: str
    attempts: int = 0


@dataclass(frozen=True)
class Work:
    """A job that leaves a file in ``folder``, and then does what ``how`` says."""

    name: str
    folder: str
    how: str = "passed"

    def outcome(self, status, error=""):
        return Ended(self.name, status)


def perform(work):
    place = Path(work.folder) / f"{time.monotonic_ns()}-{work.name}"
    place.touch()
    if work.how == "die":
        os._exit(3)
    if work.how == "slow":
        time.sleep(30)
    return work.outcome(work.how)


class Never:
    asked = at_once = False


def begun(folder):
    return [path.name.split("-")[1] for path in sorted(folder.iterdir(), key=lambda path: int(path.name.split("-")[0]))]


def test_a_process_of_the_pool_imports_nothing_from_the_folder_it_stands_in(tmp_path, monkeypatch):
    (tmp_path / "pickle.py").write_text("raise RuntimeError('a file of the student')")
    monkeypatch.chdir(tmp_path)
    with ProcessPool(1) as pool:
        assert pool.submit(os.getcwd).result() == str(tmp_path)
        assert pool.submit(os.getenv, "PYTHONSAFEPATH").result() is None
    assert "PYTHONSAFEPATH" not in os.environ


def test_a_job_begins_after_those_that_it_needs_and_what_crashed_is_tried_again_later(tmp_path):
    last, dying, killed, failed = (
        Work(name, str(tmp_path), how)
        for name, how in (("last", "passed"), ("dying", "die"), ("killed", "killed"), ("failed", "failed"))
    )
    found = []
    with ProcessPool(1) as pool:
        after = {last: [dying, failed]}
        see_through([last, dying, killed, failed], perform, pool, found.append, Never(), after=after, retries=1)
    assert begun(tmp_path) == ["dying", "killed", "failed", "dying", "last", "killed"]
    assert {(each.job, each.status, each.attempts) for each in found} == {
        ("dying", "lost", 2),
        ("killed", "killed", 2),
        ("failed", "failed", 1),
        ("last", "passed", 1),
    }


def test_signals_in_the_middle_of_handing_over_a_job_end_everything(tmp_path):
    class Interrupted(ProcessPool):
        def submit(self, *call):
            with self._threads._shutdown_lock:  # as inside of ThreadPoolExecutor.submit
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
            return super().submit(*call)

    jobs = [Work(name, str(tmp_path), "slow") for name in "abc"]
    with Stop(patient=True) as stop, Interrupted(2) as pool:
        see_through(jobs, perform, pool, pytest.fail, stop)
    assert stop.at_once
    assert begun(tmp_path) in ([], ["a"])


def test_the_first_ctrl_c_asks_and_the_second_or_sigterm_insists():
    before = signal.getsignal(signal.SIGINT)
    with Stop(patient=True) as stop:
        assert not stop.asked
        signal.raise_signal(signal.SIGINT)
        assert (stop.asked, stop.at_once) == (True, False)
        signal.raise_signal(signal.SIGINT)
        assert stop.at_once
    for patient, number in ((False, signal.SIGINT), (True, signal.SIGTERM)):
        with Stop(patient) as stop:
            signal.raise_signal(number)
            assert stop.at_once
    assert signal.getsignal(signal.SIGINT) is before


def leave_with_the_others(folder, name, many):
    """Hear the request to leave, and leave once all the others have heard it, too."""
    heard = Path(folder) / "heard"

    def hear(number, frame):
        (heard / name).touch()
        while len(list(heard.iterdir())) < many:
            time.sleep(0.01)
        os._exit(7)

    signal.signal(signal.SIGTERM, hear)
    (Path(folder) / name).touch()
    time.sleep(60)


def test_processes_are_asked_to_leave_all_at_once(tmp_path):
    (tmp_path / "heard").mkdir()
    pool = ProcessPool(3)
    calls = [pool.submit(leave_with_the_others, str(tmp_path), str(number), 3) for number in range(3)]
    while len(list(tmp_path.iterdir())) < 4:
        time.sleep(0.01)
    pool.kill()
    for call in calls:
        with pytest.raises(Lost, match="exit code 7"):
            call.result()
