"""The block diagram says what Keras says, and draws it so that one can read it."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations

import keras
import pytest
from keras import layers

from utils import arithmetic
from utils.architecture import BLOCKS, block
from utils.figures.diagram import diagram, plan
from utils.mini_xception import mini_xception

SVG = "{http://www.w3.org/2000/svg}"


def residual_net():
    """The three-block net of seed 001."""
    inputs = keras.Input(shape=(32, 32, 3))
    x = layers.Rescaling(1.0 / 255)(inputs)
    for filters, pooling in ((32, True), (64, True), (128, False)):
        residual = x
        x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
        x = layers.Conv2D(filters, 3, activation="relu", padding="same")(x)
        if pooling:
            x = layers.MaxPooling2D(2, padding="same")(x)
            residual = layers.Conv2D(filters, 1, strides=2)(residual)
        else:
            residual = layers.Conv2D(filters, 1)(residual)
        x = layers.add([x, residual])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


def branched_net():
    """Two inputs, a shared layer, a shortcut within a shortcut, two outputs."""
    first, second = keras.Input((8, 8, 4)), keras.Input((8, 8, 4))
    shared = layers.Conv2D(4, 3, padding="same")
    joined = layers.Concatenate()([shared(first), shared(second)])
    mixed = layers.Conv2D(8, 1)(joined)
    inner = layers.add([layers.DepthwiseConv2D(3, padding="same")(mixed), mixed])
    outer = layers.multiply([inner, joined, layers.Conv2D(8, 3, padding="same")(first)])
    other = layers.GlobalAveragePooling2D()(layers.SeparableConv2D(5, 3)(outer))
    return keras.Model([first, second], [layers.Flatten()(outer + inner), other])


def wide_net():
    """Three ways side by side, and a shortcut past them all."""
    x = keras.Input((8, 8, 4))
    ways = [layers.Conv2D(4, size, padding="same")(x) for size in (1, 3, 5)]
    return keras.Model(x, layers.add([layers.ReLU()(layers.Concatenate()(ways)), layers.Conv2D(12, 1)(x)]))


def drawn(picture):
    return ElementTree.fromstring(picture.data)


def texts(picture):
    return ["".join(text.itertext()) for text in drawn(picture).iter(f"{SVG}text")]


def rectangles(picture):
    """(left, top, right, bottom) of every box and circle."""
    root = drawn(picture)
    boxes = [
        [float(box.get(name)) for name in ("x", "y", "width", "height")]
        for box in root.iter(f"{SVG}rect")
        if box.get("x")
    ]
    circles = [[float(circle.get(name)) for name in ("cx", "cy", "r")] for circle in root.iter(f"{SVG}circle")]
    return [(x, y, x + w, y + h) for x, y, w, h in boxes] + [(x - r, y - r, x + r, y + r) for x, y, r in circles]


def test_the_net_of_the_seed_shows_its_shapes_and_297_697_parameters():
    said = texts(diagram(residual_net()))
    assert "297,697 parameters" in said
    assert "16×16×32 · 128 parameters" in said  # the first projection: 3·32 + 32
    assert "8×8×64 · 2,112 parameters" in said
    assert said.count("MaxPooling2D 2×2") == 2
    assert said.count("+") == 3
    assert "Conv2D 1×1, stride 2" in said
    assert "Dense, sigmoid" in said


def test_a_shortcut_leaves_the_main_path_and_joins_the_addition():
    inputs = keras.Input((8, 8, 4))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    model = keras.Model(inputs, layers.add([layers.ReLU()(x), inputs]))
    root = drawn(diagram(model))
    _, beside = root.iter(f"{SVG}g")
    (shortcut,) = beside
    circle = next(root.iter(f"{SVG}circle"))
    start = [float(n) for n in re.match(r"M([\d.]+) ([\d.]+)", shortcut.get("d")).groups()]
    end = float(re.search(r"H([\d.]+)$", shortcut.get("d"))[1])
    assert start[0] == float(circle.get("cx"))
    assert start[1] < float(circle.get("cy"))
    assert end == float(circle.get("cx")) + float(circle.get("r"))
    assert "Beside it from Input to Add: nothing on the way." in diagram(model).alt


@pytest.mark.parametrize("build", [residual_net, branched_net, wide_net])
def test_no_two_boxes_overlap_and_all_lie_inside_the_picture(build):
    picture = diagram(build())
    boxes = rectangles(picture)
    root = drawn(picture)
    width, height = float(root.get("width")), float(root.get("height"))
    assert all(left >= 0 and right <= width and top >= 0 and bottom <= height for left, top, right, bottom in boxes)
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (a, b)


def test_a_shared_layer_is_counted_once():
    said = texts(diagram(branched_net()))
    assert "8×8×4 · 148 parameters" in said
    assert "Conv2D 3×3 (shared)" in said
    total = branched_net().count_params()
    assert f"{total:,} parameters" in said
    boxes = [int(n.replace(",", "")) for text in said for n in re.findall(r"· ([\d,]+) parameters?$", text)]
    assert sum(boxes) == total


def test_the_same_architecture_gives_the_same_picture_whatever_keras_names_it():
    assert diagram(residual_net()) == diagram(residual_net())


def test_what_is_not_trainable_is_said():
    model = keras.Sequential([keras.Input((4, 4, 32)), layers.BatchNormalization()])
    assert "128 parameters, 64 of them trainable" in texts(diagram(model))


def test_a_small_sequential_model_and_a_nested_one():
    inner = keras.Sequential([keras.Input((4, 4, 2)), layers.Conv2D(3, 2, strides=2), layers.Flatten()])
    model = keras.Sequential([keras.Input((4, 4, 2)), inner, layers.Dropout(0.5), layers.Dense(1)])
    said = texts(diagram(model))
    assert "Sequential of 2 layers" in said
    assert "12 · 27 parameters" in said
    assert "Dropout 0.5" in said


def test_a_model_without_a_graph_is_refused_with_the_way_out():
    with pytest.raises(TypeError, match=r"keras\.Input\(shape\)"):
        diagram(keras.Sequential([layers.Dense(3)]))


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("pooling", [True, False])
def test_the_plan_of_a_block_is_the_diagram_of_the_block_that_keras_builds(kind, pooling):
    shape = (13, 13, 6)
    formula = block(kind, 10, 3, strides=2, pooling=pooling, channels=6)
    inputs = keras.Input(shape)
    built = diagram(keras.Model(inputs, keras_layer(formula, inputs)))
    assert plan(formula, shape) == built


def test_the_planned_block_of_the_mini_xception_is_that_of_the_model():
    whole = texts(diagram(mini_xception(32, filters=(8, 16))))
    planned = texts(plan(block("mini-Xception", 16, channels=8), (8, 8, 8)))
    assert "MaxPooling2D 3×3, stride 2" in planned
    assert set(planned) - {"Input", "8×8×8", planned[-1]} <= set(whole)


def keras_layer(formula, x):
    """What the formula describes, built by Keras on the tensor ``x``."""
    if isinstance(formula, arithmetic.Sequential):
        for each in formula.layers:
            x = keras_layer(each, x)
        return x
    if isinstance(formula, arithmetic.Residual):
        return layers.add([keras_layer(formula.body, x), keras_layer(formula.shortcut, x)])
    if isinstance(formula, arithmetic.Elementwise):
        return getattr(layers, formula.name)()(x)
    return getattr(layers, type(formula).__name__)(**vars(formula))(x)
