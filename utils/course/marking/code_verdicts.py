"""The functions that came back, judged in sandboxes: one for each student, several at a time, none of them twice."""

import hashlib
import hmac
import json
import os
import secrets
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, astuple
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import parent_process

from utils.course.sandbox.bubblewrap import why_not
from utils.course.sandbox.functions import OPEN, Verdict, all_judged
from utils.course.storage.input_files import Mistake
from utils.course.workers.calls import ended
from utils.course.workers.process_pool import ProcessPool
from utils.notebook_files.reading import tagged
from utils.notebook_files.sources import ROOT

KEPT = "code_verdicts.json"  # in the folder of the results: what was judged once is not judged again
KEEP_SECONDS = 10  # at least, between two times that this is written while functions are judged …
KEEP_TIMES = 50  # … and so many times as long as writing it takes: it grows with the class
PACKAGES = (
    "keras",
    "numpy",
    "pillow",
    "scikit-image",
    "scipy",
    "tensorflow",
    "tensorflow-cpu",
)  # a verdict may depend on

_one_student_at_a_time = threading.Lock()  # in a process: what a function prints is listened to


def exercises_in(notebook):
    """The ids of the exercises in code that a notebook asks for, in order."""
    return [cell.metadata.get("exercise") for cell in tagged(notebook, "exercise")]


def of_this_machine(students, workers=None):
    """The processes that judge the functions of so many students: one a processor core, if nothing else is said."""
    return ProcessPool(min(workers or os.cpu_count() or 1, students))


def code_verdicts(
    sources, returned, secret, store, private=(), workers=of_this_machine, shown=lambda done, total: done
):
    """The ``Verdict`` on each function that came back: place → exercise → verdict.

    The cases are drawn from the course's ``secret``, the student and the function itself, so that nobody has seen
    them, and another run finds the same. ``private`` paths are not visible to the functions. What the ``store`` keeps
    of an earlier run is not judged again; what is judged and settled is kept, whatever ends this run.
    ``workers(students)`` gives those who judge, a ``ProcessPool`` or ``DaskWorkers``; ``shown(done, total)`` may show
    how far they are.
    ``Mistake`` or ``OSError`` where they cannot.
    """
    wanted = {source.name: exercises_in(source.notebook) for source in sources}
    kept, key = _kept(store, secret)
    waiting, places = {}, {}
    for each in returned:
        own = places.setdefault(each.place, {})
        for name in wanted.get(each.notebook, ()):
            if (program := each.content.code.get(name)) and name not in own:
                seed = _seed(key, each.student, name, program)
                own[name] = known = f"{code_of_the_course()} {each.student.id} {name} {seed:x}"
                if known not in kept:
                    waiting.setdefault(each.student.id, {})[known] = name, program, seed
    last, took = time.monotonic(), 0
    try:
        for verdicts in shown(_judged(waiting, private, workers), len(waiting)):
            kept |= verdicts
            if time.monotonic() - last > max(KEEP_SECONDS, KEEP_TIMES * took):
                before = time.monotonic()
                _keep(store, kept, None if secret else key)
                last, took = time.monotonic(), time.monotonic() - before
    finally:
        _keep(store, kept, None if secret else key)
    return {place: {name: kept[known] for name, known in own.items()} for place, own in places.items()}


def verdicts_without(path, student_id):
    """What is kept at ``path``, as bytes, without the verdicts on a student's functions, and how many these are.

    Those of earlier versions, which do not say whose they are, go as well: no run reads them again. ``Mistake`` for a
    file that cannot be read.
    """
    try:
        found = json.loads(path.read_bytes())
        words = {known: known.split(" ") for known in found["verdicts"]}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Mistake(f"{path}: it cannot be read as kept verdicts") from error
    gone = [known for known, each in words.items() if len(each) != 4 or each[1].casefold() == student_id.casefold()]
    for known in gone:
        del found["verdicts"][known]
    return json.dumps(found, indent=0).encode(), len(gone)


def judged_there(tasks, private, code):
    """What ``sandbox.functions.all_judged`` gives for the values of ``tasks``, by their keys.

    A worker calls it, which may be on another machine.

    ``Mistake`` if it has another version of the course, of which ``code`` is the digest; ``OSError`` if it has no
    sandbox.
    """
    if code != code_of_the_course():
        raise Mistake("a worker has other packages, or another version of the course")
    if why_not():
        raise OSError(why_not())
    if parent_process():  # one of several workers: another thread would take a core that the others use
        os.environ.update({**dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"), **os.environ})
    with _one_student_at_a_time:
        return dict(zip(tasks, all_judged(list(tasks.values()), private), strict=True))


def _judged(waiting, private, workers):
    """What each student's functions came to, as they are judged: what is kept → verdict."""
    if not waiting:
        return
    there = partial(judged_there, private=private, code=code_of_the_course())
    tasks, alone = deque(waiting.values()), set()
    with workers(len(waiting)) as pool:
        for own, future in ended(pool, there, tasks):
            try:
                yield future.result()
            except (Mistake, OSError):
                raise
            except Exception as error:
                if alone.isdisjoint(own):  # one of them has cost the process that judges its life: each by itself, then
                    alone |= own.keys()
                    tasks += [{known: task} for known, task in own.items()]
                    continue
                remark = f"a person has to judge it: judging it ended with {error}"
                yield {known: Verdict(task[0], OPEN, remark=remark, settled=False) for known, task in own.items()}


def _seed(key, student, name, program):
    what = json.dumps([student.id.casefold(), name, astuple(program)])
    return int.from_bytes(hmac.digest(key, f"code\n{what}".encode(), "sha256")[:8], "big")


@cache
def code_of_the_course():
    """The digest of all that a verdict depends on, beside the function and its cases.

    That is the course's code, and the versions of Python and of what computes; of ``utils/course`` it is what reads
    hand-ins and what runs functions.
    """
    commands = ROOT / "utils" / "course"
    own = commands / "hand_ins", commands / "sandbox"
    paths = [each for room in ("utils", "data_scripts") for each in (ROOT / room).rglob("*.py")]
    files = sorted(each for each in paths if not each.is_relative_to(commands) or any(map(each.is_relative_to, own)))
    digest = hashlib.sha256(json.dumps([sys.version_info[:3], *map(_version, PACKAGES)]).encode())
    for path in files:
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:  # one of the two of TensorFlow
        return None


def _kept(store, secret):
    """What an earlier run kept, and the key that the cases are drawn with: the secret, or one that is drawn once."""
    try:
        found = json.loads(store.read(KEPT))
        verdicts = {known: Verdict(**each) for known, each in found["verdicts"].items()}
        key = secret or bytes.fromhex(found.get("key") or "")
    except FileNotFoundError:
        verdicts, key = {}, secret
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Mistake(f"{store.where(KEPT)}: cannot be read: remove it to have all functions judged again") from error
    return verdicts, key or secrets.token_bytes(32)


def _keep(store, verdicts, key):
    plain = {known: asdict(each) for known, each in verdicts.items() if each.settled}
    text = json.dumps({"key": key and key.hex(), "verdicts": plain})
    store.write(KEPT, text, mode=0o600)
