"""Which statistics BatchNormalization uses at inference."""

from utils.questions import Question, Slip

PARAMETERS = {}


def question():
    return Question(
        text="Which statistics does BatchNormalization use in model.predict, and what happens if the batch has only "
        "one image?",
        answer="moving",
        choices={
            "moving": "The moving averages kept from training; the size of the batch does not matter.",
            "batch": "The batch's own mean and variance; a single image is normalized by itself.",
            "division by zero": "The batch's own; the variance of a single image is 0, so the layer divides by zero.",
        },
        derivation=(
            "predict calls the layer with training=False: it then uses moving_mean and moving_variance.",
            "They are fixed numbers. So an image gives the same output whatever else is in its batch, and also alone.",
        ),
        slips=(
            Slip(
                "batch",
                "the batch's statistics at inference",
                "That is what the layer does in training. If it did so at inference, an image's label would depend "
                "on the other images in its batch. What else has the layer kept?",
            ),
            Slip(
                "division by zero",
                "afraid of a division by zero",
                "At inference the layer does not use the batch's statistics at all. Even in training, the maps of a "
                "single image have many positions, so they have a variance; and ε is added to it.",
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
