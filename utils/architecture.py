"""Notebook 01: hypotheses, what an architecture assumes, modules and the pyramid they form."""

from utils.arithmetic import (
    BatchNormalization,
    Conv2D,
    Elementwise,
    MaxPooling2D,
    Residual,
    SeparableConv2D,
    Sequential,
)

RELU = Elementwise("ReLU")
BLOCKS = ("plain", "residual", "batch normalization", "separable", "mini-Xception")


def block(kind, filters, kernel_size=3, *, strides=1, padding="same", pooling=True, channels):
    """One of the course's ``BLOCKS`` as a layer of ``utils.arithmetic``, for an input of ``channels`` channels.

    Two convolutions of ``filters`` filters, the first with ``strides``, then max pooling by 2 if ``pooling``.
    "residual" and "mini-Xception" add a shortcut: with a 1×1 projection where the shape changes. In the
    mini-Xception's block each convolution is separable and comes after BatchNormalization and ReLU (Chollet 2017).
    """
    if kind not in BLOCKS:
        raise ValueError(f"kind={kind!r}: one of {', '.join(BLOCKS)} is needed")
    convolution = SeparableConv2D if kind in ("separable", "mini-Xception") else Conv2D
    normalized = kind in ("batch normalization", "mini-Xception")
    layers = []
    for stride in (strides, 1):
        work = convolution(filters, kernel_size, stride, padding, use_bias=not normalized)
        if kind == "mini-Xception":
            layers += [BatchNormalization(), RELU, work]
        else:
            layers += [work, BatchNormalization(), RELU] if normalized else [work, RELU]
    if pooling:
        layers.append(MaxPooling2D(2, padding=padding))
    body = Sequential(tuple(layers))
    if kind not in ("residual", "mini-Xception"):
        return body
    stride = strides * (2 if pooling else 1)
    if stride == 1 and channels == filters:
        return Residual(body)
    return Residual(body, Sequential((Conv2D(filters, 1, stride, use_bias=not normalized),)))
