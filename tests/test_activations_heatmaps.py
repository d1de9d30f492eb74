"""Heatmaps are those that are known otherwise, and say what they explain."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from networks import linear_model

from utils.activations import (
    GradCam,
    grad_cam,
    occlusion,
)
from utils.figures.activations import draw_heatmaps
from utils.mini_xception import mini_xception
from utils.training import accuracy

RANDOM = np.random.default_rng(0)


def class_activation_maps(model, images, column, sign=1):
    """CAM of Zhou et al. 2016: with average pooling and one dense layer Grad-CAM is this, divided by the positions."""
    maps = np.asarray(model.get_layer("conv")(images))
    weights = sign * keras.ops.convert_to_numpy(model.get_layer("scores").kernel)[:, column]
    return np.maximum(maps @ weights, 0) / (maps.shape[1] * maps.shape[2])


def usual_heatmap(model, image, guided=False):
    """Grad-CAM on the output of the model as it is, divided by the map's highest value."""
    inside = keras.Model(model.input, [model.get_layer("conv").output, model.output])
    with tf.GradientTape() as tape:
        maps, scores = inside(image[None])
        score = scores[:, tf.argmax(scores[0])]
    gradient = tape.gradient(score, maps)
    if guided:
        gradient = tf.where((maps > 0) & (gradient > 0), gradient, 0)
    heat = tf.maximum(tf.reduce_sum(tf.reduce_mean(gradient, axis=(1, 2), keepdims=True) * maps, axis=-1), 0)
    return (heat / tf.reduce_max(heat)).numpy()[0]


def test_a_heatmap_is_the_class_activation_map_where_that_is_known():
    model, images = linear_model(), RANDOM.normal(size=(4, 12, 12, 3)).astype("float32")
    found = grad_cam(model, images, classes=[0, 1, 2, 1])
    for number, column in enumerate([0, 1, 2, 1]):
        expected = class_activation_maps(model, images[number : number + 1], column)[0]
        np.testing.assert_allclose(found.maps[number], expected, rtol=1e-4, atol=1e-6)
    assert found.layer == "conv"
    likeliest = grad_cam(model, images)
    np.testing.assert_array_equal(likeliest.classes, np.argmax(model(images), axis=1))
    np.testing.assert_allclose(likeliest.probabilities, np.max(model(images), axis=1), rtol=1e-5)
    logits = linear_model(activation=None)
    logits.set_weights(model.get_weights())
    np.testing.assert_allclose(likeliest.scaled[0], usual_heatmap(logits, images[0]), rtol=1e-3, atol=1e-5)
    guided = usual_heatmap(logits, images[0], guided=True)  # what some packages call Grad-CAM
    for other in (guided, usual_heatmap(model, images[0])):  # probabilities mix in what speaks for other classes
        assert np.abs(likeliest.scaled[0] - other).max() > 0.02


def test_a_saturated_softmax_and_a_saturated_sigmoid_keep_their_heatmaps():
    images = RANDOM.normal(size=(2, 12, 12, 3)).astype("float32")
    for units, activation in ((3, "softmax"), (1, "sigmoid")):
        model = linear_model(units, activation)
        model.get_layer("scores").kernel.assign(model.get_layer("scores").kernel * 1e5)
        assert set(np.unique(np.round(model(images), 6))) <= {0, 1}
        with np.errstate(invalid="ignore"):
            assert np.isnan(usual_heatmap(model, images[0])).all()
        found = grad_cam(model, images, "conv")
        assert np.isfinite(found.maps).all()
        assert not found.silent.any()


def test_a_single_sigmoid_unit_explains_both_its_classes():
    model, images = linear_model(1, "sigmoid"), RANDOM.normal(size=(2, 12, 12, 3)).astype("float32")
    for wanted, sign in ((1, 1), (0, -1)):
        found = grad_cam(model, images, classes=wanted)
        np.testing.assert_allclose(found.maps, class_activation_maps(model, images, 0, sign), rtol=1e-4, atol=1e-6)
        expected = model(images)[:, 0] if wanted else 1 - model(images)[:, 0]
        np.testing.assert_allclose(found.probabilities, expected, rtol=1e-4)
        # The usual way explains the one unit, class 1, whichever class is the likelier.
        usual = usual_heatmap(model, images[0])
        assert (np.abs(found.scaled[0] - usual).max() < 1e-3) == (wanted == 1)


def test_a_heatmap_to_which_nothing_contributes_is_silent_and_not_nan():
    model = linear_model(1, "sigmoid")
    model.get_layer("scores").kernel.assign(-np.ones((6, 1)))
    images = RANDOM.normal(size=(2, 12, 12, 3)).astype("float32")
    found = grad_cam(model, images, classes=1)
    assert found.silent.all()
    assert not found.scaled.any()
    assert np.isnan(usual_heatmap(model, images[0])).all()


def test_a_frozen_model_that_was_saved_and_loaded_again_has_heatmaps(tmp_path):
    model, images = linear_model(), RANDOM.normal(size=(2, 12, 12, 3)).astype("float32")
    expected = grad_cam(model, images).maps
    model.trainable = False
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(grad_cam(again, images).maps, expected, rtol=1e-5)


def test_a_batch_of_heatmaps_is_that_of_its_images_one_by_one():
    model = mini_xception(24, filters=(4, 8))
    images = RANDOM.uniform(0, 255, (5, 24, 24, 3)).astype("float32")
    together = grad_cam(model, images, batch_size=2).maps
    alone = [grad_cam(model, image[None]).maps[0] for image in images]
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("softmax", [layers.Softmax(), layers.Activation("softmax"), keras.ops.softmax])
def test_a_softmax_of_its_own_is_looked_behind_too(softmax):
    inputs = keras.Input((12, 12, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(6, 3, activation="relu", name="conv")(inputs))
    model = keras.Model(inputs, softmax(layers.Dense(3, name="scores")(x)))
    images = RANDOM.normal(size=(1, 12, 12, 3)).astype("float32")
    found = grad_cam(model, images, "conv", classes=2).maps
    np.testing.assert_allclose(found, class_activation_maps(model, images, 2), rtol=1e-4, atol=1e-6)


def test_occlusion_of_a_sigmoid_is_compiled_and_opposite_for_the_two_classes():
    image = RANDOM.normal(size=(1, 12, 12, 3)).astype("float32")
    fallen = occlusion(linear_model(1, "sigmoid"), image, [0, 1], size=4, stride=4, batch_size=4).falls
    assert fallen.shape == (2, 3, 3)
    np.testing.assert_allclose(fallen[0], -fallen[1], rtol=1e-5)
    assert np.abs(fallen).max() > 1e-3


def test_occlusion_finds_the_only_place_that_counts():
    inputs = keras.Input((16, 16, 1))
    kernel = np.zeros((16, 16, 1, 2), "float32")
    kernel[9, 2, 0, 1] = 4
    outputs = layers.Flatten()(layers.Conv2D(2, 16, use_bias=False, name="conv")(inputs))
    model = keras.Model(inputs, layers.Softmax()(outputs))
    model.get_layer("conv").kernel.assign(kernel)
    image = np.zeros((1, 16, 16, 1), "float32")
    image[0, 9, 2] = 1
    fallen = occlusion(model, image, [0, 1], size=4, stride=4).falls
    expected = np.zeros((2, 4, 4))
    expected[1, 2, 0] = 4 * (1 - 1 / 256)  # the square takes the image's mean, 1/256
    np.testing.assert_allclose(fallen, expected, atol=1e-5)


# Heads: what a network ends with


class OwnHead(layers.Layer):
    """A head of one's own, whose ``activation`` serves its hidden layer, too."""

    def __init__(self):
        super().__init__()
        self.activation = keras.activations.sigmoid
        self.hidden, self.scores = layers.Dense(8), layers.Dense(4)

    def build(self, shape):
        self.hidden.build(shape)
        self.scores.build((None, 8))

    def call(self, inputs):
        scores = self.activation(self.scores(self.activation(self.hidden(inputs))))
        return scores / keras.ops.sum(scores, axis=-1, keepdims=True)


class TwoTensors(layers.Layer):
    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(4), layers.Dense(4, activation="softmax")

    def build(self, shape):
        self.first.build(shape)
        self.second.build(shape)

    def call(self, inputs):
        return self.first(inputs), self.second(inputs)


def dense(units=4, activation="softmax", **options):
    return layers.Dense(units, activation, kernel_initializer=keras.initializers.RandomNormal(stddev=2), **options)


def ending(head):
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(6, 3, activation="relu", name="conv")(inputs)
    return keras.Model(inputs, head(layers.GlobalAveragePooling2D()(x)))


HEADS = {
    "softmax": (dense(), "logit"),
    "softmax of its own": (lambda x: layers.Softmax()(dense(4, None)(x)), "logit"),
    "mixed precision": (
        lambda x: layers.Activation("linear", dtype="float32")(dense(dtype="mixed_float16")(x)),
        "logit",
    ),
    "identity": (lambda x: layers.Identity()(dense()(x)), "logit"),
    "reshape": (lambda x: layers.Reshape((1, 1, 4))(dense()(x)), "logit"),
    "flatten": (lambda x: layers.Flatten()(dense()(x)), "logit"),
    "cast": (lambda x: keras.ops.cast(dense()(x), "float32"), "logit"),
    "cast to 16 bits": (lambda x: keras.ops.cast(dense()(x), "float16"), "logit"),
    "dropout": (lambda x: layers.Dropout(0.5)(dense()(x)), "logit"),
    "nested": (keras.Sequential([keras.Input((6,)), dense()]), "logit"),
    "several labels": (dense(4, "sigmoid"), "logit"),
    "clip": (lambda x: keras.ops.clip(dense()(x), 0, 1), "probability"),
    "ensemble": (lambda x: layers.Average()([dense()(x), dense()(x)]), "probability"),
    "Lambda": (lambda x: layers.Lambda(lambda x: tf.nn.softmax(x))(dense(4, None)(x)), "probability"),
    "hard_sigmoid": (dense(4, "hard_sigmoid"), "probability"),
    "head of one's own": (OwnHead(), "probability"),
    "second of two tensors": (lambda x: TwoTensors()(x)[1], "probability"),
    "linear": (dense(4, None), "output"),
    "softmax and then scaled": (lambda x: 3 * dense()(x), "output"),
}


@pytest.mark.parametrize("name", HEADS)
def test_what_is_explained_is_what_is_said_and_the_probability_is_the_models_own(name):
    head, explained = HEADS[name]
    model, images = ending(head), RANDOM.normal(size=(4, 12, 12, 3)).astype("float32")
    own = np.asarray(model(images, training=False)).reshape(4, -1)
    look = GradCam(model, "conv")
    for _ in range(2):  # as it is, and compiled
        found = look(images, classes=[0, 1, 2, 3])
        assert found.explained == explained
        if explained == "output":
            assert found.probabilities is None
        else:
            np.testing.assert_allclose(found.probabilities, own[range(4), range(4)], rtol=1e-4)
        np.testing.assert_array_equal(look(images).classes, own.argmax(axis=1))
        if explained != "logit":
            np.testing.assert_allclose(found.maps, gradient_maps(model, images), rtol=1e-3, atol=1e-6)
    if explained == "logit" and name != "mixed precision":
        kernel = keras.ops.convert_to_numpy(model.weights[-2])
        expected = np.einsum("nhwc,cn->nhw", np.asarray(model.get_layer("conv")(images)), kernel) / 100
        np.testing.assert_allclose(found.maps, np.maximum(expected, 0), rtol=1e-3, atol=1e-6)


def gradient_maps(model, images):
    """Grad-CAM of the model's own output, image ``i`` for class ``i``, by a second model."""
    inside = keras.Model(model.input, [model.get_layer("conv").output, model.output])
    with tf.GradientTape() as tape:
        maps, outputs = inside(images, training=False)
        score = tf.gather(outputs, range(4), batch_dims=1)
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy()


ONE_UNIT = {
    "sigmoid": dense(1, "sigmoid"),
    "flatten": lambda x: layers.Flatten()(dense(1, "sigmoid")(x)),
    "reshape": lambda x: layers.Reshape((1, 1, 1))(dense(1, "sigmoid")(x)),
    "mixed precision": lambda x: layers.Activation("linear", dtype="float32")(dense(1, "sigmoid")(x)),
    "operation": lambda x: keras.ops.sigmoid(dense(1, None)(x)),
    "hard": dense(1, "hard_sigmoid"),
}


@pytest.mark.parametrize("name", ONE_UNIT)
def test_the_class_of_a_single_unit_is_the_one_that_the_model_says(name):
    model, images = ending(ONE_UNIT[name]), RANDOM.normal(size=(6, 12, 12, 3)).astype("float32")
    model.weights[-1].assign([-np.mean(np.asarray(model(images))) + 0.4])  # some images on either side of ½
    own = np.asarray(model(images)).reshape(6)
    found = grad_cam(model, images, "conv")
    np.testing.assert_array_equal(found.classes, own > 0.5)
    np.testing.assert_allclose(found.probabilities, np.where(own > 0.5, own, 1 - own), rtol=1e-4)
    assert accuracy(model, images, own > 0.5) == 1


def test_a_single_unit_that_nobody_can_read_is_asked_for():
    model = ending(lambda x: layers.Lambda(lambda x: tf.sigmoid(x))(dense(1, None)(x)))
    images = RANDOM.normal(size=(6, 12, 12, 3)).astype("float32")
    own = np.asarray(model(images))[:, 0]
    with pytest.raises(ValueError, match="one_unit='probability' or one_unit='logit' is needed"):
        grad_cam(model, images)
    np.testing.assert_array_equal(grad_cam(model, images, one_unit="probability").classes, own > 0.5)
    np.testing.assert_array_equal(grad_cam(model, images, one_unit="logit").classes, own > 0)
    with pytest.raises(ValueError, match="one_unit='p'"):
        grad_cam(model, images, one_unit="p")


def test_images_whose_outputs_contradict_what_was_found_out_are_refused():
    model = ending(lambda x: layers.Lambda(lambda x: tf.where(x[:, :1] > 1, 5.0, tf.nn.softmax(x)))(x))
    images = np.zeros((2, 12, 12, 3), "float32")
    look = GradCam(model, "conv")
    assert look(images).explained == "probability"
    model.get_layer("conv").bias.assign(10 * np.ones(6))
    with pytest.raises(ValueError, match="of others are none"):
        look(images)


def test_the_figure_says_what_is_explained():
    images = RANDOM.normal(size=(1, 12, 12, 3)).astype("float32")
    pictures = [np.zeros((12, 12, 3), "uint8")]
    for activation, words in (("softmax", "the class's logit"), (None, "the network's output for the class")):
        found = grad_cam(linear_model(activation=activation), images)
        drawn = draw_heatmaps(pictures, found, ["a"])
        assert f"The map explains {words}" in drawn.caption
        assert f"They explain {words}" in drawn.alt
    fallen = occlusion(linear_model(), images, [1], size=6, stride=6)
    assert "The map explains the class's logit" in draw_heatmaps(pictures, fallen, ["b"]).caption


@pytest.mark.parametrize(
    ("outputs", "shape"),
    [
        (lambda x: layers.Conv2D(4, 1, activation="softmax")(x), r"\(None, 10, 10, 4\)"),
        (lambda x: dense()(layers.Reshape((100, 6))(x)), r"\(None, 100, 4\)"),
        (lambda x: layers.LSTM(5, return_sequences=True)(layers.Reshape((100, 6))(x)), r"\(None, 100, 5\)"),
    ],
)
def test_a_network_without_one_score_a_class_is_refused_in_a_sentence(outputs, shape):
    inputs = keras.Input((12, 12, 3))
    model = keras.Model(inputs, outputs(layers.Conv2D(6, 3)(inputs)))
    with pytest.raises(ValueError, match=f"gives {shape}: a network with one score a class"):
        grad_cam(model, np.zeros((1, 12, 12, 3)))


def test_layers_have_numbers_and_classes_may_stand_in_a_column():
    model, images = linear_model(), RANDOM.normal(size=(3, 12, 12, 3)).astype("float32")
    assert grad_cam(model, images, layer=0).layer == "conv"
    two = keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(6, 3, name="a"), layers.Conv2D(6, 3, name="b"),
                            layers.GlobalAveragePooling2D(), layers.Dense(3)])  # fmt: skip
    assert (grad_cam(two, images, layer=0).layer, grad_cam(two, images).layer) == ("a", "b")
    column = grad_cam(model, images, classes=np.array([[0], [1], [2]]))
    np.testing.assert_array_equal(column.maps, grad_cam(model, images, classes=[0, 1, 2]).maps)
    variable = grad_cam(model, tf.Variable(images), classes=tf.Variable([0, 1, 2]))
    np.testing.assert_array_equal(variable.maps, column.maps)
