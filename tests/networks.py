"""Small networks that several tests look into."""

import keras
from keras import layers


def backbone():
    inputs = keras.Input((20, 16, 3))
    x = layers.Conv2D(5, 3, name="conv")(inputs)
    x = layers.BatchNormalization(name="bn")(x)
    return keras.Model(inputs, layers.ReLU(name="relu")(x), name="backbone")


def nested(output=lambda x: layers.Dense(2, activation="softmax", name="scores")(x)):
    inputs = keras.Input((20, 16, 3))
    x = backbone()(layers.Rescaling(1 / 255, name="rescaling")(inputs))
    return keras.Model(inputs, output(layers.GlobalAveragePooling2D(name="average")(x)), name="nested")


def linear_model(units=3, activation="softmax"):
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(6, 3, activation="relu", name="conv")(inputs)
    outputs = layers.Dense(units, activation=activation, name="scores")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, outputs)


def weights_of(model):
    return [keras.ops.convert_to_numpy(weight) for weight in model.weights]
