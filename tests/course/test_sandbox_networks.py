"""Networks that come out of the sandbox: made anew of known layers and numbers, or refused, and never run as code."""

import json

import keras
import numpy as np
import pytest
from keras import layers, ops

from utils.course.sandbox.box import Box
from utils.course.sandbox.bubblewrap import why_not
from utils.course.sandbox.functions import OPEN, judged
from utils.course.sandbox.networks import NotRebuilt, rebuilt
from utils.exercises import exercise, source_of
from utils.notebook_files.code_cells import programs


def sent(model):
    """What the sandbox sends of a network."""
    return model.to_json(), {layer.name: layer.get_weights() for layer in model.layers}


def of_many_layers():
    inputs = x = keras.Input((6, 6, 2), name="in")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer="l2")(x)
    x = layers.BatchNormalization(momentum=0.8)(x, training=False)
    x = layers.ReLU()(x) + layers.Conv2D(4, 1)(inputs)
    x = ops.relu(x / 2 - ops.mean(x, axis=(1, 2), keepdims=True))
    shared = layers.DepthwiseConv2D(3, padding="same")
    x = layers.Concatenate()([shared(x), shared(layers.Identity()(x))])
    inner = keras.Sequential([keras.Input((6, 6, 8)), layers.Conv2D(3, 3, strides=2), layers.LeakyReLU()], name="inner")
    pooled = layers.GlobalAveragePooling2D()(inner(x))
    return keras.Model(inputs, {"maps": x, "logits": layers.Dense(5, name="last")(pooled)})


@pytest.mark.parametrize(
    "build",
    [
        of_many_layers,
        lambda: keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(2)]),
    ],
    ids=["functional", "sequential"],
)
def test_a_network_made_anew_computes_the_same(build):
    model = build()
    for weight in model.weights:
        weight.assign(np.random.default_rng(0).uniform(0.5, 1, weight.shape))
    again = rebuilt(*sent(model))
    images = np.random.default_rng(1).normal(size=(2, *model.input_shape[1:])).astype("float32")
    one, other = (keras.tree.flatten(each(images)) for each in (model, again))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert again.count_params() == model.count_params()


@keras.saving.register_keras_serializable("test")
class Own(layers.Layer):
    def call(self, x):
        return x


def small(*more):
    return keras.Sequential([keras.Input((4, 4, 2)), *more, layers.Conv2D(2, 1, name="end")])


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.Lambda(lambda x: x),
        Own,
        lambda: layers.Activation(lambda x: x),
        lambda: layers.ActivityRegularization(l1=1.0),
        lambda: layers.Conv2D(3, 1, activity_regularizer="l1"),
        lambda: layers.RandomFlip(),
    ],
)
def test_what_has_code_of_its_own_is_refused(layer):
    with pytest.raises(NotRebuilt):
        rebuilt(*sent(small(layer())))


def changed(place, value):
    """The description of a network with another value at a place in it."""
    inputs = keras.Input((4, 4, 2), name="in")
    described = json.loads(keras.Model(inputs, layers.Conv2D(2, 1, name="end")(inputs)).to_json())
    at = described
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    return json.dumps(described)


CONVOLUTION = "config", "layers", 1


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("class_name",), "TFSMLayer"),
        ((*CONVOLUTION, "class_name"), "TFSMLayer"),
        ((*CONVOLUTION, "class_name"), "system"),
        ((*CONVOLUTION, "module"), "os"),
        ((*CONVOLUTION, "registered_name"), "os>system"),
        ((*CONVOLUTION, "config", "activation"), {"module": "builtins", "class_name": "function", "config": "exec"}),
        ((*CONVOLUTION, "config", "activation"), "exec"),
        ((*CONVOLUTION, "config", "name"), 5),
        ((*CONVOLUTION, "config", "filters"), 10**9),
        ((*CONVOLUTION, "config", "filters"), 90_000),
        ((*CONVOLUTION, "config", "filters"), "2"),
        ((*CONVOLUTION, "config", "kernel_size"), [4_000, 4_000]),
        ((*CONVOLUTION, "config", "groups"), {"module": "os", "class_name": "system", "config": "true"}),
        ((*CONVOLUTION, "inbound_nodes", 0, "args"), [{"class_name": "__lambda__", "config": {"value": "x"}}]),
        ((*CONVOLUTION, "inbound_nodes", 0, "args"), [[[[]]]]),
        ((*CONVOLUTION, "inbound_nodes"), []),
        (("config", "layers", 0, "config", "batch_shape"), [None, 90_000, 90_000, 2]),
        (("config", "layers", 0, "config", "batch_shape"), [None, 4, 4, 3]),
        (("config", "layers"), [{}] * 1000),
        (("config", "layers"), None),
        (("config", "output_layers"), ["gone", 0, 0]),
        (("config",), []),
    ],
)
def test_a_description_that_is_no_plain_network_is_refused(place, value):
    weights = {"end": [np.zeros((1, 1, 2, 2)), np.zeros(2)]}
    with pytest.raises(NotRebuilt):
        rebuilt(changed(place, value), weights)


@pytest.mark.parametrize("text", ["", "5", "[]", "{", '{"class_name": "Functional"}', "[" * 50_000])
def test_a_description_that_is_none_is_refused(text):
    with pytest.raises(NotRebuilt):
        rebuilt(text, {})


def test_weights_of_other_shapes_are_refused():
    text, weights = sent(small())
    assert rebuilt(text, weights)
    for own in ([], [np.zeros((1, 1, 2, 2))], [np.zeros((9, 9)), np.zeros(2)]):
        with pytest.raises(NotRebuilt, match="other shapes"):
            rebuilt(text, weights | {"end": own})


def program(name, source):
    imports = "import keras\nimport numpy as np\nfrom keras import layers"
    return programs([(imports, ""), (source, name), (f'check_code("{name}", {exercise(name).name})', "")])[name]


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_exercises_that_return_networks_are_judged_outside():
    """One sandbox for all of them: Keras is imported once."""
    name = "residual-repair-learning"
    right = source_of(exercise(name).solution)
    with_lambda = right.replace("return x", "return layers.Lambda(lambda x: x)(x)")
    patched = right.replace("return x", "keras.Model.to_json = lambda self: 'right'\n    return x")
    slip = right.replace("layers.add([x, residual])", "layers.ReLU()(x + residual)")
    with Box(keras=True) as box:
        assert judged(name, program(name, right), 5, box).verdict == "right"
        assert judged(name, program(name, slip), 5, box).verdict == "slip"
        for other, verdict in (("activation-model", "right"), ("compile-fit", OPEN)):
            assert judged(other, program(other, source_of(exercise(other).solution)), 5, box).verdict == verdict
        found = judged(name, program(name, with_lambda), 5, box)
        assert (found.verdict, "Lambda" in found.remark) == (OPEN, True)
        assert judged(name, program(name, patched), 5, box).verdict == OPEN
