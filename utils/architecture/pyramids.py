"""Networks as stages of maps, from large to small, and the same chains of layers as formulas."""

from dataclasses import dataclass
from itertools import pairwise

import keras
from keras import layers

from utils import arithmetic

WINDOWED = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.Conv2DTranspose)
MAPS = (*WINDOWED, layers.Add, layers.Concatenate)

# A small network of each family of convnets in ``keras.applications``.
FAMILIES = {
    "VGG": "VGG16",
    "Inception": "InceptionV3",
    "ResNet": "ResNet50",
    "ResNet V2": "ResNet50V2",
    "Inception-ResNet": "InceptionResNetV2",
    "Xception": "Xception",
    "DenseNet": "DenseNet121",
    "MobileNet": "MobileNet",
    "NASNet": "NASNetMobile",
    "MobileNet V2": "MobileNetV2",
    "EfficientNet": "EfficientNetB0",
    "MobileNet V3": "MobileNetV3Small",
    "EfficientNet V2": "EfficientNetV2B0",
    "ConvNeXt": "ConvNeXtTiny",
}


@dataclass(frozen=True)
class Stage:
    """All maps of one size in a network: their height and width, the channels (filters) of the widest of them, and how
    many convolutions made them."""

    height: int
    width: int
    filters: int
    convolutions: int


def pyramid(model):
    """The ``Stage``s of a Keras network, in order: one begins where the size of the maps changes.

    Maps come from convolutions, additions and concatenations. What sees a single pixel is left out: squeeze and
    excitation (Hu et al. 2018) computes factors for the channels there, no maps.
    """
    stages = []
    for layer in model.layers:
        if not isinstance(layer, MAPS):
            continue
        given = layer.input[0] if isinstance(layer.input, list) else layer.input
        if tuple(given.shape[1:3]) == (1, 1):
            continue
        _, height, width, filters = layer.output.shape
        convolutions = int(isinstance(layer, WINDOWED))
        if stages and (height, width) == (stages[-1].height, stages[-1].width):
            last = stages.pop()
            filters, convolutions = max(filters, last.filters), last.convolutions + convolutions
        stages.append(Stage(height, width, filters, convolutions))
    return stages


@dataclass(frozen=True)
class Slope:
    """How a pyramid changes from stage to stage: the smallest growth of filters, the largest remainder of the map's
    height, and the growth of filters from the first stage to the last; all as ratios."""

    smallest_growth: float
    largest_remainder: float
    total_growth: float

    @property
    def is_pyramid(self):
        """Each stage has more filters, and lower maps, than the one before."""
        return self.smallest_growth > 1 > self.largest_remainder


def slope(stages):
    """The ``Slope`` of two or more ``Stage``s."""
    pairs = list(pairwise(stages))
    return Slope(
        min(below.filters / above.filters for above, below in pairs),
        max(below.height / above.height for above, below in pairs),
        stages[-1].filters / stages[0].filters,
    )


def families(size=224):
    """The stages of each network of ``FAMILIES`` for images of ``size`` pixels a side: name → list of ``Stage``.

    The networks are built one after the other, without trained weights and without their classifiers.
    """
    found = {}
    for name, network in FAMILIES.items():
        build = getattr(keras.applications, network)
        found[name] = pyramid(build(weights=None, include_top=False, input_shape=(size, size, 3)))
    return found


def formulas(model):
    """The same chain of layers in ``utils.arithmetic``, where shapes and counts are formulas and nothing is built."""
    return arithmetic.Sequential(
        tuple(_formula(layer) for layer in model.layers if not isinstance(layer, layers.InputLayer))
    )


def _formula(layer):
    kind = getattr(arithmetic, type(layer).__name__, None)
    if kind is None:
        return arithmetic.Elementwise(type(layer).__name__)
    return kind(**{name: getattr(layer, name) for name in kind.__dataclass_fields__})
