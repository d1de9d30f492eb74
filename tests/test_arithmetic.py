"""The closed formulas against Keras's layers, TensorFlow's profiler, gradients, and numbers from papers."""

import dataclasses
import doctest

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import arithmetic
from utils.arithmetic import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Count,
    Dense,
    DepthwiseConv2D,
    Elementwise,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    Part,
    Residual,
    SeparableConv2D,
    Sequential,
    output_size,
)
from utils.questions._by_keras import model, multiply_adds, receptive_field

PADDINGS = st.sampled_from(["same", "valid"])
SMALL, TINY = st.integers(1, 6), st.integers(1, 3)
PAIRS = st.one_of(SMALL, st.tuples(SMALL, SMALL))
STRIDES = st.one_of(TINY, st.integers(4, 7), st.tuples(TINY, TINY))
SHAPES = st.tuples(st.integers(1, 11), st.integers(1, 11), SMALL)

LAYERS = {
    "Conv2D": st.fixed_dictionaries(
        {"filters": st.integers(1, 8), "kernel_size": PAIRS, "strides": STRIDES, "padding": PADDINGS},
        optional={"dilation_rate": TINY, "groups": TINY, "use_bias": st.booleans()},
    ),
    "DepthwiseConv2D": st.fixed_dictionaries(
        {"kernel_size": PAIRS, "strides": STRIDES, "padding": PADDINGS},
        optional={"depth_multiplier": TINY, "dilation_rate": TINY, "use_bias": st.booleans()},
    ),
    "SeparableConv2D": st.fixed_dictionaries(
        {"filters": st.integers(1, 8), "kernel_size": PAIRS, "strides": STRIDES, "padding": PADDINGS},
        optional={"depth_multiplier": TINY, "dilation_rate": TINY, "use_bias": st.booleans()},
    ),
    "Conv2DTranspose": st.fixed_dictionaries(
        {"filters": st.integers(1, 8), "kernel_size": PAIRS, "strides": STRIDES, "padding": PADDINGS},
        optional={"use_bias": st.booleans()},
    ),
    "MaxPooling2D": st.fixed_dictionaries(
        {"pool_size": PAIRS, "padding": PADDINGS}, optional={"strides": STRIDES | st.none()}
    ),
    "AveragePooling2D": st.fixed_dictionaries(
        {"pool_size": PAIRS, "padding": PADDINGS}, optional={"strides": STRIDES | st.none()}
    ),
    "BatchNormalization": st.fixed_dictionaries({}, optional={"center": st.booleans(), "scale": st.booleans()}),
    "Dense": st.fixed_dictionaries({"units": st.integers(1, 40)}, optional={"use_bias": st.booleans()}),
    "GlobalAveragePooling2D": st.just({}),
    "Flatten": st.just({}),
}  # fmt: skip


def by_keras(kind, arguments, shape):
    """(output shape, parameters, trained ones) of the layer called on zeros; ``None`` if Keras refuses."""
    try:
        layer = getattr(keras.layers, kind)(**arguments)
        output = layer(np.zeros((1, *shape), "float32"))
    except (ValueError, tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
        return None
    if 0 in output.shape:  # Keras 3.15 lets some windows through that fit nowhere
        return None
    trained = sum(int(np.prod(variable.shape)) for variable in layer.trainable_variables)
    return tuple(output.shape[1:]), layer.count_params(), trained


def by_formula(kind, arguments, shape):
    try:
        layer = getattr(arithmetic, kind)(**arguments)
        output, parameters = layer.output_shape(shape), layer.parameters(shape)
    except ValueError:
        return None
    return output, parameters.value, parameters.trainable


@pytest.mark.parametrize("kind", LAYERS)
def test_shape_and_parameters_are_those_of_the_keras_layer_and_both_refuse_the_same(kind):
    accepted = []

    @settings(max_examples=80, derandomize=True, deadline=None, database=None)
    @given(LAYERS[kind], SHAPES)
    def agree(arguments, shape):
        expected = by_keras(kind, arguments, shape)
        assert by_formula(kind, arguments, shape) == expected
        accepted.append(expected is not None)

    agree()
    assert sum(accepted) >= 20


@settings(max_examples=25, derandomize=True, deadline=None, database=None)
@given(st.integers(2, 4), TINY, TINY, SMALL, PADDINGS)
def test_a_convolution_in_groups_is_several_side_by_side(groups, filters, channels, kernel_size, padding):
    arguments = {"filters": groups * filters, "kernel_size": kernel_size, "padding": padding, "groups": groups}
    shape, one = (7, 6, groups * channels), {**arguments, "filters": filters, "groups": 1}
    twin = keras.layers.Conv2D(**arguments)
    twin.build((None, *shape))  # calling it would compile it: TensorFlow has no grouped convolution on a CPU
    expected = twin.compute_output_shape((None, *shape))[1:], twin.count_params(), twin.count_params()
    assert by_formula("Conv2D", arguments, shape) == expected
    assert Conv2D(**arguments).multiply_adds(shape).value == groups * multiply_adds("Conv2D", (7, 6, channels), **one)


# Biases are no multiply-adds; the graphs of dilated and grouped convolutions are not the plain ones.
OTHER_WORK = ("use_bias", "dilation_rate", "groups")


@pytest.mark.parametrize("kind", ["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose", "Dense"])
def test_multiply_adds_are_those_that_the_profiler_counts(kind):
    counted = []

    @settings(max_examples=60, derandomize=True, deadline=None, database=None)
    @given(LAYERS[kind], SHAPES)
    def agree(arguments, shape):
        arguments = {name: value for name, value in arguments.items() if name not in OTHER_WORK}
        shape = shape[2:] if kind == "Dense" else shape
        try:
            layer = getattr(arithmetic, kind)(**arguments)
            expected = layer.multiply_adds(shape).value
        except ValueError:
            return
        if kind == "Conv2DTranspose":  # as much work as the convolution that it is the transpose of
            arguments["filters"], back = shape[-1], layer.output_shape(shape)
            assert multiply_adds("Conv2D", back, **arguments) == expected
        else:
            assert multiply_adds(kind, shape, **arguments) == expected
        counted.append(expected)

    agree()
    assert len(set(counted)) >= 20


COLUMN_LAYERS = st.one_of(
    st.builds(Conv2D, st.just(1), st.tuples(SMALL, st.just(1)), st.tuples(TINY, st.just(1)), PADDINGS),
    st.builds(Conv2D, st.just(1), st.tuples(SMALL, st.just(1)), st.just(1), PADDINGS, st.tuples(TINY, st.just(1))),
    st.builds(DepthwiseConv2D, st.tuples(SMALL, st.just(1)), padding=PADDINGS),
    st.builds(SeparableConv2D, st.just(1), st.tuples(SMALL, st.just(1)), padding=PADDINGS),
    st.builds(Conv2DTranspose, st.just(1), st.tuples(SMALL, st.just(1)), st.tuples(TINY, st.just(1)), PADDINGS),
    st.builds(AveragePooling2D, st.tuples(SMALL, st.just(1)), st.tuples(TINY, st.just(1)), PADDINGS),
    st.just(BatchNormalization()),
)  # fmt: skip


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(st.lists(COLUMN_LAYERS, min_size=1, max_size=3))
def test_the_receptive_field_is_what_reaches_a_unit(layers):
    seen = Sequential(tuple(layers)).receptive_field((120, 1, 1))
    assert seen == (receptive_field(map(built, layers), size=120), 1)


def test_a_residual_block_sees_what_its_wider_branch_sees():
    body = Sequential((Conv2D(1, 3, padding="same"), Conv2D(1, 3, 2, padding="same")))
    block = Residual(body, Sequential((Conv2D(1, 1, strides=2),)))
    assert block.receptive_field((32, 32, 1)) == (5, 5)
    assert Sequential((block, block)).receptive_field((32, 32, 1)) == (13, 13)
    column = tuple(dataclasses.replace(layer, kernel_size=(3, 1)) for layer in body.layers)
    twin = model(Residual(Sequential(column), block.shortcut), (60, 1, 1))
    assert receptive_field([twin], size=60) == 5


def built(layer):
    return getattr(keras.layers, type(layer).__name__)(**dataclasses.asdict(layer))


def test_the_residual_network_of_the_course_has_297697_parameters():
    def block(filters, pools):
        body = (Conv2D(filters, 3, padding="same"),) * 2 + (MaxPooling2D(2, padding="same"),) * pools
        return Residual(Sequential(body), Sequential((Conv2D(filters, 1, strides=2 if pools else 1),)))

    blocks = block(32, True), block(64, True), block(128, False)
    network = Sequential((Elementwise("Rescaling"), *blocks, GlobalAveragePooling2D(), Dense(1)))
    assert network.parameters((32, 32, 3)).value == network.parameters((32, 32, 3)).trainable == 297_697
    assert network.output_shape((32, 32, 3)) == (1,)


def test_vgg16_has_the_parameters_and_the_work_that_are_known_of_it():
    """138,357,544 parameters (Simonyan & Zisserman 2014: 138 million); 15.5 billion multiply-adds."""
    stages = (64, 2), (128, 2), (256, 3), (512, 3), (512, 3)
    layers = []
    for filters, repeats in stages:
        layers += [Conv2D(filters, 3, padding="same")] * repeats + [MaxPooling2D()]
    network = Sequential((*layers, Flatten(), Dense(4096), Dense(4096), Dense(1000)))
    assert network.parameters((224, 224, 3)).value == 138_357_544
    assert network.multiply_adds((224, 224, 3)).value == pytest.approx(15.5e9, rel=0.005)
    assert [output for layer, _, output in network.rows((224, 224, 3)) if isinstance(layer, MaxPooling2D)] == [
        (112, 112, 64),
        (56, 56, 128),
        (28, 28, 256),
        (14, 14, 512),
        (7, 7, 512),
    ]
    # 212 is in the literature for the last pooling of VGG16 (Araujo et al. 2019, "Computing receptive fields").
    assert Sequential(tuple(layers)).receptive_field((224, 224, 3)) == (212, 212)


def test_mobilenet_has_the_parameters_and_the_work_of_its_paper():
    """Howard et al. (2017): 569 million multiply-adds, 4.2 million parameters; Keras counts 4,253,864."""
    stages = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
    layers = [Conv2D(32, 3, strides=2, padding="same", use_bias=False), BatchNormalization(), Elementwise("ReLU6")]
    for filters, strides in stages:
        layers += [DepthwiseConv2D(3, strides, "same", use_bias=False), BatchNormalization(), Elementwise("ReLU6")]
        layers += [Conv2D(filters, 1, use_bias=False), BatchNormalization(), Elementwise("ReLU6")]
    network = Sequential((*layers, GlobalAveragePooling2D(), Dense(1000)))
    parameters = network.parameters((224, 224, 3))
    assert (parameters.value, parameters.trainable) == (4_253_864, 4_231_976)
    assert network.multiply_adds((224, 224, 3)).value == pytest.approx(569e6, rel=0.002)


def test_the_mini_xception_is_counted_as_keras_counts_it():
    from utils.mini_xception import mini_xception

    network, shape = Sequential((Conv2D(16, 5, 2, "same", use_bias=False), *map(_block, (16, 32, 64)))), (32, 32, 3)
    network = Sequential((*network.layers, GlobalAveragePooling2D(), Dense(1)))
    twin = mini_xception(32)
    assert network.parameters(shape).value == twin.count_params()
    assert network.parameters(shape).trainable == sum(int(np.prod(w.shape)) for w in twin.trainable_weights)


def _block(filters):
    step = BatchNormalization(), Elementwise("ReLU"), SeparableConv2D(filters, 3, padding="same", use_bias=False)
    body = Sequential((*step, *step, MaxPooling2D(3, 2, "same")))
    return Residual(body, Sequential((Conv2D(filters, 1, strides=2, use_bias=False),)))


def test_the_numbers_of_the_seeds():
    assert BatchNormalization().parameters((30, 30, 32)).value == 128
    assert BatchNormalization().parameters((30, 30, 32)).trainable == 64
    assert SeparableConv2D(64, 3).parameters((30, 30, 32)).value == 2_400
    both = DepthwiseConv2D(3).parameters((30, 30, 32)).value + Conv2D(64, 1).parameters((30, 30, 32)).value
    assert both == 2_432
    assert DepthwiseConv2D(3).parameters((7, 7, 3)).value == 30
    assert Conv2D(2, 1).parameters((5, 5, 3)).value == 8


def test_a_derivation_says_what_is_summed_up():
    counted = SeparableConv2D(64, 3).parameters((28, 28, 32))
    assert counted.steps == [
        "depthwise kernels: 3 × 3 × 32 = 288",
        "pointwise kernels: 32 × 64 = 2,048",
        "biases: 64",
        "total: 288 + 2,048 + 64 = 2,400",
    ]
    assert str(Count()) == "nothing to count: 0"
    assert str(Count((Part("biases", 64),))) == "biases: 64"


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(st.integers(1, 40), SMALL, STRIDES.filter(lambda s: isinstance(s, int)), PADDINGS, TINY)
def test_positions_along_an_axis_are_those_one_can_count(size, window, stride, padding, dilation):
    offsets = [dilation * tap for tap in range(window)]
    starts = range(0, size, stride)
    if padding == "valid":
        starts = [start for start in starts if start + offsets[-1] < size]
    if not starts:
        with pytest.raises(ValueError, match="is needed for a window"):
            output_size(size, window, stride, padding, dilation)
    else:
        assert output_size(size, window, stride, padding, dilation) == len(starts)


WIDER = Residual(Sequential((Conv2D(64, 3, padding="same"),)))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Conv2D(0, 3), "filters=0: a positive integer"),
        (lambda: Conv2D(8, 3, padding="sane"), "padding='sane'"),
        (lambda: Conv2D(8, 3, groups=3), "filters=8: a multiple of groups=3"),
        (lambda: Conv2D(6, 3, groups=3).parameters((9, 9, 4)), "channels=4: a multiple of groups=3"),
        (lambda: Conv2D(8, 3, strides=2, dilation_rate=2), "one of them must be 1"),
        (lambda: Conv2D(8, 3).output_shape((2, 9, 3)), "size=2: at least 3 is needed"),
        (lambda: WIDER.output_shape((30, 30, 32)), r"\(30, 30, 64\) \+ \(30, 30, 32\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_reason(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_the_examples_in_the_text_are_true():
    assert doctest.testmod(arithmetic).attempted >= 3
    assert doctest.testmod(arithmetic).failed == 0
