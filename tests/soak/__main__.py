"""A batch whose processes are killed at random moments, again and again, loses nothing and leaves nothing behind.

python -m tests.soak [number of kills] [seed] [runner] [worker] [kernel] [parent]

Each kill -9 hits the runner (the command itself, which is then started again), a worker, a kernel, or the warm parent.
In the end every job must be there exactly once, with its right output; no temporary file and no process may be left.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_notebook

TARGETS = "runner", "worker", "kernel", "parent"
MOST_JOBS = 24
ROOT = Path(__file__).parents[2]
COURSE = Path(sys.executable).with_name("course")
PATIENCE = 120
WORK = """import os, pathlib, time
mine = pathlib.Path({pids!r}, f"{{os.getpid()}}-{{seed}}")
mine.touch()
time.sleep(0.5)
print(seed * seed)
mine.unlink()"""


def main(kills=100, seed=0, targets=TARGETS):
    """Kill as often as asked, in as many batches as that takes; returns the complaints."""
    chance, complaints, counts, batches = random.Random(seed), [], dict.fromkeys(targets, 0), 0
    jobs = min(MOST_JOBS, kills + 2)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        for room in ("utils", "data_scripts"):  # a copy: what is edited meanwhile would make new jobs
            shutil.copytree(ROOT / room, Path(folder) / "course" / room, ignore=shutil.ignore_patterns("__pycache__"))
        while sum(counts.values()) < kills:
            batches += 1
            batch = Batch(Path(folder), batches, jobs, warm="parent" in targets)
            complaints += batch.run(chance, counts, kills)
        complaints += _left_behind(Path(folder))
    killed = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"{sum(counts.values())} kills ({killed}) in {batches} batches of {jobs} jobs; {len(complaints)} complaints")
    return complaints


class Batch:
    """One batch in a world of its own: its folder for temporary files shows what is left, and who belongs to it."""

    def __init__(self, folder, number, jobs, warm):
        self.jobs, self.folder, self.out, self.pids = jobs, folder, folder / f"out{number}", folder / "pids"
        for each in (self.pids, folder / "tmp", folder / "runtime"):
            each.mkdir(exist_ok=True)
        kernel = {"name": "convnet-course" if warm else "python3", "display_name": "", "language": "python"}
        cells = [new_code_cell("seed: int = 0", metadata={"tags": ["parameters"]})]
        cells.append(new_code_cell(WORK.format(pids=str(self.pids))))
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "work.ipynb")
        (folder / "grid.yaml").write_text(f"seed: 0..{jobs - 1}\n")
        self.command = [COURSE, "batch", folder / "work.ipynb", "--grid", folder / "grid.yaml", "--out", self.out]
        self.command += ["--workers", "2", "--retries", "20", "--json"]
        self.environment = surroundings(folder)

    def run(self, chance, counts, kills):
        """Start it, kill at random, start it again when its runner was killed; returns the complaints."""
        runner = self._start()
        while sum(counts.values()) < kills and runner.poll() is None:
            target = chance.choice([each for each in counts if counts[each] == min(counts.values())])
            self._wait_for_victims(target, runner)
            time.sleep(chance.uniform(0, 1.5))
            victims = self._victims(target, runner)
            if not victims or runner.poll() is not None or not _killed(chance.choice(victims)):
                continue
            counts[target] += 1
            if target == "runner":
                runner.wait()
                runner = self._start()
        try:
            out, err = runner.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            runner.kill()
            return [f"{self.out.name}: still running after {PATIENCE} s without a kill"]
        if runner.returncode:
            return [f"{self.out.name}: exit code {runner.returncode}: {_not_passed(out)} {err[-2000:]}"]
        return self._complaints(json.loads(out))

    def _start(self):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(list(map(str, self.command)), env=self.environment, cwd=self.folder, **pipes)

    def _wait_for_victims(self, target, runner):
        end = time.monotonic() + PATIENCE
        while not self._victims(target, runner) and runner.poll() is None and time.monotonic() < end:
            time.sleep(0.05)

    def _victims(self, target, runner):
        if target == "runner":
            return [runner.pid]
        if target == "worker":
            return [each.pid for each in _children(runner.pid) if "spawn_main" in " ".join(_command(each))]
        if target == "kernel":
            pids = {int(path.name.split("-")[0]) for path in self.pids.iterdir()}
            return [pid for pid in pids if psutil.pid_exists(pid)]
        return [each.pid for each in belonging(self.folder) if "utils.course.warm_kernels.server" in _command(each)]

    def _complaints(self, rows):
        found = []
        seeds = sorted(row["parameters"]["seed"] for row in rows)
        if seeds != list(range(self.jobs)):
            found.append(f"{self.out.name}: the table has the jobs {seeds}")
        for row in rows:
            notebook = nbformat.read(self.out / f"{row['file']}.ipynb", as_version=4)
            nbformat.validate(notebook)
            printed = notebook.cells[-1].outputs[0].text
            if (row["status"], printed) != ("passed", f"{row['parameters']['seed'] ** 2}\n"):
                found.append(f"{self.out.name}: {row} printed {printed!r}")
        wanted = {f"{row['file']}.{kind}" for row in rows for kind in ("ipynb", "html")}
        wanted |= {"index.html", "results.csv", "results.json", "results.xml"}
        stored = {path.relative_to(self.out).as_posix() for path in self.out.rglob("*") if path.is_file()}
        if stored != wanted:
            found.append(f"{self.out.name}: files too many or too few: {sorted(stored ^ wanted)}")
        plan = json.loads(subprocess.check_output([*self.command, "--dry-run"], env=self.environment, text=True))
        if [job["plan"] for job in plan] != ["done already"] * self.jobs:
            found.append(f"{self.out.name}: not all outputs verify")
        return found


def _not_passed(out):
    try:
        return [row for row in json.loads(out) if row["status"] != "passed"]
    except ValueError:
        return out[-2000:]


def surroundings(folder):
    """The environment of everything that a batch starts."""
    return os.environ | {
        "PYTHONPATH": str(folder / "course"),
        "TMPDIR": str(folder / "tmp"),
        "XDG_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }


def belonging(folder):
    """The processes that run in these surroundings."""
    found, mine = [], str(folder / "tmp")
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def _left_behind(folder):
    subprocess.run([COURSE, "kernels", "--stop"], env=surroundings(folder), capture_output=True, check=True)
    sweep = "from utils.course.warm_kernels.provisioner import sweep; sweep()"  # as the next parent would
    subprocess.run([sys.executable, "-c", sweep], env=surroundings(folder), check=True)
    end = time.monotonic() + 15
    while (left := belonging(folder)) and time.monotonic() < end:
        time.sleep(0.2)
    complaints = [f"process {each.pid} is left: {' '.join(_command(each))}" for each in left]
    for process in left:
        process.kill()
    files = [path for room in ("tmp", "runtime") for path in (folder / room).rglob("*") if not path.is_dir()]
    complaints += [f"{path.relative_to(folder)} is left" for path in files]
    return complaints


def _killed(pid):
    try:
        psutil.Process(pid).kill()
    except psutil.NoSuchProcess:
        return False
    return True


def _children(pid):
    try:
        return psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return []


def _command(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    found = main(*numbers, targets=[word for word in sys.argv[1:] if word in TARGETS] or TARGETS)
    print(*found, sep="\n")
    sys.exit(bool(found))
