"""``make soak`` in short: a batch is killed three times, and ends as if nothing had happened."""

import ast
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


def test_no_wall_clock_decides_anything():
    """A clock that jumps changes no status, no bound and no order: only ``time.monotonic`` is asked."""
    rooms = Path(__file__).parents[2] / "utils" / "course"
    for path in rooms.rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        asked = {ast.unparse(call.func) for call in calls}
        assert not asked & {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow"}, path.name
