"""What a layer or a block gives, holds and costs, in words and numbers."""


def costs(layer, shape):
    """What ``layer`` gives for an input of ``shape``, holds and costs: (what, value) pairs of text."""
    parameters = layer.parameters(shape)
    return [
        ("Output shape", " × ".join(map(str, layer.output_shape(shape)))),
        ("Parameters", f"{parameters.value:,}"),
        ("of them trainable", f"{parameters.trainable:,}"),
        ("Multiply-adds per image", f"{int(layer.multiply_adds(shape)):,}"),
        ("Receptive field", " × ".join(map(str, layer.receptive_field(shape)))),
    ]
