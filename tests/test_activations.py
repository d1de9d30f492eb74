"""Looking inside: what the course's tools show is what the network computes, and the network stays as it was.

Where the usual way of doing a thing goes wrong, it stands beside ours, and its test shows how it goes wrong.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from networks import backbone, linear_model, nested, weights_of

from utils.activations import (
    Observer,
    activations,
    filters_by_ascent,
    grad_cam,
    mosaic,
    most_exciting,
    occlusion,
    receptive_field,
)
from utils.activations.by_depth import (
    class_selectivity,
    profile,
    sparsity,
    untrained,
)
from utils.activations.filters import natural_peaks, orientation_selectivity
from utils.layer_calls import LayerCalls
from utils.mini_xception import mini_xception

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(0, 255, (3, 20, 16, 3)).astype("float32")


def test_activations_are_what_keras_computes_layer_by_layer():
    model = mini_xception(16, filters=(4, 8))
    images = RANDOM.uniform(0, 255, (5, 16, 16, 3)).astype("float32")
    names = [layer.name for layer in model.layers[1:]]
    expected = keras.Model(model.input, [model.get_layer(name).output for name in names])(images, training=False)
    found = activations(model, images, batch_size=2)
    assert list(found) == names
    for name, each in zip(names, expected, strict=True):
        np.testing.assert_allclose(found[name], each, rtol=1e-5, atol=1e-5, err_msg=name)


def test_separable_convolutions_are_among_the_layers_though_they_are_no_conv2d():
    model = mini_xception(32, filters=(4,) * 5)
    found = activations(model, np.zeros((1, 32, 32, 3)))
    assert sum("_conv" in name for name in found) == 10
    usual = [layer.name for layer in model.layers if isinstance(layer, layers.Conv2D | layers.MaxPooling2D)]
    assert not [name for name in usual if "_conv" in name]


def test_layers_inside_a_nested_model_see_what_the_outer_rescaling_made():
    model = nested()
    found = activations(model, IMAGES, ["backbone/conv", "backbone/relu"])
    inner = model.get_layer("backbone")
    expected = inner.get_layer("conv")(IMAGES / 255)
    np.testing.assert_allclose(found["backbone/conv"], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["backbone/relu"], inner(IMAGES / 255, training=False), rtol=1e-4, atol=1e-5)
    conv = inner.get_layer("conv")
    with pytest.raises((ValueError, KeyError)):
        keras.Model(model.input, conv.output)(IMAGES)
    skipping = np.asarray(
        keras.Model(inner.input, conv.output)(IMAGES)
    )  # the way round, which leaves out the rescaling
    assert np.abs(skipping).max() > 100 * np.abs(found["backbone/conv"]).max()


def test_each_call_of_a_shared_layer_is_shown():
    inputs = keras.Input((8, 8, 2))
    shared = layers.Conv2D(2, 3, padding="same", name="shared")
    once = shared(inputs)
    model = keras.Model(inputs, shared(once))
    image = RANDOM.normal(size=(1, 8, 8, 2)).astype("float32")
    found = activations(model, image)
    assert list(found) == ["shared", "shared (call 2)"]
    np.testing.assert_allclose(found["shared (call 2)"], shared(shared(image)), rtol=1e-5, atol=1e-5)
    usual = keras.Model(inputs, model.get_layer("shared").output)
    np.testing.assert_allclose(usual(image), found["shared"], rtol=1e-5, atol=1e-5)
    assert np.abs(usual(image) - found["shared (call 2)"]).max() > 0.1


def test_a_nested_model_that_is_called_twice_shows_both_calls():
    inputs = keras.Input((20, 16, 3))
    inner = backbone()
    model = keras.Model(inputs, layers.Concatenate(axis=2)([inner(inputs), inner(-1 * inputs)]))
    found = activations(model, IMAGES, ["backbone/conv", "backbone (call 2)/conv"])
    np.testing.assert_allclose(found["backbone (call 2)/conv"], inner.get_layer("conv")(-IMAGES), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("built", [True, False])
def test_a_sequential_model_works_built_or_not(built):
    stack = [layers.Conv2D(4, 3, activation="relu", name="conv"), layers.Flatten(), layers.Dense(1, name="score")]
    model = keras.Sequential(([keras.Input((20, 16, 3))] if built else []) + stack)
    if not built:
        with pytest.raises((AttributeError, ValueError)):
            keras.Model(model.input, model.layers[0].output)
    found = activations(model, IMAGES)
    np.testing.assert_allclose(found["conv"], model.get_layer("conv")(IMAGES), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(found["score"], model(IMAGES), rtol=1e-4, atol=1e-2)


def test_looking_changes_nothing_of_the_model():
    model = nested()
    model.get_layer("backbone").trainable = False
    before, trainable = weights_of(model), len(model.trainable_weights)
    calls = len(model.get_layer("average")._inbound_nodes)
    activations(model, IMAGES)
    grad_cam(model, IMAGES)
    occlusion(model, IMAGES[:1], [0], size=8, stride=8)
    filters_by_ascent(model, "backbone/conv", steps=2)
    receptive_field(model, "backbone/conv")
    untrained(model.get_layer("backbone"), IMAGES)
    for old, new in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.layers[-1].activation is keras.activations.softmax
    assert len(model.trainable_weights) == trainable
    assert len(model.get_layer("average")._inbound_nodes) == calls
    assert model.get_layer("average").output.shape == (None, 5)


def test_the_usual_ways_of_looking_do_change_the_model():
    model = nested()
    model.layers[-1].activation = None  # for logits
    assert np.abs(np.sum(model(IMAGES), axis=1) - 1).max() > 1e-3
    network = backbone()
    keras.Model(network.input, network.get_layer("relu").output)(IMAGES, training=True)
    assert np.any(network.get_layer("bn").moving_mean)


def test_batch_normalization_and_dropout_are_in_inference_mode_even_where_the_model_says_otherwise():
    inputs = keras.Input((4, 4, 3))
    x = layers.BatchNormalization(name="bn")(inputs, training=True)
    model = keras.Model(inputs, layers.Dropout(0.5, name="dropout")(x, training=True))
    image = RANDOM.normal(5, 1, (2, 4, 4, 3)).astype("float32")
    found = activations(model, image)
    np.testing.assert_allclose(found["bn"], image / np.sqrt(1 + 1e-3), rtol=1e-5)
    np.testing.assert_allclose(found["dropout"], found["bn"])
    assert not np.any(model.get_layer("bn").moving_mean)


def test_mixed_precision_gives_float32_arrays_and_a_finite_heatmap():
    policy = keras.DTypePolicy("mixed_float16")
    inputs = keras.Input((20, 16, 3))
    x = layers.Conv2D(4, 3, dtype=policy, name="conv")(inputs)
    x = layers.GlobalAveragePooling2D(dtype=policy)(x)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", dtype=policy)(x))
    found = activations(model, IMAGES / 255)
    assert {each.dtype.name for each in found.values()} == {"float32"}
    assert np.isfinite(grad_cam(model, IMAGES / 255).maps).all()


def test_gray_images_one_element_lists_and_any_size_are_no_trouble():
    inputs = keras.Input((None, None, 1))
    model = keras.Model([inputs], [layers.Conv2D(2, 3, name="conv")(inputs)])
    assert activations(model, np.zeros((1, 9, 7, 1)))["conv"].shape == (1, 7, 5, 2)
    assert activations(model, np.zeros((2, 30, 20, 1), "uint8"))["conv"].shape == (2, 28, 18, 2)


def test_the_second_look_is_compiled_and_sees_the_same():
    look = Observer(nested(), ["backbone/relu"])
    first, second, other = look(IMAGES), look(IMAGES), look(IMAGES[:1])
    np.testing.assert_allclose(first["backbone/relu"], second["backbone/relu"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(other["backbone/relu"][0], second["backbone/relu"][0], rtol=1e-5, atol=1e-5)


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: activations(Subclassed(), IMAGES), TypeError, "a functional or sequential Keras model is needed"),
        (lambda: activations(nested(), IMAGES[0]), ValueError, r"one image is images\[None\]"),
        (lambda: activations(nested(), IMAGES[..., :1]), ValueError, r"nested takes \(any, 20, 16, 3\)"),
        (lambda: activations(nested(), IMAGES, ["conv"]), ValueError, "its layers are: rescaling, backbone/conv"),
        (lambda: activations(nested(), IMAGES, "average"), ValueError, r"\['average'\]"),
        (lambda: activations(nested(), IMAGES, most_bytes=10), ValueError, "more than most_bytes=10"),
        (lambda: grad_cam(nested(), IMAGES, classes=2), ValueError, "from 0 to 1"),
        (lambda: grad_cam(nested(), IMAGES, classes=[0, 1]), ValueError, "2 classes for 3 images"),
        (lambda: grad_cam(nested(), IMAGES, "average"), ValueError, "a layer with maps"),
        (lambda: filters_by_ascent(nested(), "backbone/conv", [5]), ValueError, "from 0 to 4"),
        (lambda: mosaic(np.zeros((2, 3, 4, 5))), ValueError, "those of one image"),
        (lambda: orientation_selectivity(np.zeros((3, 3, 2, 4))), ValueError, "is needed, those of"),
        (lambda: receptive_field(nested(), "backbone/conv", 18, 0), ValueError, "18 × 14 units"),
        (lambda: LayerCalls(keras.Sequential([layers.Dense(1)])), ValueError, "no weights"),
    ],
)
def test_what_cannot_be_done_is_said(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()


@pytest.mark.parametrize("name", ["_conv", "-conv", ".conv"])
def test_a_layer_whose_name_keras_computes_with_is_compiled(name):
    inputs = keras.Input((20, 16, 3))
    model = keras.Model(inputs, layers.Conv2D(2, 3, name=name)(inputs))
    look = Observer(model)
    np.testing.assert_allclose(look(IMAGES)[name], look(IMAGES)[name], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(look(IMAGES)[name], model.predict(IMAGES, verbose=0), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("name", ["conv 1", "erste Faltung", "層"])
def test_a_layer_whose_name_keras_refuses_is_refused_in_a_sentence(name):
    inputs = keras.Input((20, 16, 3))
    model = keras.Model(inputs, layers.Conv2D(2, 3, name=name)(inputs))
    # As Keras's predict does it; predict itself would leave its own scopes open when it fails.
    with tf.Graph().as_default(), tf.name_scope("model"), pytest.raises(ValueError, match="scope name"):
        tf.name_scope(name).__enter__()
    with pytest.raises(ValueError, match=f"layer '{name}': TensorFlow compiles no layer of this name"):
        activations(model, IMAGES)


@keras.saving.register_keras_serializable()
class Doubled(keras.Model):
    """The documented way to a functional model with a step of one's own."""

    def call(self, inputs, training=None):
        return 2 * super().call(inputs, training=training)


def test_a_model_with_a_call_of_its_own_is_refused_and_inside_another_it_is_one_layer():
    inputs = keras.Input((20, 16, 3))
    own = Doubled(inputs, layers.Conv2D(2, 3, name="conv")(inputs), name="own")
    with pytest.raises(TypeError, match="in a call of its own, Keras does not know"):
        activations(own, IMAGES)
    outer = keras.Input((20, 16, 3))
    found = activations(keras.Model(outer, own(layers.Rescaling(1 / 255, name="scale")(outer))), IMAGES)
    assert list(found) == ["scale", "own"]
    np.testing.assert_allclose(found["own"], own(IMAGES / 255), rtol=1e-4, atol=1e-5)


def test_each_tensor_of_a_layer_that_gives_several_is_shown():
    inputs = keras.Input((20, 16, 3))
    lstm = layers.LSTM(4, return_sequences=True, return_state=True, name="lstm")
    sequence, state, _ = lstm(layers.Reshape((20, 48), name="rows")(inputs))
    model = keras.Model(inputs, layers.Dense(2, name="scores")(state + sequence[:, 0]))
    names = "lstm", "lstm (output 2)", "lstm (output 3)"
    for found in (look := Observer(model))(IMAGES), look(IMAGES):
        for name, tensor in zip(names, lstm(IMAGES.reshape(3, 20, 48)), strict=True):
            np.testing.assert_allclose(found[name], tensor, rtol=1e-4, atol=1e-5)


def test_layers_have_numbers():
    assert list(activations(nested(), IMAGES, [0, -1])) == ["rescaling", "scores"]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: activations(nested(), IMAGES, [9]), "no layer 9 in nested; its layers are: rescaling"),
        (lambda: activations(nested(), IMAGES, [True]), "no layer True"),
        (lambda: activations(nested(), IMAGES, nested().layers[0]), "a list of layers is needed"),
        (lambda: activations(nested(), [IMAGES[0], IMAGES[0, 1:]]), "images of several sizes"),
        (lambda: grad_cam(nested(), [IMAGES[0], IMAGES[0, 1:]]), "images of several sizes"),
        (lambda: activations(nested(), IMAGES, batch_size=0), "batch_size=0: a positive whole number"),
        (lambda: grad_cam(nested(), IMAGES, batch_size=0), "batch_size=0: a positive whole number"),
        (lambda: activations(nested(), [["a"]]), "an array of numbers is needed"),
        (lambda: activations(nested(), None), "an array of numbers is needed"),
        (lambda: grad_cam(nested(), IMAGES, classes="cat"), "classes='cat': whole numbers"),
        (lambda: grad_cam(nested(), IMAGES, classes=[[0, 1]]), "2"),
        (lambda: LayerCalls(keras.Sequential([keras.Input((2,))])), "shows nothing|no weights"),
        (lambda: sparsity("a", np.zeros((2, 3, 4))), r"a gives \(2, 3, 4\)"),
        (lambda: sparsity("a", np.zeros((0, 3, 4, 2))), "for one image at least"),
        (lambda: sparsity("a", np.full((1, 3, 4, 2), "a")), "numbers"),
        (lambda: mosaic(IMAGES[0], columns=-1), "columns=-1: a positive whole number"),
        (lambda: profile(nested(), IMAGES, [0, 0, 1], ["scores"], IMAGES), "edges need a layer with maps"),
    ],
)
def test_what_does_not_fit_is_said(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


TINY = np.zeros((2, 3, 3, 3), "float32")


def any_size(*parts):
    inputs = keras.Input((None, None, 3))
    x = inputs
    for part in parts:
        x = part(x)
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize(
    "part",
    [
        layers.Conv2D(2, 5, name="layer"),
        layers.MaxPooling2D(4, name="layer"),
        layers.AveragePooling2D(4, 1, name="layer"),  # TensorFlow would end the process
        lambda x: layers.Concatenate(name="layer")([x, layers.UpSampling2D()(layers.MaxPooling2D()(x))]),
        lambda x: layers.Add(name="layer")([x, layers.UpSampling2D()(layers.MaxPooling2D()(x))]),
    ],
)
def test_images_that_are_too_small_for_a_model_of_any_size_are_refused_whatever_looks(part):
    model, sentence = any_size(part), r"images of shape \(\d+, 3, 3, 3\) do not go through layer"
    look = Observer(model)
    look(np.zeros((2, 20, 20, 3))), look(np.zeros((2, 20, 20, 3)))
    for call in (
        lambda: activations(model, TINY),
        lambda: look(TINY),
        lambda: grad_cam(model, TINY),
        lambda: occlusion(model, TINY[:1], 0, size=1, stride=1),
        lambda: receptive_field(model, "layer", size=(3, 3)),
        lambda: most_exciting(model, "layer", 0, TINY),
        lambda: natural_peaks(model, "layer", TINY, 0),
        lambda: filters_by_ascent(model, "layer", [0], size=3),
    ):
        with pytest.raises(ValueError, match=sentence):
            call()
    assert look(np.zeros((2, 20, 20, 3)))["layer"].shape[0] == 2


class WithNumpy(layers.Layer):
    """Can be called, and never be compiled."""

    def call(self, inputs):
        return inputs if isinstance(inputs, keras.KerasTensor) else keras.ops.convert_to_tensor(2 * inputs.numpy())

    def compute_output_shape(self, input_shape):
        return input_shape


def test_a_layer_that_cannot_be_compiled_is_looked_into_all_the_same():
    model = any_size(layers.Conv2D(2, 3, name="conv"), WithNumpy(name="own"))
    look = Observer(model)
    for _ in range(3):
        found = look(IMAGES)
        np.testing.assert_allclose(found["own"], 2 * found["conv"])


def test_a_network_with_its_channels_first_shows_its_activations_and_no_places():
    inputs = keras.Input((3, 12, 10))
    pooled = layers.MaxPooling2D(2, data_format="channels_first", name="pool")(inputs)
    relu = layers.ReLU(name="relu")(pooled)
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(relu)))
    images = np.zeros((2, 3, 12, 10))
    assert activations(model, images)["relu"].shape == (2, 3, 6, 5)
    for call in (
        lambda: grad_cam(model, images),
        lambda: receptive_field(model, "relu"),
        lambda: most_exciting(model, "relu", 0, images),
        lambda: filters_by_ascent(model, "relu", [0]),
    ):
        with pytest.raises(ValueError, match="pool has data_format='channels_first'"):
            call()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda model: filters_by_ascent(model, "conv", [0.5]), r"filters=\[0.5\]: whole numbers from 0 to 5"),
        (lambda model: filters_by_ascent(model, "conv", [True]), "whole numbers from 0 to 5"),
        (lambda model: filters_by_ascent(model, "conv", [0], size="big"), "size='big': a positive whole number"),
        (lambda model: filters_by_ascent(model, "conv", [0], steps=0), "steps=0: a positive whole number"),
        (lambda model: natural_peaks(model, "conv", np.zeros((1, 12, 12, 3)), [6]), "whole numbers from 0 to 5"),
        (lambda model: natural_peaks(model, "scores", np.zeros((1, 12, 12, 3)), [0]), "a layer with maps"),
        (lambda model: occlusion(model, np.zeros((1, 12, 12, 3)), 0, size=0), "size=0: a positive whole number"),
        (lambda model: occlusion(model, np.zeros((1, 12, 12, 3)), 0, size=4, stride=0), "stride=0: a positive"),
        (lambda model: occlusion(keras.Sequential([layers.Dense(2)]), np.zeros((1, 4)), 0), r"one is needed, \(1, h"),
        (lambda model: most_exciting(model, "conv", 0, np.zeros((2, 12, 12, 3)), count=-1), "count=-1: a positive"),
        (lambda model: receptive_field(model, "conv", 1.5, 0), r"unit \(1.5, 0\): conv has 10 × 10 units"),
        (lambda model: receptive_field(model, "conv", "a", 0), r"unit \('a', 0\)"),
        (lambda model: receptive_field(model, "conv", size=20), r"size=20: the image's \(height, width\)"),
    ],
)
def test_numbers_of_filters_units_and_sizes_that_cannot_be_are_refused_in_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call(linear_model())


def test_one_filter_may_be_named_by_its_number_alone():
    assert filters_by_ascent(linear_model(), "conv", 2, steps=1).filters.tolist() == [2]


def test_a_dense_layers_units_are_maps_of_one_pixel():
    units = np.array([[0.0, 1, 0], [0, 0, -1]])
    found = sparsity("dense", units)
    assert found.zeros == found.blank_maps == pytest.approx(4 / 6)
    assert (found.dead, found.linear) == (1, 1)
    model = nested()
    selectivity = profile(model, IMAGES, [0, 0, 1], ["scores"])["classes"]
    expected = np.nanmean(class_selectivity(np.asarray(model(IMAGES)), [0, 0, 1]))
    np.testing.assert_allclose(selectivity, [expected], atol=1e-3)


def test_variables_and_lists_are_images_too():
    model = nested()
    expected = activations(model, IMAGES)["scores"]
    for images in (tf.Variable(IMAGES), IMAGES.tolist(), IMAGES.astype("float64"), tf.constant(IMAGES)):
        np.testing.assert_allclose(activations(model, images)["scores"], expected, rtol=1e-5)
