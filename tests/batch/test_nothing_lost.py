"""``make soak`` in short: a batch is killed three times, and ends as if nothing had happened."""

import subprocess
import sys
from pathlib import Path


def test_a_batch_whose_runner_worker_and_kernel_are_killed_ends_with_every_job_once():
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", "3", "0", "runner", "worker", "kernel"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kills (runner 1, worker 1, kernel 1)" in done.stdout
