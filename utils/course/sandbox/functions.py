"""Judging a function that came back: it is called in the sandbox, and what comes of it is judged here."""

import contextlib
import gc
import inspect
import json
import re
import sys
from dataclasses import dataclass, replace

import numpy as np

from utils.course.sandbox.box import PATIENCE, Box, Stopped
from utils.course.sandbox.inside import wire
from utils.exercises import exercise
from utils.notebook_files.code_cells import does

# Exercises whose verdict hangs on what the function does, not on what it returns: only inside could it be seen.
SEEN_INSIDE = {
    "compile-fit": "how compile and fit were called",
    "fine-tune": "what each fit trained, and at which learning rate",
}
LOAD_SECONDS = 60
LONGEST_LINE, MOST_LINES = 1000, 10  # of an explanation, which may hold what came back
OPEN = "open"  # the verdict where the sandbox cannot tell: it is for a person


@dataclass(frozen=True)
class Verdict:
    """What the sandbox says to one function.

    ``verdict`` is a word of ``utils.exercises``, or "open", which a person has to settle. ``explanation`` are the lines
    for the student. ``remark`` is what was seen inside, which earns and costs nothing. It is not ``settled`` where the
    sandbox was stopped, or ended: on a busy machine that may have another reason than the function.
    """

    exercise: str
    verdict: str
    slip: str = ""
    explanation: tuple[str, ...] = ()
    remark: str = ""
    settled: bool = True


def all_judged(tasks, private=()):
    """The verdicts on one student's functions, ``(exercise's id, Program, seed)`` each, in sandboxes of their own.

    Keras is imported only where a function or its arguments need it. ``private`` paths are not visible inside.
    """
    from utils.exercises._judging import forget

    with _only_new_garbage(), Box(False, private) as plain, Box(True, private) as with_keras:
        verdicts = [judged(*task, with_keras if _needs_keras(*task[:2]) else plain) for task in tasks]
        forget()
    return verdicts


@contextlib.contextmanager
def _only_new_garbage():
    """Inside, Python looks for garbage among new objects alone: Keras and TensorFlow are half a million."""
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()


def _needs_keras(exercise_id, program):
    module = sys.modules[exercise(exercise_id).solution.__module__]
    return bool(re.search("keras|tensorflow", program.source)) or hasattr(module, "keras") or hasattr(module, "layers")


def judged(exercise_id, program, seed, box):
    """The ``Verdict`` on a ``Program`` (``utils.notebook_files.code_cells``), on cases that are drawn from ``seed``.

    Nothing of the program is run but in the ``box``.
    """
    from utils.exercises._judging import judge, rights

    if found := _by_reading(exercise_id, program):
        return found
    if exercise_id in SEEN_INSIDE:
        return Verdict(exercise_id, OPEN, remark=f"a person has to judge it: it depends on {SEEN_INSIDE[exercise_id]}")
    of = exercise(exercise_id)
    patient = replace(of, seconds=2 * PATIENCE * of.seconds)  # the box counts the seconds, and those of a processor
    function = _Remote(program, box)
    try:
        rights(patient, seed)  # what the course computes is not the function's time
        box.allow(LOAD_SECONDS)
        function.load()
        box.allow(of.seconds)
        judgment = judge(patient, function, seed, _with_networks(of, seed))
    except Stopped as error:
        word = "endless" if "seconds" in str(error) else "error"
        return Verdict(exercise_id, word, explanation=(f"{str(error).capitalize()}.",), settled=False)
    except _Unjudged as error:
        return Verdict(exercise_id, OPEN, remark=f"a person has to judge it: {error}")
    except OSError:  # no sandbox could be started
        raise
    except Exception as error:
        return Verdict(exercise_id, "error", explanation=(f"{type(error).__name__}: {error}"[:LONGEST_LINE],))
    remark = f"it changes {', '.join(function.changed)}, which it was given" if function.changed else ""
    explanation = tuple(line[:LONGEST_LINE] for line in judgment.explanation[:MOST_LINES])
    return Verdict(exercise_id, judgment.verdict, judgment.slip or "", explanation, remark)


def _with_networks(of, seed):
    """The cases, if networks are among them: to build these takes long, and what runs elsewhere changes none."""
    keras = sys.modules.get("keras")
    if keras is None:
        return None
    cases = of.cases(np.random.default_rng(seed))
    first = next(cases)
    if not any(isinstance(each, keras.Model) for each in first.values()):
        return None
    return [first, *cases]


def _by_reading(exercise_id, program):
    """The verdict where the text of the function suffices, as in the notebook; else ``None``."""
    of = exercise(exercise_id)
    if program.does == does(of.stub, of.name):
        return Verdict(exercise_id, "unattempted")
    if program.course:
        why = f"It calls the course's own code ({', '.join(program.course)}). Write it yourself."
        return Verdict(exercise_id, "wrong", explanation=(why,))
    if program.variables:
        why = "With other variables there it would do something else: all that it needs must be among its arguments."
        read = f"It reads {', '.join(program.variables)} of the notebook. {why}"
        return Verdict(exercise_id, "wrong", explanation=(read,))
    return None


class _Unjudged(BaseException):
    """What came back is nothing that can be judged here. No ``Exception``, which would be the function's own."""


class _Remote:
    """Stands for a function in the sandbox: called here, it runs there."""

    def __init__(self, program, box):
        self._program, self._box, self.changed = program, box, []

    def load(self):
        self._ask({"do": "load", "name": self._program.name, "source": self._program.source}, {})

    def __call__(self, *placed, **named):
        question = {"do": "call", "name": self._program.name, "placed": list(placed), "named": named}
        answer = self._ask(question, {})
        changed = answer.get("changed")
        names = dict(enumerate(self._program.parameters))
        for each in changed[:10] if isinstance(changed, list) else ():
            name = names.get(each, each) if isinstance(each, int | str) else ""
            if name not in self.changed:
                self.changed.append(str(name)[:60])
        return answer["came"]

    def _ask(self, question, inputs):
        def given(value):
            return _described(value, inputs)

        def made(text, numbers):
            return wire.unpacked(text, numbers, lambda word, *values: _remade(inputs, word, *values))

        answer = self._box.ask(question, given, made)
        match answer:
            case {"failed": [str() as kind, str() as message, str() as line], "printed": str() as printed}:
                _print(printed, question)
                raise _error(kind, f"{message[:500]}, in the line: {line[:200]}" if line else message[:500])
            case {"came": _, "printed": str() as printed}:
                _print(printed, question)
                return _named(answer)
        raise _Unjudged("what came back of it is no answer")


def _print(printed, question):
    """Where a call is judged, what it prints is listened to."""
    if question["do"] == "call":
        print(printed[:2000], end="")


def _error(kind, message):
    """An exception whose type has the name of the one in the sandbox."""
    return type(kind if kind.isidentifier() else "Exception", (Exception,), {})(message)


def _named(value):
    """The value with what only has the name of a type turned into something of a type of that name."""
    if isinstance(value, wire.Other):
        return type(value.name if value.name.isidentifier() else "object", (), {})()
    if isinstance(value, tuple | list):
        return type(value)(map(_named, value))
    if isinstance(value, dict):
        return {key: _named(each) for key, each in value.items()}
    return value


def _described(value, inputs):
    """How an argument that is neither numbers nor texts is sent in; ``None`` if it is none of those known."""
    if isinstance(value, np.random.Generator):
        return "generator", json.dumps(value.bit_generator.state)
    if isinstance(value, type):
        return "class", value.__module__, value.__qualname__
    if type(value).__module__.startswith("utils.exercises."):
        return "object", inspect.getsource(type(value)), type(value).__name__, vars(value)
    keras = sys.modules.get("keras")
    if keras is None:
        return None
    if isinstance(value, keras.KerasTensor):
        inputs["input"] = value
        return "input", list(value.shape), str(value.dtype)
    if isinstance(value, keras.Model):
        return "network", value.to_json(), {layer.name: layer.get_weights() for layer in value.layers}
    return None


def _remade(inputs, word, *values):
    """A network, or what one makes of the inputs that were sent in."""
    from utils.course.sandbox.networks import NotRebuilt, rebuilt

    match word, values:
        case (("network" | "output"), (str() as text, dict() as weights)):
            try:
                model = rebuilt(text, weights)
            except NotRebuilt as error:
                raise _Unjudged(f"the network that it returns cannot be rebuilt: {error}") from error
            return model(inputs["input"]) if word == "output" and inputs else model
    return wire.Other(word)
