"""The blocks of the course, as formulas."""

from utils import arithmetic

BLOCKS = ("plain", "residual", "batch normalization", "separable", "mini-Xception")


def block(kind, filters, kernel_size=3, *, strides=1, padding="same", pooling=True, channels):
    """One of the course's ``BLOCKS`` as a layer of ``utils.arithmetic``, for an input of ``channels`` channels.

    Two convolutions of ``filters`` filters, the first with ``strides``, then max pooling by 2 if ``pooling``.
    "residual" and "mini-Xception" add a shortcut: with a 1×1 projection where the shape changes. In the
    mini-Xception's block each convolution is separable and comes after BatchNormalization and ReLU (Chollet 2017).
    """
    if kind not in BLOCKS:
        raise ValueError(f"kind={kind!r}: one of {', '.join(BLOCKS)} is needed")
    convolution = arithmetic.SeparableConv2D if kind in ("separable", "mini-Xception") else arithmetic.Conv2D
    normalized = kind in ("batch normalization", "mini-Xception")
    relu, normalization = arithmetic.Elementwise("ReLU"), arithmetic.BatchNormalization()
    body = []
    for stride in (strides, 1):
        work = convolution(filters, kernel_size, stride, padding, use_bias=not normalized)
        if kind == "mini-Xception":
            body += [normalization, relu, work]
        else:
            body += [work, normalization, relu] if normalized else [work, relu]
    if pooling:
        window = 3 if kind == "mini-Xception" else 2
        body.append(arithmetic.MaxPooling2D(window, 2, padding))
    body = arithmetic.Sequential(tuple(body))
    if kind not in ("residual", "mini-Xception"):
        return body
    stride = strides * (2 if pooling else 1)
    if stride == 1 and channels == filters:
        return arithmetic.Residual(body)
    return arithmetic.Residual(
        body, arithmetic.Sequential((arithmetic.Conv2D(filters, 1, stride, use_bias=not normalized),))
    )
