"""Where published networks put batch normalization, read off the networks that Keras builds."""

from dataclasses import dataclass

import keras
from keras import layers

from utils.keras_graph import is_activation, nodes

# One network of each family of keras.applications: the smallest image that it takes. Those that Keras builds quickly
# come first, from old to new in each part.
QUICK = {
    "VGG16": 32, "ResNet50V2": 32, "Xception": 71, "MobileNet": 32, "MobileNetV3Small": 32, "ConvNeXtTiny": 32,
}  # fmt: skip
SLOW = {
    "ResNet50": 32, "InceptionV3": 75, "InceptionResNetV2": 75, "DenseNet121": 32, "NASNetMobile": 32,
    "MobileNetV2": 32, "EfficientNetB0": 32, "EfficientNetV2B0": 32,
}  # fmt: skip
CONVOLUTIONS = layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D


@dataclass(frozen=True)
class Usage:
    """How a network uses batch normalization.

    ``before_activation`` counts those whose output goes directly into an activation, ``after_activation`` those whose
    input comes directly from one.
    """

    name: str
    convolutions: int
    normalizations: int
    before_activation: int
    after_activation: int


def usage(name):
    """The ``Usage`` of a network of keras.applications, built without its weights."""
    size = (QUICK | SLOW)[name]
    model = getattr(keras.applications, name)(input_shape=(size, size, 3), weights=None, include_top=False)
    return usage_in(model, name)


def usage_in(model, name=""):
    """The ``Usage`` of any functional model."""
    calls = nodes(model)
    kinds = [node.operation for node in calls]
    normalizations = [place for place, kind in enumerate(kinds) if isinstance(kind, layers.BatchNormalization)]
    activations = [place for place, kind in enumerate(kinds) if is_activation(kind)]
    fed = {parent for place in activations for parent in calls[place].parents}
    return Usage(
        name,
        sum(isinstance(kind, CONVOLUTIONS) for kind in kinds),
        len(normalizations),
        sum(place in fed for place in normalizations),
        sum(bool(set(calls[place].parents) & set(activations)) for place in normalizations),
    )
