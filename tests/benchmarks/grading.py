"""``course grade`` on large classes: seconds of a processor for each student, and memory, as the class grows.

python -m tests.benchmarks.grading [answers] [variants] [late] [numpy] [keras] [number of students …]

The students are made up. What they hand in are the course's notebooks 01 to 08 with their outputs, each filled in by
chance in ``VERSIONS`` ways; a student's folder holds hard links to these. Where each has a variant of their own,
files are written out. Seconds are those of all processes together, whatever else the machine does.
"""

import contextlib
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import nbformat
import psutil

import utils  # noqa: F401 (before TensorFlow, for its settings)
from utils import questions
from utils.course.students.variants import Variants
from utils.exercises import exercise, source_of
from utils.notebook_files.reading import read, tagged
from utils.notebook_files.sources import course_notebooks

COURSE = Path(sys.executable).with_name("course")
NOTEBOOKS = course_notebooks()[1:9]
WITHOUT_KERAS = [path for path in NOTEBOOKS if path.stem[:2] in ("01", "04", "05")]
VERSIONS = 12
CLASSES = 100, 1_000
LOOK_SECONDS = 0.1
SECRET = "ab" * 32


def main(parts=(), classes=()):
    """Print a row for each class, as it comes."""
    print(f"{'':34}{'students':>9}{'files':>8}{'CPU s':>9}{'s/student':>11}{'MB':>7}")
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        for part in parts or PARTS:
            for number in classes or (CODED if part in ("numpy", "keras") else CLASSES):
                place = Path(folder) / f"{part}{number}"
                place.mkdir()
                for row in PARTS[part](place, number):
                    print(line(*row), flush=True)


def line(what, students, files, seconds, memory):
    return f"{what:34}{students:9,}{files:8,}{seconds:9.1f}{seconds / students:11.4f}{memory / 1e6:7.0f}"


def answers(folder, number):
    """All hand in the same notebooks, without variants."""
    linked(folder, number, NOTEBOOKS)
    yield "answers", number, number * len(NOTEBOOKS), *graded(folder)


def late(folder, number):
    """The same once more, when one file has come late."""
    linked(folder, number, NOTEBOOKS)
    graded(folder)
    changed = folder / "returned" / "s00000" / NOTEBOOKS[0].name
    content = (folder / "versions" / "1" / NOTEBOOKS[0].name).read_bytes()
    changed.unlink()
    changed.write_bytes(content + b"\n")  # no other file is the same
    yield "answers, with one file late", number, number * len(NOTEBOOKS), *graded(folder)


def variants(folder, number):
    """Each student has a variant."""
    (folder / "course.key").write_text(SECRET)
    (folder / "course.key").chmod(0o600)
    roster(folder, number)
    key = ["--roster", folder / "roster.csv", "--secret", folder / "course.key"]
    subprocess.run([COURSE, "hand-out", *key, "--out", folder / "out"], check=True, stdout=subprocess.DEVNULL)
    for at in range(number):
        chance = random.Random(at)
        with zipfile.ZipFile(folder / "out" / "students" / f"s{at:05}.zip") as archive:
            for path in NOTEBOOKS:
                text = archive.read(f"s{at:05}/{path.name}").decode()
                place = folder / "returned" / f"s{at:05}" / path.name
                place.parent.mkdir(parents=True, exist_ok=True)
                write(place, filled_in(nbformat.reads(text, as_version=4), read(path), chance))
    yield "answers, with variants", number, number * len(NOTEBOOKS), *graded(folder, "--secret", folder / "course.key")


def numpy(folder, number):
    """Code that needs no Keras."""
    return coded(folder, number, WITHOUT_KERAS, "code")


def keras(folder, number):
    """All exercises in code."""
    return coded(folder, number, NOTEBOOKS, "code, Keras, too")


def coded(folder, number, notebooks, what):
    linked(folder, number, notebooks)
    options = ["--code", *(word for path in notebooks for word in ("--notebook", path))]
    files = number * len(notebooks)
    yield what, number, files, *graded(folder, *options)
    yield f"{what}, once more", number, files, *graded(folder, *options)


PARTS = {"answers": answers, "late": late, "variants": variants, "numpy": numpy, "keras": keras}
CODED = 2, 12  # the workers start in both: the difference is what ten students take


def roster(folder, number):
    rows = [f"s{at:05},Student Example{at},{at % 20}" for at in range(number)]
    (folder / "roster.csv").write_text("\n".join(["id,name,group", *rows]))


def linked(folder, number, notebooks):
    """Write the roster, and each student's folder with hard links to one version of each notebook."""
    roster(folder, number)
    for version in range(min(VERSIONS, number)):
        chance, place = random.Random(version), folder / "versions" / str(version)
        place.mkdir(parents=True)
        for path in notebooks:
            write(place / path.name, filled_in(read(path), read(path), chance))
    for at in range(number):
        own = folder / "returned" / f"s{at:05}"
        own.mkdir(parents=True)
        for place, path in enumerate(notebooks):
            os.link(folder / "versions" / str((at + place) % min(VERSIONS, number)) / path.name, own / path.name)


def filled_in(notebook, executed, chance):
    """The notebook with answers, functions, and the outputs of the ``executed`` one."""
    outputs = {cell.id: cell.outputs for cell in executed.cells if cell.cell_type == "code"}
    values = notebook.metadata.get("course", {}).get("values", {})
    asked = dict(Variants(executed, {}).asked(values))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = outputs.get(cell.id, [])
        if cell.id in asked and "answer" in cell.metadata.get("tags", ()):
            judgment = questions.judge(asked[cell.id], answer := _answer(asked[cell.id], chance))
            cell.source = re.sub(r"^answer = None\b", lambda _, a=answer: f"answer = {a!r}", cell.source, flags=re.M)
            shown = nbformat.from_dict(judgment._repr_mimebundle_())
            cell.outputs = [nbformat.v4.new_output("execute_result", shown, execution_count=1)]
    for cell in tagged(notebook, "exercise"):
        of = exercise(cell.metadata.exercise)
        first = re.match(r"def .*?\):", of.stub, flags=re.DOTALL)[0]
        cell.source = chance.choice([source_of(of.solution)] * 3 + [f"{first}\n    return 0  # {chance.random()}"])
    return notebook


def _answer(question, chance):
    key = questions.plain(question.answer)
    slips = [questions.plain(each.answer) for each in question.slips]
    return chance.choice([key, key, key, *slips[:2], None])


def write(path, notebook):
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def graded(folder, *options):
    """Grade what was returned: ``(seconds of a processor, bytes of memory at the most)`` of all processes together."""
    command = [COURSE, "grade", folder / "returned", "--roster", folder / "roster.csv", "--out", folder / "grades"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (folder / "said").open("w") as said:
        process = psutil.Popen([*map(str, command), *map(str, options)], stdout=said, stderr=said)
        used, memory = watched(process)
    assert process.returncode in (0, 1), (folder / "said").read_text()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    waited = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return max(used, waited), memory  # what a sandbox used, nobody waits for


def watched(process):
    """The seconds and the memory of a process and all below it, as far as they are seen."""
    seconds, memory = {}, 0
    while process.poll() is None:
        now = 0
        with contextlib.suppress(psutil.Error):
            for each in [process, *process.children(recursive=True)]:
                with contextlib.suppress(psutil.Error), each.oneshot():
                    times = each.cpu_times()
                    seconds[each.pid, each.create_time()] = times.user + times.system
                    now += each.memory_info().rss
        memory = max(memory, now)
        time.sleep(LOOK_SECONDS)
    return sum(seconds.values()), memory


if __name__ == "__main__":
    words = sys.argv[1:]
    main([each for each in words if each in PARTS], [int(each) for each in words if each.isdecimal()])
