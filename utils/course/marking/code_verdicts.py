"""The functions that came back, judged in sandboxes: one for each student, several at a time, none of them twice."""

import hashlib
import hmac
import json
import os
import secrets
import time
from dataclasses import asdict
from pathlib import Path

from utils import exercises
from utils.course import sandbox
from utils.course.sandbox.functions import OPEN, Verdict, all_judged
from utils.course.storage.input_files import Mistake
from utils.course.workers.process_pool import Lost, ProcessPool
from utils.notebook_files.reading import tagged

KEPT = "code_verdicts.json"  # in the folder of the results: what was judged once is not judged again
KEEP_SECONDS = 10  # between two times that this is written while functions are judged


def exercises_in(notebook):
    """The ids of the exercises in code that a notebook asks for, in order."""
    return [cell.metadata.get("exercise") for cell in tagged(notebook, "exercise")]


def code_verdicts(sources, returned, secret, store, private=(), workers=None):
    """The ``Verdict`` on each function that came back: place → exercise → verdict.

    The cases are drawn from the course's ``secret``, the student and the function itself, so that nobody has seen
    them, and another run finds the same. ``private`` paths are not visible to the functions. What the ``store`` keeps
    of an earlier run is not judged again.
    """
    wanted = {source.name: exercises_in(source.notebook) for source in sources}
    kept, key = _kept(store, secret)
    digest, waiting, places = _digest(), {}, {}
    for each in returned:
        own = places.setdefault(each.place, {})
        for name in wanted.get(each.notebook, ()):
            if (program := each.content.code.get(name)) and name not in own:
                seed = _seed(key, each.student, name, program)
                own[name] = known = f"{digest} {each.student.id} {name} {seed:x}"
                if known not in kept:
                    waiting.setdefault(each.student.id, {})[known] = name, program, seed
    last = time.monotonic()
    try:
        for verdicts in _judged(waiting, private, workers or os.cpu_count() or 1):
            kept |= verdicts
            if time.monotonic() - last > KEEP_SECONDS:
                _keep(store, kept, None if secret else key)
                last = time.monotonic()
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


def _judged(waiting, private, workers):
    """What each student's functions came to, one student after another: what is kept → verdict."""
    if not waiting:
        return
    with ProcessPool(min(workers, len(waiting))) as pool:
        given = [(own, pool.submit(all_judged, list(own.values()), private)) for own in waiting.values()]
        for own, future in given:
            try:
                yield dict(zip(own, future.result(), strict=True))
            except Lost:  # one of them has cost the process that judges its life: each by itself, then
                alone = {known: pool.submit(all_judged, [task], private) for known, task in own.items()}
                yield {known: _result(future, own[known][0]) for known, future in alone.items()}


def _result(future, name):
    try:
        return future.result()[0]
    except Lost as error:
        return Verdict(name, OPEN, remark=f"a person has to judge it: judging it ended with {error}")


def _seed(key, student, name, program):
    what = json.dumps([student.id.casefold(), name, program.name, program.source])
    return int.from_bytes(hmac.digest(key, f"code\n{what}".encode(), "sha256")[:8], "big")


def _digest():
    """Of all code that a verdict depends on."""
    folders = [Path(each.__file__).parent for each in (exercises, sandbox)]
    files = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]


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
    plain = {known: asdict(each) for known, each in verdicts.items()}
    text = json.dumps({"key": key and key.hex(), "verdicts": plain}, indent=0)
    store.write(KEPT, text, mode=0o600)
