"""What Keras does not document, and the course uses: a new version of Keras that changes it is named here."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from networks import linear_model, nested

from utils import keras_graph
from utils.keras_graph import activation_of, has_graph, is_inert, layers_inside, nodes


def test_the_private_parts_of_keras_are_there():
    model = linear_model()
    function = keras.Function(model.inputs, model.outputs)
    for owner, name in (
        (function, "_nodes_by_depth"),
        (model, "_flatten_layers"),
        (keras_graph.FUNCTIONS, "ReLU"),
        *((keras_graph.nn, name) for name in ("Softmax", "Sigmoid", "HardSigmoid", "Relu")),
        *((keras_graph.array_ops, name) for name in ("Mean", "Reshape", "Add")),
        (keras_graph.core, "Cast"),
    ):
        assert hasattr(owner, name), f"Keras {keras.__version__} has no {name} any more: mend utils/keras_graph.py"
    node = next(iter(function._nodes_by_depth.values()))[0]
    for name in ("operation", "arguments", "outputs", "is_input"):
        assert hasattr(node, name), f"Keras {keras.__version__}: a node of a graph has no {name} any more"
    for name in ("fill_in", "keras_tensors"):
        assert hasattr(node.arguments, name), f"Keras {keras.__version__}: a node's arguments have no {name} any more"


def test_no_other_module_of_the_course_uses_them():
    for path in Path(keras_graph.__file__).parent.rglob("*.py"):
        if path.name != "keras_graph.py":
            source = path.read_text(encoding="utf-8")
            for private in ("_nodes_by_depth", "fill_in(", "_flatten_layers", "keras.src", "_inbound_nodes"):
                assert private not in source, f"{path}: {private}"


def test_the_nodes_are_the_calls_in_order_and_carry_them_out():
    inputs = keras.Input((4, 4, 2))
    shared = layers.Conv2D(2, 3, padding="same", name="shared")
    model = keras.Model(inputs, layers.Add(name="sum")([shared(shared(inputs)), inputs]))
    found = nodes(model)
    assert [node.operation.name for node in found[1:]] == ["shared", "shared", "sum"]
    assert [node.is_input for node in found] == [True, False, False, False]
    assert sorted(found[3].parents) == [0, 2]
    image = np.ones((1, 4, 4, 2), "float32")
    values = {id(found[0].outputs[0]): image}
    for node in found[1:]:
        args, kwargs = node.arguments(values)
        values[id(node.outputs[0])] = node.operation(*args, **kwargs)
    np.testing.assert_allclose(values[id(model.outputs[0])], model(image))


class OwnCall(keras.Model):
    def call(self, inputs, training=None):
        return 2 * super().call(inputs, training=training)


class NoCall(keras.Model):
    pass


def test_a_graph_tells_what_a_model_computes_unless_the_model_has_a_call_of_its_own():
    inputs = keras.Input((4,))
    outputs = layers.Dense(2)(inputs)
    assert has_graph(keras.Model(inputs, outputs))
    assert has_graph(NoCall(inputs, outputs))
    assert has_graph(keras.Sequential([keras.Input((4,)), layers.Dense(2)]))
    assert not has_graph(keras.Sequential([layers.Dense(2)]))
    assert not has_graph(OwnCall(inputs, outputs))
    changed = keras.Model(inputs, outputs)
    changed.call = lambda inputs: inputs
    assert not has_graph(changed)


class OwnDense(layers.Dense):
    pass


def test_an_activation_is_known_of_keras_own_layers_only():
    assert activation_of(layers.Dense(2, activation="softmax")) is keras.activations.softmax
    assert activation_of(layers.Dense(2)) is activation_of(layers.Activation("linear")) is keras.activations.linear
    assert activation_of(layers.Softmax()) is keras.activations.softmax
    assert activation_of(layers.Softmax(axis=2)) is None
    assert activation_of(OwnDense(2, activation="softmax")) is None
    assert activation_of(layers.LSTM(2)) is None


@pytest.mark.parametrize(
    "layer",
    [layers.Identity(), layers.Flatten(), layers.Reshape((2, 6)), layers.Dropout(0.5), layers.GaussianNoise(1.0),
     layers.GaussianDropout(0.5), layers.SpatialDropout2D(0.5), layers.AlphaDropout(0.5),
     layers.ActivityRegularization(1.0), layers.Activation("linear", dtype="float16")],
)  # fmt: skip
def test_what_is_inert_gives_its_numbers_on(layer):
    assert is_inert(layer)
    numbers = np.arange(12, dtype="float32").reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(np.ravel(layer(numbers, training=False)), np.ravel(numbers))


def test_layers_inside_are_found_however_deep():
    assert {layer.name for layer in layers_inside(nested())} >= {"backbone", "conv", "bn", "average"}
