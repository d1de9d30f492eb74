"""Batches on several machines, here processes on loopback: workers and schedulers come and go, no job is lost."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import dask
import dask_jobqueue  # noqa: F401 (brings its default settings)
import pytest
from papermill.s3 import S3
from s3_server import BUCKET, s3_server
from tiny_notebooks import COURSE, course_here, write

from utils.course.batches.environment import environment
from utils.course.batches.perform import Orders, perform
from utils.course.batches.plan import jobs, sources
from utils.course.batches.signing import published
from utils.course.storage.store import FolderStore
from utils.course.workers.cluster import queued_cluster
from utils.course.workers.process_pool import Lost, ProcessPool

DASK = Path(sys.executable).with_name("dask")
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
SLOW = "import pathlib, time, uuid\npathlib.Path({folder!r}, uuid.uuid4().hex).touch()\ntime.sleep(1.5)"


class Cluster:
    """A dask scheduler and its workers, each a process of its own."""

    def __init__(self, environment):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address, self._environment = f"tcp://127.0.0.1:{self.port}", os.environ | environment
        self.scheduler, self.workers = None, []

    def start(self, workers):
        self.scheduler = self._process("scheduler", "--port", str(self.port))
        self.workers += [
            self._process("worker", self.address, "--nthreads", "1", "--no-nanny", "--death-timeout", "20")
            for _ in range(workers)
        ]

    def stop(self):
        for process in [self.scheduler, *self.workers]:
            process.kill()
            process.wait()
        self.workers.clear()

    def _process(self, kind, *arguments):
        listening = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0", "--no-dashboard"]
        return subprocess.Popen([DASK, kind, *arguments, *listening], env=self._environment, **SILENT)


@pytest.fixture(scope="module")
def loopback():
    """``(cluster, gate)`` with two workers and an S3 server, which this process, too, takes for the real one."""
    with s3_server() as (gate, environment):
        cluster = Cluster(environment)
        cluster.start(2)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(S3, "s3_session", (None, None, None))  # papermill keeps its session for good
            yield cluster, gate
        cluster.stop()


@contextmanager
def running(*arguments, **more):
    process = subprocess.Popen(
        [COURSE, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(count, folder):
    end = time.monotonic() + 60
    while len(list(folder.iterdir())) < count:
        assert time.monotonic() < end, f"{len(list(folder.iterdir()))} of {count} jobs began"
        time.sleep(0.05)


def slow_notebook(folder):
    (folder / "began").mkdir()
    return write(folder / "slow.ipynb", SLOW.format(folder=str(folder / "began")), "print('卷积')"), folder / "began"


def test_a_worker_killed_in_mid_job_and_a_scheduler_restarted_lose_nothing(loopback, tmp_path):
    cluster, _ = loopback
    notebook, began = slow_notebook(tmp_path)
    (tmp_path / "grid.yaml").write_text("seed: 0..3")
    command = ["batch", notebook, "--grid", tmp_path / "grid.yaml", "--out", f"s3://{BUCKET}/kills", "--json"]
    with running(*command, "--scheduler", cluster.address, cwd=tmp_path) as batch:
        wait_for(2, began)
        cluster.workers.pop().kill()  # both workers are in the middle of a job
        wait_for(3, began)
        cluster.stop()
        cluster.start(1)
        out, err = batch.communicate(timeout=300)
    assert batch.returncode == 0, err
    rows = json.loads(out)
    assert [(row["status"], row["parameters"]["seed"]) for row in sorted(rows, key=lambda row: row["file"])] == [
        ("passed", seed) for seed in range(4)
    ]
    assert len(list(began.iterdir())) >= 6, "four jobs, and at least one of each kill begun again"
    plan = json.loads(course_here(*command, "--dry-run").stdout)
    assert [job["plan"] for job in plan] == ["done already"] * 4, "what is in the store verifies"


def test_credentials_that_are_revoked_in_the_middle_cost_no_finished_job(loopback, tmp_path):
    _, gate = loopback
    notebook = write(tmp_path / "small.ipynb", "print(seed)")
    (tmp_path / "grid.yaml").write_text("seed: 0..1")
    command = ["batch", notebook, "--grid", tmp_path / "grid.yaml", "--out", f"s3://{BUCKET}/revoked", "--workers", 1]
    gate.refuse("403 AccessDenied", after=3)  # about.txt, and the first job's page and notebook
    done = course_here(*command)
    assert done.returncode == 1
    assert "1 not stored, " in done.stdout or "1 passed, 1 not stored" in done.stdout
    assert "AccessDenied" in done.stdout
    assert "the table is missing" in done.stderr
    assert "Traceback" not in done.stdout
    gate.refuse("", count=0)
    done = course_here(*command, "--json")
    assert done.returncode == 0
    assert [row["status"] for row in json.loads(done.stdout)] == ["passed"] * 2


def one_job(folder, *cells):
    ((source,), _) = sources([write(folder / "one.ipynb", *cells)])
    ((job,), _) = jobs([source], [{}])
    return job


def test_a_job_delivered_twice_at_the_same_time_leaves_one_whole_output(tmp_path):
    job, store = one_job(tmp_path, "import uuid\nprint(uuid.uuid4())"), FolderStore(tmp_path / "out")
    orders = Orders(str(store.root), fresh=True, environment=environment())
    with ProcessPool(2) as pool:
        twice = [pool.submit(perform, job, orders) for _ in range(2)]
        assert [each.result().status for each in twice] == ["passed"] * 2
    assert published(store, job)
    assert store.names("one") == {f"{job.file}.ipynb".split("/")[1], f"{job.file}.html".split("/")[1]}


def test_a_worker_with_another_version_of_the_course_refuses(tmp_path):
    outcome = perform(one_job(tmp_path, "1"), Orders(str(tmp_path / "out"), environment="another"))
    assert outcome.status == "refused"
    assert "other packages" in outcome.error


def test_a_process_that_dies_costs_its_own_call_alone():
    with ProcessPool(2) as pool:
        dying, other = pool.submit(os._exit, 3), pool.submit(os.getpid)
        with pytest.raises(Lost, match="exit code 3"):
            dying.result()
        assert other.result() != os.getpid()
        with pytest.raises(Lost, match="SIGKILL"):
            pool.submit(signal.raise_signal, signal.SIGKILL).result()
        with pytest.raises(ZeroDivisionError):
            pool.submit(divmod, 1, 0).result()
        assert pool.submit(len, "four").result() == 4


@pytest.mark.parametrize(
    ("system", "lines"),
    [
        ("slurm", ["#SBATCH -n 1", "#SBATCH --cpus-per-task=1", "#SBATCH --mem=4G", "#SBATCH -A course"]),
        ("pbs", ["#PBS -A course", "select=1:ncpus=1:mem="]),
    ],
)
def test_the_jobs_that_a_queue_gets_start_one_worker_of_one_thread(system, lines):
    own = {"scheduler-options": {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}, "account": "course"}
    settings = {f"jobqueue.{system}.{name}": value for name, value in own.items()}
    with dask.config.set(settings), queued_cluster(system) as cluster:
        script = cluster.job_script()
    for line in [*lines, "distributed.cli.dask_worker", "--nthreads 1", sys.executable]:
        assert line in script, script
