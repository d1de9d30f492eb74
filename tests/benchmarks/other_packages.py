"""Packages that others use to look inside a network, in a folder of their own: never among those of the course."""

import contextlib
import importlib
import io
import subprocess
import sys
import warnings
from functools import cache
from pathlib import Path

import keras
import numpy as np

FOLDER = Path(__file__).parents[2] / "build" / "other_packages"
# The three, and what they need beyond the course's own packages.
PINNED = (
    "keract==4.5.2",
    "tf-keras-vis==0.8.7",
    "tf-explain==0.3.1",
    "deprecated==1.2.18",
    "wrapt==1.17.3",
    "opencv-python-headless==4.12.0.88",
)


@cache
def installed():
    """Install them once, without their dependencies; whether that went well."""
    done = FOLDER / "installed.txt"
    if not done.is_file() or done.read_text() != "\n".join(PINNED):
        print("installing", *PINNED, f"into {FOLDER}")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        run = subprocess.run([*command, "--upgrade", "--target", str(FOLDER), *PINNED], capture_output=True, text=True)
        if run.returncode:
            print(f"  the other packages cannot be installed: {run.stderr.strip().splitlines()[-1]}")
            return False
        done.write_text("\n".join(PINNED))
    sys.path.append(str(FOLDER))  # last: nothing of the course's is replaced
    warnings.filterwarnings("ignore", "The structure of `inputs` doesn't match")  # they hand over lists
    return True


def activation_ways(model, image):
    """``{package: function}`` of those that give all activations of ``image``, ``{layer: maps}``."""
    return _those_that_run({"keract": lambda: _module("keract").get_activations(model, image)})


def filter_ways(extractor, chosen, steps):
    """``{package: function}`` of those that give images which excite the ``chosen`` channels of ``extractor``."""
    return _those_that_run({"tf-keras-vis": lambda: _climbed(extractor, chosen, steps)})


def grid_ways(model, image, names):
    """``{package: function}`` of those that draw all channels of the layers ``names``: ``{layer: grid of bytes}``."""
    return _those_that_run({"tf-explain": lambda: {name: _explained(model, image, name) for name in names}})


def heatmap_ways(model, logits, images, layer):
    """``{package: function}`` of those that give heatmaps, ``(n, height, width)`` of 0…1, for the likeliest classes."""
    classes = np.argmax(logits(images, training=False), axis=1).tolist()
    return _those_that_run(
        {
            "tf-keras-vis": lambda: _scaled(_tf_keras_vis(logits, images, layer, classes)),
            "tf-explain (guided, its default)": lambda: _scaled(_tf_explain(logits, images, layer, classes, True)),
            "tf-explain (not guided)": lambda: _scaled(_tf_explain(logits, images, layer, classes, False)),
        }
    )


def _those_that_run(ways):
    if not installed():
        return {}
    running = {}
    for name, way in ways.items():
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                way()
            running[name] = way
        except Exception as error:  # whatever an old package stumbles over
            said = str(error).strip().splitlines()
            print(
                f"  {name} does not run on Keras {keras.__version__}: {type(error).__name__}: {said[0] if said else ''}"
            )
    return running


def _module(name):
    return importlib.import_module(name)


def _climbed(extractor, chosen, steps):
    climb = _module("tf_keras_vis.activation_maximization").ActivationMaximization(extractor, clone=False)
    noise = np.random.default_rng(0).uniform(100, 155, (len(chosen), *extractor.input_shape[1:])).astype("float32")
    return climb(lambda maps: [maps[i, ..., channel] for i, channel in enumerate(chosen)], noise, steps=steps)


def _explained(model, image, name):
    with contextlib.redirect_stdout(io.StringIO()):  # a progress bar
        return _module("tf_explain.core.activations").ExtractActivations().explain((image, None), model, [name])


def _tf_keras_vis(model, images, layer, classes):
    score = _module("tf_keras_vis.utils.scores").CategoricalScore(classes)
    heatmap = _module("tf_keras_vis.gradcam").Gradcam(model, clone=False)
    options = {"seek_penultimate_conv_layer": False, "expand_cam": False, "normalize_cam": False}
    return heatmap(score, images, penultimate_layer=layer, **options)


def _tf_explain(model, images, layer, classes, guided):
    explainer = _module("tf_explain.core.grad_cam").GradCAM
    maps = []
    for image, each in zip(images, classes, strict=True):  # one class a call
        outputs, gradients = explainer.get_gradients_and_filters(model, image[None], layer, each, guided)
        maps += [np.asarray(cam) for cam in explainer.generate_ponderated_output(outputs, gradients)]
    return np.maximum(np.stack(maps), 0)


def _scaled(maps):
    highest = np.asarray(maps).max(axis=(1, 2), keepdims=True)
    return np.asarray(maps) / np.where(highest > 0, highest, 1)
