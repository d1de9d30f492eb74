"""Which statistics BatchNormalization uses at inference."""

from utils.questions import Question, Slip

PARAMETERS = {}


def question():
    return Question(
        text="Which statistics does BatchNormalization use in model.predict, and what happens if the batch holds a "
        "single image?",
        answer="moving",
        choices={
            "moving": "The moving averages kept from training; the size of the batch changes nothing.",
            "batch": "The batch's own mean and variance; a single image is normalized by itself.",
            "division by zero": "The batch's own; a single image has no variance, so the layer divides by zero.",
        },
        derivation=(
            "predict calls the layer with training=False: it then uses moving_mean and moving_variance.",
            "They are fixed numbers. So an image gives the same output whatever else is in its batch, and alone too.",
        ),
        slips=(
            Slip(
                "batch",
                "the batch's statistics at inference",
                "That is what the layer does while it trains. If it did so at inference, an image's label would depend "
                "on the images that happen to be predicted with it. What else has the layer kept?",
            ),
            Slip(
                "division by zero",
                "afraid of a division by zero",
                "ε is added to the variance for this very case, and the maps of a single image have many positions to "
                "vary over. And at inference the layer does not look at the batch's statistics at all.",
            ),
        ),
        hints=(
            "The layer has parameters that no gradient changes. What are they for?",
            "moving_mean and moving_variance are collected in training and used when training=False.",
        ),
    )


def by_keras():
    import keras

    images = keras.random.normal((8, 4, 4, 3), mean=5.0, seed=0)
    layer = keras.layers.BatchNormalization()
    together, alone = layer(images, training=False)[:1], layer(images[:1], training=False)
    moved = layer.moving_mean + 1.0
    layer.moving_mean.assign(moved)
    follows = not keras.ops.all(layer(images[:1], training=False) == alone)
    return "moving" if follows and keras.ops.all(together == alone) else "batch"
