"""Serves one student's functions: each message loads the source of a function, or calls it with arguments.

Started as ``python -I inside.py-folder MEGABYTES SECONDS [keras]``. It speaks through what it was given as its input
and output, which the function never sees as such. All that the outside believes of its answers is the numbers in them.
"""

import contextlib
import gc
import importlib
import io
import json
import linecache
import os
import sys
import tempfile
import traceback
import types

import limits
import numpy as np
import wire

PRINTED = 2000  # characters that are kept of what a function prints
FILE = "your function"


class _Drawing(types.ModuleType):
    """In the place of matplotlib: whatever is called of it does nothing."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Drawing(name)

    def __call__(self, *args, **kwargs):
        return _Drawing("nothing")

    def __iter__(self):
        return iter((_Drawing("figure"), _Drawing("axes")))


class _Printed(io.StringIO):
    def write(self, text):
        if (room := PRINTED - self.tell()) > 0:
            super().write(text[:room])
        return len(text)


def main():
    megabytes, seconds, *keras = sys.argv[1:]
    tempfile.tempdir = "/tmp"  # nothing can be written there; some packages want to know its name
    for name in ("matplotlib", "matplotlib.pyplot"):
        sys.modules[name] = _Drawing(name)
    gc.disable()  # a package that is imported leaves little garbage, and looking for it takes a quarter of the time
    if keras:
        _import_keras()
    gc.freeze()
    gc.enable()
    asked, answers = (os.fdopen(os.dup(number), mode, 0) for number, mode in ((0, "rb"), (1, "wb")))
    nothing = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    limits.confine(int(megabytes) * 1_000_000, int(seconds))
    functions = {}
    answers.write(wire.packed("ready"))
    while head := _read(asked, wire.HEAD.size):
        text, numbers = (_read(asked, length) for length in wire.HEAD.unpack(head))
        answers.write(_answer(functions, text, numbers))


def _read(file, length):
    parts = []
    while length and (part := file.read(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _import_keras():
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.ops.add(np.ones(1), 1)  # its threads start now


def _answer(functions, text, numbers):
    inputs = {}
    given = wire.unpacked(text, numbers, lambda word, *values: _made(inputs, word, *values))
    printed = _Printed()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        try:
            if given["do"] == "load":
                functions[given["name"]] = _loaded(given["source"], given["name"])
                answer = {"came": None}
            else:
                arguments = dict(enumerate(given["placed"])) | given["named"]
                before = {name: _state(value) for name, value in arguments.items()}
                value = functions[given["name"]](*given["placed"], **given["named"])
                changed = [name for name, value in arguments.items() if _state(value) != before[name]]
                answer = {"came": value, "changed": changed}
            return wire.packed(answer | {"printed": printed.getvalue()}, lambda value: _taken(inputs, value))
        except (Exception, SystemExit) as error:
            failed = [type(error).__name__[:100], str(error).strip()[:500], _line(error)]
            return wire.packed({"failed": failed, "printed": printed.getvalue()})


def _loaded(source, name):
    linecache.cache[FILE] = len(source), None, source.splitlines(keepends=True), FILE
    space = {"__name__": "notebook"}
    exec(compile(source, FILE, "exec"), space)
    return space[name]


def _state(value):
    """The numbers in an argument, as bytes, to see whether they change."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    keras = sys.modules.get("keras")
    if keras is not None and isinstance(value, keras.Model):
        return [each.tobytes() for each in value.get_weights()]
    return None


def _line(error):
    """The last line of the source that the error went through."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if each.filename == FILE]
    return (frames[-1].line or "").strip()[:200] if frames else ""


def _made(inputs, word, *values):
    """What stands for neither numbers nor texts, made anew here."""
    if word == "generator":
        generator = np.random.default_rng()
        generator.bit_generator.state = json.loads(values[0])
        return generator
    if word == "object":
        source, name, fields = values
        space = {"np": np}
        exec(source, space)
        thing = object.__new__(space[name])
        thing.__dict__.update(fields)
        return thing
    import keras

    if word == "class":
        module, name = values
        return getattr(importlib.import_module(module), name)
    if word == "input":
        shape, kind = values
        made = keras.Input(batch_shape=shape, dtype=kind)
        inputs[id(made)] = made
        return made
    text, weights = values  # a network
    model = keras.models.model_from_json(text)
    for layer in model.layers:
        layer.set_weights(weights[layer.name])
    return model


def _taken(inputs, value):
    """What a network or a symbolic tensor is sent out as; ``None`` for anything else."""
    keras = sys.modules.get("keras")
    if keras is None:
        return None
    word = "network"
    if isinstance(value, keras.KerasTensor):
        word, value = "output", keras.Model(list(inputs.values()), value)
    if not isinstance(value, keras.Model):
        return None
    return word, value.to_json(), {layer.name: layer.get_weights() for layer in value.layers}


if __name__ == "__main__":
    main()
