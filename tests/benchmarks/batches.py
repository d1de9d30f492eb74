"""``course batch`` against the usual ways to execute notebooks, on two cores; the floor is the cells' own work alone.

python -m tests.benchmarks.batches [own-work] [short] [rate] [dask] [trivial]

The six notebooks are like those of the course: a small network is trained, a picture is drawn, questions are asked.
All ways execute the same cells; the others' notebooks name the ordinary kernel, ours the course's.

The floor is what the cells take if nothing but their code runs, and no notebook can reach another: each in a fork of
its own of a process that has imported what they import, two at a time, each with one thread as in a batch. No kernel,
no messages, no pages. A fork has to do anew what TensorFlow does once a process: AutoGraph alone rewrites the training
loop in 0.3 s. All notebooks in one process, one after the other, do without that. This cannot be had by whoever keeps
them apart, so that time, divided by the cores, stands in the table for comparison only.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_notebook

import utils  # noqa: F401 (before TensorFlow, for its settings)
from tests.benchmarks.measuring import row
from utils.course.warm_kernels.provisioner import start_parent

CORES = 2
BIN = Path(sys.executable).parent
NBMAKE = "nbmake==1.5.5"
EXTRA = Path(__file__).parents[2] / "build" / "other_runners"
TOPICS = {
    "plain": "keras.layers.Conv2D(16, 3, padding='same', activation='relu')(x)",
    "residual": "keras.layers.add([x, keras.layers.Conv2D(16, 3, padding='same', activation='relu')(x)])",
    "normalized": "keras.layers.BatchNormalization()(keras.layers.Conv2D(16, 3, padding='same')(x))",
    "separable": "keras.layers.SeparableConv2D(16, 3, padding='same', activation='relu')(x)",
    "pointwise": "keras.layers.Conv2D(16, 1, activation='relu')(x)",
    "preactivation": "keras.layers.add([x, keras.layers.Conv2D(16, 3, padding='same')(keras.layers.ReLU()(x))])",
}
IMPORTS = """import keras
import matplotlib.pyplot as plt
import numpy as np
from utils.data import load
from utils.questions import by_keras, check
from utils.training import trained"""
NETWORK = """def network():
    inputs = keras.Input((32, 32, 1))
    x = keras.layers.Conv2D(16, 4, strides=4)(inputs)
    for _ in range(6):
        x = {block}
    return keras.Model(inputs, keras.layers.Dense(8)(keras.layers.GlobalAveragePooling2D()(x)))
network().count_params()"""
TRAINING = """photos = load("photos", train=640, test=8)
images = (photos.train_images / 255).astype("float32")
losses = [run.losses for run in trained(network, images, photos.train_labels, seeds=(seed, seed + 1), epochs=14)]
round(float(np.mean(losses)), 1) > 0"""
PICTURE = """figure, axis = plt.subplots()
axis.plot(np.arange(5));"""
QUESTIONS = """print(check("bn-parameters", None, channels=16), check("conv-parameters", None))
print([by_keras(each) for each in ("bn-parameters", "conv-parameters", "separable-parameters")])"""

POOL = """import sys
from concurrent.futures import ProcessPoolExecutor
import papermill
def run(pair):
    papermill.execute_notebook(*pair, kernel_name="python3", progress_bar=False)
if __name__ == "__main__":
    pairs = [each.split("=") for each in sys.argv[2:]]
    if sys.argv[1] == "1":
        list(map(run, pairs))
    else:
        with ProcessPoolExecutor(int(sys.argv[1])) as pool:
            list(pool.map(run, pairs))"""
DASK = POOL.split("if __name__")[0].replace("import papermill", "import papermill\nfrom distributed import Client") + (
    """if __name__ == "__main__":
    with Client(n_workers=int(sys.argv[1]), threads_per_worker=1, dashboard_address=None) as client:
        client.gather(client.map(run, [each.split("=") for each in sys.argv[2:]], pure=False))"""
)
PREPARED = """import gc, io, os, sys, time, traceback
import nbformat
notebooks = [[cell.source for cell in nbformat.read(path, as_version=4).cells] for path in sys.argv[1:]]
import matplotlib; matplotlib.use("agg")
import utils, keras, matplotlib.pyplot, utils.data, utils.questions, utils.training
def execute(sources):
    values = {}
    for source in sources:
        exec(source, values)
    for number in matplotlib.pyplot.get_fignums():  # the pictures that a notebook shows
        matplotlib.pyplot.figure(number).savefig(io.BytesIO(), bbox_inches="tight")
    matplotlib.pyplot.close("all")
"""
ISOLATED = f"""{PREPARED}
os.environ["TF_NUM_INTRAOP_THREADS"] = "1"  # as in a batch
gc.freeze()
began = time.perf_counter()
for number, sources in enumerate(notebooks):
    if number >= {CORES}:
        assert os.wait()[1] == 0
    if os.fork() == 0:
        try:
            execute(sources)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
for _ in notebooks[-{CORES}:]:
    assert os.wait()[1] == 0
print(time.perf_counter() - began)"""
TOGETHER = f"""{PREPARED}
if hasattr(os, 'sched_setaffinity'):
    os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
began = time.perf_counter()
for sources in notebooks:
    execute(sources)
print((time.perf_counter() - began) / {CORES})"""


def benchmarks(parts=("own-work", "short", "rate", "dask", "trivial"), runs=3):
    """The rows of the parts named, each as it comes.

    Ours is run ``runs`` times in turns with its floor; what is long, once: the other ways, and the many jobs.
    """
    assert start_parent(wait=120), "there are no warm kernels here"
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            yield from PARTS[part](Path(folder), runs if part in ("own-work", "short") else 1)


def own_work(folder, runs):
    """Twelve executions of the six notebooks with training; the targets are what a prototype once reached."""
    theirs = {
        "a shell loop of papermill": (papermill_loop, 2.5),
        "a Python loop of execute_notebook": (python_loop, 2),
        "jupyter execute": (jupyter_execute, 2.8),
        "pytest --nbmake -n 2": (nbmake, 2.2),
        "pytest --nbval-lax -n 2": (nbval, 2),
        "a pool of two processes": (pool, 1.9),
        "a dask cluster of two workers": (dask_cluster, 1.8),
    }
    return compared(folder, [TRAINING, PICTURE, QUESTIONS], theirs, "12 notebooks that train", runs, floor=1 / 1.2)


def short(folder, runs):
    """Twelve executions of six notebooks with questions and shapes only."""
    return compared(folder, [QUESTIONS], {"a pool of two processes": (pool, 5)}, "12 with questions only", runs)


def compared(folder, cells, theirs, what, runs, floor=None):
    """A row for each way beside ours, as it comes; ours and the floor are run in turns.

    A loop's time is the sum over its notebooks: one in four is run, and counts four times. Of the other ways each topic
    is run once, and counts twice.
    """
    place = folder / f"compared{len(cells)}"
    ours, others = notebooks(place / "ours", cells, "convnet-course"), notebooks(place / "others", cells, "python3")
    taken, work = [], []
    for number in range(runs):
        taken.append(timed(lambda number=number: course_batch(ours, place / f"out{number}")))
        if floor:
            work.append(own_seconds(ISOLATED, others))
    if floor:
        name = f"{what}: the cells' own work, each notebook in a fork, ÷ course batch"
        yield row(name, np.array(taken), np.array(work), floor)
        name = f"{what}: the cells' own work, all in one process, on {CORES} cores ÷ course batch"
        yield row(name, np.array([np.median(taken)]), np.array([own_seconds(TOGETHER, others)]))
    for name, (way, target) in theirs.items():
        asked = others[::4] if way in LOOPS else others[: len(others) // 2]
        whole = timed(lambda way=way, asked=asked: way(asked, place)) * len(others) / len(asked)
        yield row(f"{what}: {name} ÷ course batch", np.array([np.median(taken)]), np.array([whole]), target)


def own_seconds(way, paths):
    """The seconds that the code of these notebooks takes in this way, imports apart."""
    return float(subprocess.check_output([sys.executable, "-c", way, *paths], text=True).split()[-1])


def rate(folder, runs):
    """Jobs a minute: 48 and 192 jobs beside 12."""
    (notebook,) = notebooks(folder / "rate", [QUESTIONS], "convnet-course", topics=["plain"], seeds=1)
    seconds = {12: [], 48: [], 192: []}
    for _ in range(runs):
        for count, taken in seconds.items():
            taken.append(timed(lambda n=count: grid(notebook, folder, n)) / count)
    each = {count: np.array(taken) for count, taken in seconds.items()}
    return [row(f"seconds a job: 12 jobs ÷ {count} jobs", each[count], each[12], target=0.9) for count in (48, 192)]


def dask(folder, runs):
    """24 jobs on one dask worker and on two."""
    (notebook,) = notebooks(folder / "dask", [QUESTIONS], "convnet-course", topics=["plain"], seeds=1)
    seconds = {1: [], 2: []}
    for _ in range(runs):
        for workers, taken in seconds.items():
            with dask_workers(workers) as address:
                taken.append(timed(lambda a=address: grid(notebook, folder, 24, "--scheduler", a)))
    return [row("24 jobs: one dask worker ÷ two", *(np.array(seconds[n]) for n in (2, 1)), target=1.6)]


def trivial(folder, runs, count=300):
    """The share of 0.3 s that a trivial job takes of one core: 300 of them on two workers."""
    (notebook,) = notebooks(folder / "trivial", ["seed"], "convnet-course", topics=["nothing"], seeds=1)
    taken = np.array([timed(lambda: grid(notebook, folder, count)) / count * CORES for _ in range(runs)])
    name = f"0.3 s ÷ what a trivial job takes of one core ({np.median(taken):.2f} s; {count} jobs)"
    return [row(name, taken, np.full(runs, 0.3), target=1)]


PARTS = {"own-work": own_work, "short": short, "rate": rate, "dask": dask, "trivial": trivial}


def notebooks(folder, cells, kernel, topics=TOPICS, seeds=2):
    """The paths of notebooks with these cells, for each topic and seed."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for seed in range(seeds):
        for topic in topics:
            start = [IMPORTS, NETWORK.format(block=TOPICS[topic])] if topic in TOPICS else []
            all_cells = [new_code_cell(f"seed: int = {seed}", metadata={"tags": ["parameters"]})]
            all_cells += [new_code_cell(source) for source in [*start, *cells]]
            spec = {"name": kernel, "display_name": kernel, "language": "python"}
            paths.append(folder / f"{topic}_{seed}.ipynb")
            nbformat.write(new_notebook(cells=all_cells, metadata={"kernelspec": spec}), paths[-1])
    return paths


def timed(way):
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def run(*command, environment=None, cwd=None):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment, cwd=cwd)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    return done.stdout


def course_batch(paths, out):
    rows = json.loads(run(BIN / "course", "batch", *paths, "--out", out, "--workers", CORES, "--json"))
    assert [each["status"] for each in rows] == ["passed"] * len(paths)


def grid(notebook, folder, count, *options):
    """A batch of that many jobs of one notebook."""
    (folder / "grid.yaml").write_text(f"seed: 0..{count - 1}")
    shutil.rmtree(folder / "out", ignore_errors=True)
    command = [BIN / "course", "batch", notebook, "--grid", folder / "grid.yaml", "--out", folder / "out", "--json"]
    rows = json.loads(run(*command, "--workers", CORES, *options))
    assert [each["status"] for each in rows] == ["passed"] * count


def papermill_loop(paths, place):
    for path in paths:
        run(BIN / "papermill", "--no-progress-bar", "-k", "python3", path, place / "done.ipynb")


def python_loop(paths, place):
    run(sys.executable, script(place, "pool.py", POOL), 1, *pairs(paths, place))


def pool(paths, place):
    run(sys.executable, script(place, "pool.py", POOL), CORES, *pairs(paths, place))


def dask_cluster(paths, place):
    run(sys.executable, script(place, "dask_map.py", DASK), CORES, *pairs(paths, place))


def jupyter_execute(paths, place):
    for path in paths:
        run(BIN / "jupyter", "execute", "--kernel_name=python3", path, cwd=place)


def nbval(paths, place):
    pytest(["--nbval-lax", "-n", CORES, "--dist", "loadfile", *paths], place)


def nbmake(paths, place):
    """nbmake lives in a folder of its own: it is not among the course's packages."""
    if not (EXTRA / "nbmake").exists():
        run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", EXTRA, NBMAKE)
    path = os.pathsep.join(filter(None, (str(EXTRA), os.environ.get("PYTHONPATH"))))
    pytest(["--nbmake", "-n", CORES, *paths], place, os.environ | {"PYTHONPATH": path})


def pytest(arguments, place, environment=None):
    (place / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-c", place / "pytest.ini", *arguments]
    run(*command, environment=environment, cwd=place)


LOOPS = papermill_loop, python_loop, jupyter_execute


def pairs(paths, place):
    return [f"{path}={place / f'done-{path.name}'}" for path in paths]


def script(place, name, source):
    (place / name).write_text(source)
    return place / name


class dask_workers:
    """The address of a dask scheduler on loopback with that many workers, as a context."""

    def __init__(self, count):
        self.count = count

    def __enter__(self):
        from distributed import LocalCluster

        self.cluster = LocalCluster(
            n_workers=self.count, threads_per_worker=1, dashboard_address=None, memory_limit=0, host="127.0.0.1"
        )
        return self.cluster.scheduler_address

    def __exit__(self, *_):
        self.cluster.close()


if __name__ == "__main__":
    from tests.benchmarks.__main__ import line

    for each in benchmarks(sys.argv[1:] or tuple(PARTS)):
        print(line(each), flush=True)
